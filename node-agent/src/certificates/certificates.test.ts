import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { isIP } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import 'reflect-metadata'
import * as x509 from '@peculiar/x509'
import type { ApiClient } from '@kapell/controllers/machinery/client'
import { FakeClock, settle } from '@kapell/controllers/machinery/clock'
import { silentLogger } from '@kapell/controllers/machinery/log'
import type { V1CertificateSigningRequest } from '@kapell/openapi/types'
import { readPair, removePair, writePair } from './files.ts'
import { clientSigner, isUsable, orderCertificate, servingSigner, type CertificatePair } from './request.ts'
import { keepCertificate, renewAtMs } from './rotation.ts'

const start = new Date('2026-01-01T00:00:00Z')
const hourMs = 3_600_000
const at = (hours: number): Date => new Date(start.getTime() + hours * hourMs)
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const newKeys = () =>
  crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']) as Promise<{
    privateKey: CryptoKey
    publicKey: CryptoKey
  }>
interface Authority {
  certificate: string
  keys: Awaited<ReturnType<typeof newKeys>>
}
let authority: Authority
const createAuthority = async (): Promise<Authority> => {
  x509.cryptoProvider.set(crypto)
  const keys = await newKeys()
  const made = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=ca',
    keys,
    signingAlgorithm: algorithm,
    notBefore: at(-1),
    notAfter: at(100_000),
  })
  return { certificate: made.toString('pem'), keys }
}
const issue = async (fromHours: number, toHours: number, hosts: string[] = []): Promise<CertificatePair> => {
  const keys = await newKeys()
  const names = hosts.map((value) => ({ type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const), value }))
  const made = await x509.X509CertificateGenerator.create({
    subject: 'CN=system:node:a',
    issuer: 'CN=ca',
    publicKey: keys.publicKey,
    signingKey: authority.keys.privateKey,
    signingAlgorithm: algorithm,
    notBefore: at(fromHours),
    notAfter: at(toHours),
    extensions: [new x509.SubjectAlternativeNameExtension(names)],
  })
  const der = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64')
  const key = `-----BEGIN PRIVATE KEY-----\n${der.match(/.{1,64}/g)?.join('\n')}\n-----END PRIVATE KEY-----\n`
  return { cert: `${made.toString('pem')}\n`, key }
}
beforeAll(async () => {
  authority = await createAuthority()
})

describe('a certificate is renewed', () => {
  it.each([
    [0, 7],
    [0.5, 8],
    [1, 9],
  ])('at 70 to 90 % of its life (drawn %d)', async (random, hours) => {
    expect(new Date(renewAtMs((await issue(0, 10)).cert, random))).toEqual(at(hours))
  })

  const keep = async (
    outcomes: (CertificatePair | Error)[],
    save: (pair: CertificatePair) => Promise<void> = () => Promise.resolve(),
  ) => {
    const clock = new FakeClock(start)
    const stop = new AbortController()
    const asked: Date[] = []
    const kept = keepCertificate({
      what: 'certificate',
      current: await issue(0, 10),
      renew: () => {
        asked.push(clock.now())
        const next = outcomes.shift()
        return next === undefined || next instanceof Error
          ? Promise.reject(next ?? new Error('none left'))
          : Promise.resolve(next)
      },
      save,
      clock,
      random: () => 0.5,
      log: silentLogger,
      signal: stop.signal,
    })
    return { clock, stop, asked, kept }
  }

  it('once, told to all and kept; then again at its own time', async () => {
    const [second, third] = [await issue(8, 18), await issue(16, 26)]
    const saved: CertificatePair[] = []
    const { clock, stop, asked, kept } = await keep([second, third], (pair) => Promise.resolve(void saved.push(pair)))
    const told: CertificatePair[] = []
    kept.onRenewed((pair) => told.push(pair))
    await clock.advance(8 * hourMs - 1)
    expect(asked).toEqual([])
    await clock.advance(1)
    expect(kept.current()).toBe(second)
    await clock.advance(8 * hourMs)
    expect(kept.current()).toBe(third)
    expect(asked).toEqual([at(8), at(16)])
    expect([told, saved]).toEqual([
      [second, third],
      [second, third],
    ])
    stop.abort()
  })

  it('again and again, ever more slowly, while nobody answers', async () => {
    const late = await issue(8, 18)
    const { clock, stop, asked, kept } = await keep([new Error('a'), new Error('b'), new Error('c'), late])
    await clock.advance(8 * hourMs + 60_000)
    expect(asked.map((time) => (time.getTime() - at(8).getTime()) / 1000)).toEqual([0, 2, 6, 14])
    expect(kept.current()).toBe(late)
    stop.abort()
  })

  it('not more often than once a minute, however short it lives', async () => {
    const short = await issue(0, 0.001)
    const { clock, stop, asked } = await keep([short, short, short])
    await clock.advance(8 * hourMs + 90_000)
    expect(asked).toHaveLength(2)
    stop.abort()
  })

  it('and used even when it cannot be kept', async () => {
    const next = await issue(8, 18)
    const { clock, stop, kept } = await keep([next], () => Promise.reject(new Error('disk full')))
    await clock.advance(8 * hourMs)
    await settle()
    expect(kept.current()).toBe(next)
    stop.abort()
  })
})

