import { once } from 'node:events'
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { namesOf } from '@kapell/cli/nodes/machine-network'
import { buildImageArchive } from '@kapell/node-agent/images/build'
import { selfSigned } from '@kapell/node-agent/ingress/default-certificate'
import type { V1Ingress, V1NodeList, V1Pod, V1PodList, V1Service } from '@kapell/openapi/types'
import { freePort, Kubectl, run, startCommand, startKapell, temporaryDir, type Kapell } from './support/kapell.ts'
import { leftovers, processesNaming, runningTasks } from './support/machine.ts'
import { makeSecondMachine, type SecondMachine } from './support/second-machine.ts'
import { until } from './support/wait.ts'

/** Two real nodes on this machine: all that crosses machines crosses a link here, too. */
const image = 'localhost/test/two-nodes:1'
const applets = 'sh sleep echo cat httpd nc hostname nslookup mkdir printf'
const { path: dataDir, remove } = temporaryDir('two')
const args = ['--nodes', '2', '--node-name', 'two', '--agent-port', '0']
args.push('--pod-cidr', '10.173.0.0/16,fd00:10:173::/56')
args.push('--service-cluster-ip-range', '10.174.0.0/16,fd00:10:174::/112')
args.push('--node-cidr', '172.30.177.0/24', '--load-balancer-range')
args.push('172.30.177.200-172.30.177.209,fd6b:6170:172:30:177::200-fd6b:6170:172:30:177::209')
let port: number
let kapell: Kapell
let kubectl: Kubectl
let second: SecondMachine
let member: Kapell | undefined
const memberDir = temporaryDir('two-joined')

const web = (name: string, kind: 'Deployment' | 'DaemonSet', replicas?: number): object => ({
  apiVersion: 'apps/v1',
  kind,
  metadata: { name },
  spec: {
    ...(replicas === undefined ? {} : { replicas }),
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: {
        terminationGracePeriodSeconds: 0,
        tolerations: (kind === 'DaemonSet' ? [] : ['not-ready', 'unreachable']).map((key) => ({
          key: `node.kubernetes.io/${key}`,
          operator: 'Exists',
          effect: 'NoExecute',
          tolerationSeconds: 1,
        })),
        containers: [
          {
            name: 'web',
            image,
            command: [
              'sh',
              '-c',
              'mkdir -p /tmp/www; hostname > /tmp/www/index.html; echo serving; exec httpd -f -p 8080 -h /tmp/www',
            ],
            readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
          },
        ],
      },
    },
  },
})

const podsOf = async (app: string): Promise<V1Pod[]> =>
  (await kubectl.json<V1PodList>('get', 'pods', '-l', `app=${app}`)).items
const isReady = (pod: V1Pod): boolean =>
  pod.metadata?.deletionTimestamp === undefined &&
  pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true
const on = (pods: V1Pod[], node: string): V1Pod => pods.find(({ spec }) => spec?.nodeName === node)!
const urlHost = (address: string): string => (address.includes(':') ? `[${address}]` : address)
/** The last line that a pod gets from an address, '' when nobody answers. */
const getFrom = async (pod: V1Pod, address: string, port: number): Promise<string> => {
  const command = `printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 5 ${address} ${port} || true`
  const answer = await kubectl.run('exec', pod.metadata!.name!, '--', 'sh', '-c', command)
  return answer.trim().split('\n').at(-1)!
}
/** By every address of the other one, and by both Services, whichever pod they choose. */
async function reachesEachOther(from: V1Pod, to: V1Pod): Promise<void> {
  const name = to.metadata!.name!
  expect(to.status?.podIPs).toHaveLength(2)
  for (const { ip } of to.status!.podIPs!)
    await until(`${name} by ${ip}`, async () => (await getFrom(from, ip, 8080)) === name)
  const { spec } = await kubectl.json<V1Service>('get', 'service', 'six')
  expect(spec?.clusterIPs).toEqual([expect.stringMatching(/^fd00:10:174::/), expect.stringMatching(/^10\.174\./)])
  for (const ip of spec!.clusterIPs!)
    await until(`${name} by the Service's ${ip}`, async () => (await getFrom(from, ip, 80)) === name)
}
const start = async (): Promise<void> => {
  kapell = await startKapell({ dataDir, port, args })
}

