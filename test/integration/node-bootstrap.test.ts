import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { Agent, get } from 'node:https'
import type { TLSSocket } from 'node:tls'
import { X509Certificate } from 'node:crypto'
import { jest } from '@jest/globals'
import { startCluster, type EmbeddedCluster } from '@kapell/cli'
import { bootstrapCertificate } from '@kapell/cli/join/bootstrap'
import { caHash } from '@kapell/cli/join/ca-hash'
import { authorityIn, discoverAuthority } from '@kapell/cli/join/discover'
import { joiningGroup, publishClusterInfo } from '@kapell/cli/nodes/cluster-info'
import { joinCommand } from '@kapell/cli/token/join-command'
import { newToken, tokenSecret } from '@kapell/cli/token/secrets'
import { createClient } from '@kapell/controllers/machinery/create-client'
import { FakeClock, realClock } from '@kapell/controllers/machinery/clock'
import { httpsTransport, type HttpsTransport } from '@kapell/controllers/machinery/https-transport'
import { silentLogger } from '@kapell/controllers/machinery/log'
import {
  clientSigner,
  isUsable,
  orderCertificate,
  servingSigner,
  type CertificatePair,
} from '@kapell/node-agent/certificates/request'
import { keepCertificate } from '@kapell/node-agent/certificates/rotation'
import { createSimulatedRuntime } from '@kapell/node-agent/cri/simulated'
import { record, testPod } from '@kapell/node-agent/pods/testing'
import { startAgentServer } from '@kapell/node-agent/server/server'
import type { BootstrapToken } from '@kapell/openapi/meta/bootstrap-token'
import { certificateSigningRequests, configMaps, nodes, secrets } from '@kapell/openapi/meta/refs'
import { parse } from 'yaml'
import { until } from '../e2e/support/wait.ts'

jest.setTimeout(60_000)

// From nothing but a token to a node with certificates, and on to their successors: over TLS, as another machine does.
let cluster: EmbeddedCluster
let authority: string
const open: HttpsTransport[] = []
const stop = new AbortController()
const { signal } = stop

const connect = (options: Partial<Parameters<typeof httpsTransport>[0]>): HttpsTransport => {
  const transport = httpsTransport({ server: cluster.url, ca: authority, ...options })
  open.push(transport)
  return transport
}
const addToken = async (more: Partial<Parameters<typeof tokenSecret>[0]> = {}): Promise<BootstrapToken> => {
  const token = newToken()
  const secret = tokenSecret({
    token,
    usages: ['authentication', 'signing'],
    groups: [joiningGroup],
    description: '',
    ttlMs: 3_600_000,
    now: new Date(),
    ...more,
  })
  await cluster.client.resource(secrets, 'kube-system').create(secret)
  return token
}
const bootstrap = (token: BootstrapToken, nodeName: string): Promise<CertificatePair> =>
  bootstrapCertificate({ server: cluster.url, authority, token, nodeName, signal, report: () => {} })
const whoAmI = async (transport: HttpsTransport) => {
  const review = await createClient(transport).raw('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'SelfSubjectReview',
  })
  const { userInfo } = (review as { status: { userInfo: { username: string; groups: string[]; extra?: object } } })
    .status
  return userInfo
}

beforeAll(async () => {
  cluster = await startCluster({ scheduler: false })
  const { clusters } = parse(cluster.kubeconfig) as { clusters: { cluster: Record<string, string> }[] }
  authority = Buffer.from(clusters[0]!.cluster['certificate-authority-data']!, 'base64').toString()
  await publishClusterInfo(cluster.client, { server: cluster.url, caCertificate: authority })
})
afterAll(async () => {
  stop.abort()
  await Promise.all(open.map((transport) => transport.close()))
  await cluster.close()
})

