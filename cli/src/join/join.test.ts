import { createAuthority } from '@kapell/apiserver/certificates/issue'
import { signDetached } from '@kapell/controllers/bootstrap-signer/jws'
import { FakeClock } from '@kapell/controllers/machinery/clock'
import type { HttpsTransport } from '@kapell/controllers/machinery/https-transport'
import { kubeconfigOf } from '../nodes/cluster-info.ts'
import { caHash } from './ca-hash.ts'
import { discoverAuthority } from './discover.ts'
import { parseJoinOptions } from './options.ts'

const token = { id: 'abcdef', secret: '0123456789abcdef' }
const hash = `sha256:${'0123456789abcdef'.repeat(4)}`
const given = ['https://192.0.2.1:6443', '--token', 'abcdef.0123456789abcdef']

describe('kapell join takes', () => {
  it('an address, a token and a pin', () => {
    expect(parseJoinOptions([...given, '--ca-cert-hash', hash, '--node-name', 'b'])).toMatchObject({
      server: 'https://192.0.2.1:6443',
      token,
      caHashes: [hash],
      nodeName: 'b',
      agentPort: 10250,
    })
  })

  it("an address without a scheme, as kubeadm's; nothing at all, the second time", () => {
    expect(parseJoinOptions(['192.0.2.1:6443']).server).toBe('https://192.0.2.1:6443')
    expect(parseJoinOptions([])).not.toHaveProperty('server')
  })

  it.each<[string[], string]>([
    [['http://192.0.2.1:6443'], 'not "http://192.0.2.1:6443"'],
    [['https://192.0.2.1:6443/path'], 'takes the address of an API server'],
    [['a:1', 'b:2'], 'takes one address'],
    [['a:1', '--token', 'x'], '--token takes a token'],
    [given, 'say with --ca-cert-hash'],
    [[...given, '--ca-cert-hash', 'sha1:00'], '--ca-cert-hash takes'],
    [['--node-ip', 'fe80::1'], '--node-ip takes an IPv4 address'],
    [['--nodes', '3'], 'kapell join --help'],
  ])('not %j', (argv, message) => expect(() => parseJoinOptions(argv)).toThrow(message))
})

describe('a cluster is found by a token and a pin', () => {
  const validity = { notBefore: new Date('2026-01-01'), notAfter: new Date('2027-01-01') }
  let authority: string
  beforeAll(async () => {
    authority = (await createAuthority({ commonName: 'kubernetes', ...validity })).certificate
  })
  const server = 'https://192.0.2.1:6443'
  const respond = (status: number, body: object) => ({
    status,
    headers: { 'content-type': 'application/json' },
    bytes: () => Promise.resolve(new TextEncoder().encode(JSON.stringify(body))),
    stream: () => {
      throw new Error('nobody streams')
    },
  })
  /** `answers` are given one by one, the last one again and again: data of cluster-info, a status code, or a broken line. */
  const discover = async (
    answers: (Record<string, string> | number | Error)[],
    more: { caHashes?: string[]; trusted?: (Record<string, string> | Error)[] } = {},
  ) => {
    const clock = new FakeClock()
    const said: string[] = []
    const seen: (string | undefined)[] = []
    const connect = (_server: string, ca: string | undefined): HttpsTransport => {
      seen.push(ca)
      const mine = ca === undefined ? answers : (more.trusted ?? answers)
      const transport = () => {
        const answer = mine.length > 1 ? mine.shift()! : mine[0]!
        if (answer instanceof Error) return Promise.reject(answer)
        if (typeof answer === 'number')
          return Promise.resolve(respond(answer, { kind: 'Status', code: answer, reason: 'Forbidden', message: 'no' }))
        return Promise.resolve(respond(200, { data: answer }))
      }
      return Object.assign(transport, { close: () => Promise.resolve() })
    }
    const found = discoverAuthority({
      server,
      token,
      caHashes: more.caHashes ?? [caHash(authority)],
      clock,
      signal: new AbortController().signal,
      report: (line) => said.push(line),
      connect,
    })
    found.catch(() => {})
    await clock.advance(6 * 60_000)
    return { found, said, seen }
  }
  const infoOf = async (content: string): Promise<Record<string, string>> => ({
    kubeconfig: content,
    'jws-kubeconfig-abcdef': await signDetached(content, token),
  })
  const kubeconfig = (): string => kubeconfigOf({ server, caCertificate: authority })

  it('asked twice: by a line that proves nothing, then by the authority that it tells of', async () => {
    const { found, seen } = await discover([await infoOf(kubeconfig())])
    expect(await found).toBe(authority)
    expect(seen).toEqual([undefined, authority])
  })

  it('waited for: a server that starts, a token that has not signed yet', async () => {
    const { found, said } = await discover([
      new Error('refused'),
      { kubeconfig: kubeconfig() },
      await infoOf(kubeconfig()),
    ])
    expect(await found).toBe(authority)
    expect(said).toEqual([
      expect.stringContaining('does not answer: refused'),
      expect.stringContaining('does not know the token abcdef'),
    ])
  })

  it('but not for ever', async () => {
    const { found } = await discover([{ kubeconfig: kubeconfig() }])
    await expect(found).rejects.toThrow('does not know the token abcdef, or it has expired')
  })

  it('not where nobody may ask', async () => {
    await expect((await discover([403])).found).rejects.toThrow('tells nobody of its cluster')
  })

  it('not by a signature of another token', async () => {
    const signed = await signDetached(kubeconfig(), { ...token, secret: 'fedcba9876543210' })
    const { found } = await discover([{ kubeconfig: kubeconfig(), 'jws-kubeconfig-abcdef': signed }])
    await expect(found).rejects.toThrow('was not signed by this token')
  })

  it('not when its authority is not the pinned one', async () => {
    const { found, seen } = await discover([await infoOf(kubeconfig())], { caHashes: [hash] })
    await expect(found).rejects.toThrow('not the one that --ca-cert-hash names')
    expect(seen).toEqual([undefined])
  })

  it('not when it shows a certificate of another authority, or says another thing then', async () => {
    const info = await infoOf(kubeconfig())
    const tls = await discover([info], { trusted: [new Error('unable to verify the first certificate')] })
    await expect(tls.found).rejects.toThrow("does not show a certificate of the cluster's authority: unable to verify")
    const other = await discover([info], { trusted: [{ kubeconfig: 'other' }] })
    await expect(other.found).rejects.toThrow('says one thing and another')
  })

  it('without a pin the token vouches alone', async () => {
    const { found } = await discover([await infoOf(kubeconfig())], { caHashes: [] })
    expect(await found).toBe(authority)
  })
})