beforeAll(async () => {
  mkdirSync(join(dataDir, 'images'))
  await buildImageArchive(
    {
      name: image,
      files: { '/bin/busybox': { content: readFileSync('/bin/busybox'), mode: 0o755 } },
      links: Object.fromEntries(applets.split(' ').map((name) => [`/bin/${name}`, '/bin/busybox'])),
      directories: ['/tmp', '/proc', '/sys', '/dev'],
      env: { PATH: '/bin' },
      cmd: ['sh'],
    },
    join(dataDir, 'images', 'two.tar'),
  )
  port = await freePort()
  second = await makeSecondMachine({ routed: true })
  args.push('--advertise-address', second.hostAddress)
  await start()
  kubectl = new Kubectl(kapell.kubeconfig)
  await kubectl.apply(web('web', 'DaemonSet'))
  await kubectl
    .run('expose', 'daemonset/web', '--port', '80', '--target-port', '8080', '--type', 'NodePort')
    .catch(() =>
      kubectl.apply({
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'web' },
        spec: { type: 'NodePort', selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] },
      }),
    )
  await kubectl.apply({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'six' },
    spec: {
      type: 'NodePort',
      ipFamilyPolicy: 'RequireDualStack',
      ipFamilies: ['IPv6', 'IPv4'],
      selector: { app: 'web' },
      ports: [{ port: 80, targetPort: 8080 }],
    },
  })
  await until('a pod on each node', async () => (await podsOf('web')).filter(isReady).length === 2)
}, 180_000)

afterAll(async () => {
  if (member !== undefined && member.process.exitCode === null) await member.stop()
  if (kapell.process.exitCode === null && kapell.process.signalCode === null) await kapell.stop()
  await second.remove()
  memberDir.remove()
  remove()
}, 120_000)

it('shows two nodes, each with an address and a range of pod addresses', async () => {
  const { items } = await kubectl.json<V1NodeList>('get', 'nodes')
  const ranges = [expect.stringMatching(/^10\.173\.[01]\.0\/24$/), expect.stringMatching(/^fd00:10:173:[:1]*\/64$/)]
  expect(items.map(({ metadata, spec }) => [metadata?.name, spec?.podCIDRs]).sort()).toEqual([
    ['two-0', ranges],
    ['two-1', ranges],
  ])
  expect(new Set(items.map(({ spec }) => spec?.podCIDR)).size).toBe(2)
})

it('carries packets of both families between pods of both nodes: by pod address, Service and name, both ways', async () => {
  const pods = await podsOf('web')
  const clusterIp = await kubectl.run('get', 'service', 'web', '-o', 'jsonpath={.spec.clusterIP}')
  const [a, b] = [on(pods, 'two-0'), on(pods, 'two-1')]
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    await reachesEachOther(from, to)
    const names = await kubectl.run('exec', from.metadata!.name!, '--', 'nslookup', 'web.default.svc.cluster.local')
    expect(names).toContain(clusterIp)
  }
}, 60_000)