describe('a machine with a token', () => {
  it('finds the cluster, whose kubeconfig the token has signed', async () => {
    const token = await addToken()
    const found = await discoverAuthority({
      server: cluster.url,
      token,
      caHashes: [caHash(authority)],
      clock: realClock,
      signal,
      report: () => {},
    })
    expect(found).toBe(authority)
    expect(await joinCommand(cluster.client, 'T')).toBe(
      `kapell join ${cluster.url} --token T --ca-cert-hash ${caHash(authority)}`,
    )
  })

  it('is a bootstrapper, and may do no more than one', async () => {
    const token = await addToken()
    const transport = connect({ token: `${token.id}.${token.secret}` })
    expect(await whoAmI(transport)).toMatchObject({
      username: `system:bootstrap:${token.id}`,
      groups: ['system:bootstrappers', joiningGroup, 'system:authenticated'],
    })
    await expect(createClient(transport).resource(secrets, 'kube-system').list()).rejects.toMatchObject({
      reason: 'Forbidden',
    })
  })

  it('gets the certificate of a node', async () => {
    const pair = await bootstrap(await addToken(), 'joiner')
    expect(isUsable(pair, { authority, now: new Date() })).toBe(true)
    expect(await whoAmI(connect(pair))).toMatchObject({
      username: 'system:node:joiner',
      groups: ['system:nodes', 'system:authenticated'],
    })
  })

  it.each<[string, Partial<Parameters<typeof tokenSecret>[0]>]>([
    ['that has expired', { ttlMs: 1000, now: new Date(Date.now() - 60_000) }],
    ['that may only sign', { usages: ['signing'] }],
  ])('%s does not join', async (_rule, more) => {
    await expect(bootstrap(await addToken(more), 'refused')).rejects.toThrow('the token is not good for joining')
  })

  it('does not take the name of a node that is well', async () => {
    const status = { conditions: [{ type: 'Ready', status: 'True', reason: 'r', message: '' }] }
    await cluster.client.resource(nodes).create({ metadata: { name: 'taken' }, status })
    await expect(bootstrap(await addToken(), 'taken')).rejects.toThrow('has a node taken that is Ready')
    await cluster.client.resource(nodes).delete('taken')
  })
})

it('what nobody may know is not told: anonymous callers read cluster-info, nothing else', async () => {
  const anonymous = createClient(connect({})).resource(configMaps, 'kube-public')
  const { data } = await anonymous.get('cluster-info')
  expect(authorityIn(data?.['kubeconfig'] ?? '')).toBe(authority)
  await expect(anonymous.list()).rejects.toMatchObject({ reason: 'Forbidden' })
})

it('tokens that have expired are deleted, and their signatures with them', async () => {
  const { id } = await addToken({ ttlMs: 2000 })
  const maps = cluster.client.resource(configMaps, 'kube-public')
  await until('the token to be gone', async () => {
    const { items } = await cluster.client.resource(secrets, 'kube-system').list()
    return !items.some(({ metadata }) => metadata?.name === `bootstrap-token-${id}`)
  })
  await until('its signature to be gone', async () => {
    const { data } = await maps.get('cluster-info')
    return data?.[`jws-kubeconfig-${id}`] === undefined
  })
})