describe('a certificate is usable', () => {
  it.each<[string, boolean, [number, number], string[], string[], number]>([
    ['now, under its names', true, [0, 2], ['a', '192.0.2.1'], ['a', '192.0.2.1'], 1],
    ['not before its time', false, [0, 2], [], [], -0.5],
    ['not when it has ended', false, [0, 2], [], [], 2],
    ['not under another name', false, [0, 2], ['a'], ['b'], 1],
    ['not under another address', false, [0, 2], ['192.0.2.1'], ['192.0.2.2'], 1],
  ])('%s', async (_rule, usable, [from, to], has, wants, nowHours) => {
    const pair = await issue(from, to, has)
    expect(isUsable(pair, { authority: authority.certificate, hosts: wants, now: at(nowHours) })).toBe(usable)
  })

  it('not when another authority signed it, its key is another, or it is nonsense', async () => {
    const pair = await issue(0, 2)
    const other = await createAuthority()
    expect(isUsable(pair, { authority: other.certificate, now: at(1) })).toBe(false)
    expect(isUsable({ ...pair, key: (await issue(0, 2)).key }, { authority: authority.certificate, now: at(1) })).toBe(
      false,
    )
    expect(isUsable({ cert: 'x', key: 'y' }, { authority: authority.certificate, now: at(1) })).toBe(false)
  })
})

it('a pair is kept in one file that its owner alone may read', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'kapell-pair-'))
  try {
    const path = join(dir, 'pki', 'node.pem')
    expect(await readPair(path)).toBeUndefined()
    const pair = await issue(0, 1)
    await writePair(path, pair)
    expect(await readPair(path)).toEqual(pair)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    await removePair(path)
    expect(await readPair(path)).toBeUndefined()
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
})

describe('an order', () => {
  const order = (...statuses: V1CertificateSigningRequest['status'][]) => {
    const made: V1CertificateSigningRequest[] = []
    const api = {
      create: (request: V1CertificateSigningRequest) => {
        made.push(request)
        return Promise.resolve({ ...request, metadata: { name: 'csr-1' } })
      },
      watch: async function* () {
        await Promise.resolve()
        const status = statuses.shift()
        if (status !== undefined) yield { type: 'MODIFIED', object: { status } }
      },
    }
    const placed = orderCertificate({
      client: { resource: () => api } as unknown as ApiClient,
      signerName: servingSigner,
      nodeName: 'a',
      hosts: ['a', '192.0.2.1'],
      expirationSeconds: 600,
      signal: AbortSignal.timeout(10_000),
    })
    return { placed, made }
  }
  const condition = (type: string, message: string) => ({
    conditions: [{ type, status: 'True', message, reason: 'r' }],
  })

  it('waits, over as many watches as it takes, for the certificate', async () => {
    const { placed, made } = order({}, condition('Approved', ''), { certificate: btoa('PEM') })
    const pair = await placed
    expect(pair.cert).toBe('PEM')
    expect(pair.key).toContain('PRIVATE KEY')
    expect(made[0]?.spec).toMatchObject({
      signerName: servingSigner,
      usages: ['digital signature', 'server auth'],
      expirationSeconds: 600,
    })
    expect(made[0]?.spec.signerName).not.toBe(clientSigner)
  })

  it.each([
    ['Denied', 'certificate request csr-1 was denied: no'],
    ['Failed', 'certificate request csr-1 cannot be signed: no'],
  ])('that is %s says so', async (type, message) => {
    await expect(order(condition(type, 'no')).placed).rejects.toThrow(message)
  })
})