it('answers a node port on both nodes, and reaches logs and exec of both', async () => {
  const nodePort = await kubectl.run('get', 'service', 'six', '-o', 'jsonpath={.spec.ports[0].nodePort}')
  const { items } = await kubectl.json<V1NodeList>('get', 'nodes')
  for (const { status } of items) {
    const addresses = status!
      .addresses!.filter(({ type }) => type === 'InternalIP')
      .map(({ address }) => urlHost(address))
    expect(addresses).toEqual([
      expect.stringContaining('172.30.177.'),
      expect.stringContaining('[fd6b:6170:172:30:177::'),
    ])
    for (const host of addresses)
      expect((await fetch(`http://${host}:${nodePort}/`, { headers: { connection: 'close' } })).status).toBe(200)
    const health = await fetch(`http://${addresses[0]}:10256/healthz`, { headers: { connection: 'close' } })
    expect(await health.json()).toMatchObject({
      healthy: true,
      status: { IPv4: { healthy: true }, IPv6: { healthy: true } },
    })
  }
  for (const { metadata } of await podsOf('web')) {
    expect(await kubectl.run('logs', metadata!.name!)).toBe('serving\n')
    expect((await kubectl.run('exec', metadata!.name!, '--', 'hostname')).trim()).toBe(metadata!.name)
  }
})

it('has one node answer for the address of a load balancer, and another one when it must not', async () => {
  await kubectl.apply({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'balanced' },
    spec: {
      type: 'LoadBalancer',
      ipFamilyPolicy: 'RequireDualStack',
      selector: { app: 'web' },
      ports: [{ port: 80, targetPort: 8080 }],
    },
  })
  const address = await until('an address', () =>
    kubectl.run('get', 'service', 'balanced', '-o', 'jsonpath={.status.loadBalancer.ingress[0].ip}'),
  )
  expect(address).toBe('172.30.177.200')
  const address6 = await kubectl.run(
    'get',
    'service',
    'balanced',
    '-o',
    'jsonpath={.status.loadBalancer.ingress[1].ip}',
  )
  expect(address6).toBe('fd6b:6170:172:30:177::200')
  const fetched = (host: string): Promise<number | undefined> =>
    fetch(`http://${host}/`, { headers: { connection: 'close' }, signal: AbortSignal.timeout(2000) }).then(
      ({ status }) => status,
      () => undefined,
    )
  await until('the address of IPv6 to answer', async () => (await fetched(`[${address6}]`)) === 200)
  const { namespace } = namesOf(dataDir)
  const inNode = async (index: number, ...command: string[]): Promise<string> =>
    (await run('ip', ['-n', namespace(index), ...command])).stdout
  const holders = async (): Promise<number[]> => {
    const shown = await Promise.all([0, 1].map((index) => inNode(index, '-o', 'address')))
    return [0, 1].filter((index) => shown[index]!.includes(`${address}/32`))
  }
  /** The one node whose link answers, as this machine knows it. */
  const answering = async (): Promise<number | undefined> => {
    if ((await fetched(address)) !== 200) return undefined
    const known = /lladdr (\S+)/.exec((await run('ip', ['neigh', 'show', address])).stdout)?.[1] ?? 'none'
    const links = await Promise.all([0, 1].map((index) => inNode(index, '-o', 'link', 'show', 'eth0')))
    return [0, 1].find((index) => links[index]!.includes(known))
  }
  const first = await until('one node to hold it', async () => {
    const [only, ...more] = await holders()
    return only !== undefined && more.length === 0 && String(only)
  })
  await until('it to answer', async () => String(await answering()) === first)
  const excluded = 'node.kubernetes.io/exclude-from-external-load-balancers'
  await kubectl.run('label', 'node', `two-${first}`, `${excluded}=true`)
  await until('the other one to hold it', async () => (await holders()).join() === String(1 - Number(first)))
  await until('it to answer from there', async () => (await answering()) === 1 - Number(first))
  await kubectl.run('label', 'node', `two-${first}`, `${excluded}-`)
  await until('the first to have it again', async () => (await holders()).join() === first)
  await kubectl.run('delete', 'service', 'balanced')
  await until('nobody to hold it', async () => (await holders()).length === 0)
}, 60_000)