describe('a node', () => {
  const nodeName = 'member'
  let pair: CertificatePair
  beforeAll(async () => {
    pair = await bootstrap(await addToken(), nodeName)
    await createClient(connect(pair))
      .resource(nodes)
      .create({ metadata: { name: nodeName }, status: { addresses: [{ type: 'InternalIP', address: '192.0.2.7' }] } })
  })
  const order = (signerName: typeof clientSigner | typeof servingSigner, hosts: string[], ends: AbortSignal = signal) =>
    orderCertificate({
      client: createClient(connect(pair)),
      signerName,
      nodeName,
      hosts,
      expirationSeconds: 600,
      signal: ends,
    })

  it('gets a serving certificate for its own name and address', async () => {
    const serving = await order(servingSigner, [nodeName, '192.0.2.7', 'localhost'])
    const hosts = [nodeName, '192.0.2.7']
    expect(isUsable(serving, { authority, hosts, now: new Date() })).toBe(true)
    // Ten minutes, and five back for clocks that are behind.
    const { validFromDate, validToDate } = new X509Certificate(serving.cert)
    expect(validToDate.getTime() - validFromDate.getTime()).toBe(900_000)
  })

  it("is not given one for another's", async () => {
    const ends = new AbortController()
    const placed = order(servingSigner, [nodeName, '192.0.2.8'], ends.signal)
    placed.catch(() => {})
    const own = await order(servingSigner, [nodeName])
    expect(own.cert).toContain('CERTIFICATE')
    const { items } = await cluster.client.resource(certificateSigningRequests).list()
    const open = items.filter(({ status }) => (status?.conditions ?? []).length === 0)
    expect(open).toHaveLength(1)
    ends.abort()
    await expect(placed).rejects.toThrow()
  })

  it('renews what it shows to the API server; a watch that is under way goes on', async () => {
    const first = await order(clientSigner, [])
    const clock = new FakeClock(new Date())
    const kept = keepCertificate({
      what: 'client certificate',
      current: first,
      renew: () => order(clientSigner, []),
      save: () => Promise.resolve(),
      clock,
      log: silentLogger,
      signal,
    })
    const transport = connect({ identity: kept.current })
    const seen: string[] = []
    const ends = new AbortController()
    const watched = (async () => {
      const watch = createClient(transport)
        .resource(nodes)
        .watch({
          fieldSelector: `metadata.name=${nodeName}`,
          sendInitialEvents: true,
          allowWatchBookmarks: true,
          signal: ends.signal,
        })
      for await (const { object } of watch) seen.push(object.metadata?.labels?.['seen'] ?? '')
    })()
    watched.catch(() => {})
    await until('the watch to begin', () => seen.length > 0)
    const before = await whoAmI(transport)
    await clock.advance(0.95 * 900_000)
    await until('another certificate', () => kept.current() !== first)
    const after = await whoAmI(transport)
    expect(after.username).toBe(before.username)
    expect(after.extra).not.toEqual(before.extra)
    await cluster.client.resource(nodes).patch(nodeName, 'merge', { metadata: { labels: { seen: 'after' } } })
    await until('the watch to tell of it', () => seen.includes('after'))
    ends.abort()
    await watched.catch(() => {})
  })

  it('renews what its own server shows; a connection that is open stays', async () => {
    const first = await order(servingSigner, [nodeName, '127.0.0.1'])
    let apply = (_pair: CertificatePair): void => {}
    const server = await startAgentServer({
      ...first,
      clientCa: authority,
      onRenewed: (given) => (apply = given),
      host: '127.0.0.1',
      port: 0,
      cri: createSimulatedRuntime({ clock: realClock }),
      source: { pod: () => testPod(), record: () => Promise.resolve(record([])) },
      guard: { check: () => Promise.resolve({ name: 'me', groups: [] }) },
      pods: () => [],
      onPodChange: () => () => {},
      problem: () => '',
      metrics: () => Promise.resolve(''),
      removeLocalVolume: () => Promise.resolve(),
      log: silentLogger,
    })
    const ask = async (agent: Agent | false) => {
      const request = get({ host: '127.0.0.1', port: server.port, path: '/healthz', ca: authority, agent })
      const [response] = (await once(request, 'response')) as [IncomingMessage]
      const socket = response.socket as TLSSocket
      const shown = socket.getPeerCertificate().fingerprint256
      response.resume()
      await once(response, 'end')
      return { socket, shown }
    }
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    try {
      const before = await ask(agent)
      const second = await order(servingSigner, [nodeName, '127.0.0.1'])
      apply(second)
      const same = await ask(agent)
      expect(same.socket).toBe(before.socket)
      expect((await ask(false)).shown).toBe(new X509Certificate(second.cert).fingerprint256)
      expect(before.shown).toBe(new X509Certificate(first.cert).fingerprint256)
    } finally {
      agent.destroy()
      await server.close()
    }
  })
})