it('serves an Ingress on both nodes, with its certificate', async () => {
  const pem = await selfSigned('two.example', new Date())
  const base64 = Buffer.from(pem).toString('base64')
  await kubectl.apply({
    apiVersion: 'v1',
    kind: 'List',
    items: [
      {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'two' },
        type: 'kubernetes.io/tls',
        data: { 'tls.crt': base64, 'tls.key': base64 },
      },
      {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'Ingress',
        metadata: { name: 'two' },
        spec: {
          tls: [{ hosts: ['two.example'], secretName: 'two' }],
          defaultBackend: { service: { name: 'web', port: { number: 80 } } },
        },
      },
    ],
  })
  const addresses = await until('both addresses', async () => {
    const { status } = await kubectl.json<V1Ingress>('get', 'ingress', 'two')
    const shown = (status?.loadBalancer?.ingress ?? []).map(({ ip }) => ip!)
    // Two of each family.
    return shown.length === 4 && shown
  })
  for (const host of addresses) {
    expect((await fetch(`http://${urlHost(host)}/`, { headers: { connection: 'close' } })).status).toBe(200)
    await until('the certificate', async () => {
      const socket = connect({ host, port: 443, servername: 'two.example', rejectUnauthorized: false })
      await once(socket, 'secureConnect')
      const { CN } = socket.getPeerCertificate().subject
      socket.destroy()
      return CN === 'two.example'
    })
  }
  await kubectl.run('delete', 'ingress', 'two')
}, 60_000)

it('lets pods of both nodes reach the API server', async () => {
  const address = await kubectl.run('get', 'service', 'kubernetes', '-o', 'jsonpath={.spec.clusterIP}')
  for (const { metadata } of await podsOf('web')) {
    // Ends well only when somebody takes the connection.
    const connect = `nc -w 5 ${address} 443 < /dev/null`
    await kubectl.run('exec', metadata!.name!, '--', 'sh', '-c', connect)
  }
})

it('moves pods of a drained node', async () => {
  await kubectl.apply(web('moves', 'Deployment', 2))
  await until('two pods', async () => (await podsOf('moves')).filter(isReady).length === 2)
  await kubectl.run('drain', 'two-1', '--ignore-daemonsets', '--force', '--timeout', '60s')
  const pods = await until('both on the other node', async () => {
    const ready = (await podsOf('moves')).filter(isReady)
    return ready.length === 2 && ready
  })
  expect(pods.map(({ spec }) => spec?.nodeName)).toEqual(['two-0', 'two-0'])
  await kubectl.run('uncordon', 'two-1')
  await kubectl.run('delete', 'deployment', 'moves')
}, 120_000)

it('keeps the pods of a node whose agent is killed, and adopts them', async () => {
  const before = on(await podsOf('web'), 'two-1')
  const agent = processesNaming(`main.ts node ${join(dataDir, 'nodes', 'two-1', 'node.json')}`)[0]!
  process.kill(agent.pid, 'SIGKILL')
  await until('another agent', () => {
    const now = processesNaming(`main.ts node ${join(dataDir, 'nodes', 'two-1', 'node.json')}`)[0]
    return now !== undefined && now.pid !== agent.pid
  })
  await until(
    'exec on that node',
    async () => (await kubectl.try(['exec', before.metadata!.name!, '--', 'hostname'])).code === 0,
  )
  const after = on(await podsOf('web'), 'two-1')
  expect(after.metadata?.uid).toBe(before.metadata?.uid)
  expect(after.status?.containerStatuses?.[0]?.restartCount).toBe(0)
}, 60_000)

it('recreates elsewhere what ran on a node that is lost, which comes back with exactly its pods', async () => {
  const before = on(await podsOf('web'), 'two-1')
  await kubectl.apply(web('lost', 'Deployment', 2))
  await until(
    'one on each',
    async () => new Set((await podsOf('lost')).filter(isReady).map((p) => p.spec?.nodeName)).size === 2,
  )
  const agent = processesNaming(`main.ts node ${join(dataDir, 'nodes', 'two-1', 'node.json')}`)[0]!
  process.kill(agent.pid, 'SIGSTOP')
  try {
    await until(
      'two ready on the node that is left',
      async () => (await podsOf('lost')).filter((p) => isReady(p) && p.spec?.nodeName === 'two-0').length === 2,
      { timeoutMs: 120_000, everyMs: 500 },
    )
  } finally {
    process.kill(agent.pid, 'SIGCONT')
  }
  await until('the node to be Ready, without taints', async () => {
    const { items } = await kubectl.json<V1NodeList>('get', 'nodes')
    const { spec, status } = items.find(({ metadata }) => metadata?.name === 'two-1')!
    const ready = status?.conditions?.find(({ type }) => type === 'Ready')?.status
    return ready === 'True' && (spec?.taints ?? []).length === 0
  })
  await until('its pod to be Ready again', async () => isReady(on(await podsOf('web'), 'two-1')))
  const after = on(await podsOf('web'), 'two-1')
  expect(after.metadata?.uid).toBe(before.metadata?.uid)
  expect(after.status?.containerStatuses?.[0]?.restartCount).toBe(before.status?.containerStatuses?.[0]?.restartCount)
  await until('the pod that was replaced to be gone', async () =>
    (await podsOf('lost')).every(({ spec }) => spec?.nodeName === 'two-0'),
  )
  // A sandbox and a container.
  await until(
    'nothing but its pods to run there',
    async () => (await runningTasks(join(dataDir, 'nodes', 'two-1'))).length === 2,
  )
  await kubectl.run('delete', 'deployment', 'lost')
}, 180_000)

it('is joined by another machine, behind a router: pods and Services of all reach one another, until it leaves', async () => {
  mkdirSync(join(memberDir.path, 'images'))
  copyFileSync(join(dataDir, 'images', 'two.tar'), join(memberDir.path, 'images', 'two.tar'))
  const command = /^ {2}kapell join (.*)$/m.exec(kapell.output())![1]!
  const flags = ['--node-name', 'far', '--data-dir', memberDir.path, '--agent-port', '0']
  member = await startCommand({
    dataDir: memberDir.path,
    argv: ['join', ...command.split(' '), ...flags],
    ready: 'has joined',
    namespace: second.namespace,
  })
  const far = await until('its pod', async () => {
    const pod = on(await podsOf('web'), 'far')
    return pod !== undefined && isReady(pod) && pod
  })
  const near = on(await podsOf('web'), 'two-1')
  await reachesEachOther(near, far)
  await reachesEachOther(far, near)
  const api = await kubectl.run('get', 'service', 'kubernetes', '-o', 'jsonpath={.spec.clusterIP}')
  // Ends well only when somebody takes the connection.
  await kubectl.run('exec', far.metadata!.name!, '--', 'sh', '-c', `nc -w 5 ${api} 443 < /dev/null`)
  expect(await kubectl.run('logs', far.metadata!.name!)).toBe('serving\n')
  // The address of a node inside the first machine, from the second one.
  const nodePort = await kubectl.run('get', 'service', 'six', '-o', 'jsonpath={.spec.ports[0].nodePort}')
  for (const address of ['172.30.177.2', 'fd6b:6170:172:30:177::2'])
    expect(await getFrom(far, address, Number(nodePort))).not.toBe('')
  await kubectl.run('delete', 'node', 'far')
  expect(await member.ended).toBe(0)
  await kubectl.run('delete', 'pod', far.metadata!.name!, '--force')
  expect((await run('ip', ['route'])).stdout).not.toContain(`${far.status!.podIP!.split('.').slice(0, 3).join('.')}.`)
}, 120_000)

it('takes over after it was killed, and leaves nothing when stopped', async () => {
  const before = (await podsOf('web')).map(({ metadata }) => metadata!.uid).sort()
  await kapell.kill()
  await start()
  expect((await podsOf('web')).map(({ metadata }) => metadata!.uid).sort()).toEqual(before)
  await until('both to be ready', async () => (await podsOf('web')).filter(isReady).length === 2)
  await kapell.stop()
  for (const name of ['two-0', 'two-1']) expect(await leftovers(join(dataDir, 'nodes', name), '10.173.')).toEqual([])
}, 180_000)
