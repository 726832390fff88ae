import { silentLogger } from '@kapell/controllers/machinery/log'
import { endpointSlices, namespaces, services } from '@kapell/openapi/meta/refs'
import { decode, encode, type Answer, type Packet, type Question } from '@leichtgewicht/dns-packet'
import { createSocket, type Socket } from 'node:dgram'
import { Resolver } from 'node:dns/promises'
import { connect } from 'node:net'
import { fakeInformers } from '../proxy/testing.ts'
import { startDns, type ClusterDns } from './dns.ts'
import { cacheSeconds, createForwarder, framed, parseServer } from './forward.ts'
import { addressOfReverse } from './records.ts'

const informers = fakeInformers()
for (const name of ['default', 'bare']) informers.set(namespaces, { metadata: { name } })
const inDefault = (name: string) => ({ name, namespace: 'default' })
informers.set(services, {
  metadata: inDefault('web'),
  spec: {
    clusterIP: '10.96.0.20',
    clusterIPs: ['10.96.0.20', 'fd00::20'],
    ports: [
      { name: 'http', port: 80 },
      { name: 'dns', port: 53, protocol: 'UDP' },
    ],
  },
})
informers.set(services, {
  metadata: inDefault('db'),
  spec: { clusterIP: 'None', ports: [{ name: 'sql', port: 5432 }] },
})
informers.set(services, { metadata: inDefault('empty'), spec: { clusterIP: 'None' } })
informers.set(services, { metadata: inDefault('ext'), spec: { type: 'ExternalName', externalName: 'example.org' } })
informers.set(services, {
  metadata: inDefault('alias'),
  spec: { type: 'ExternalName', externalName: 'web.default.svc.cluster.local' },
})
for (const [name, externalName] of [
  ['broken', 'nope.default.svc.cluster.local'],
  ['twice', 'alias.default.svc.cluster.local'],
  ['round', 'round.default.svc.cluster.local'],
])
  informers.set(services, { metadata: inDefault(name!), spec: { type: 'ExternalName', externalName: externalName! } })
informers.set(services, { metadata: inDefault('big'), spec: { clusterIP: 'None' } })
informers.set(endpointSlices, {
  metadata: { ...inDefault('db-1'), labels: { 'kubernetes.io/service-name': 'db' } },
  addressType: 'IPv4',
  ports: [{ name: 'sql', port: 5432, protocol: 'TCP' }],
  endpoints: [
    { addresses: ['10.244.0.2'], hostname: 'db-0', conditions: { ready: true } },
    { addresses: ['10.244.0.3'], conditions: { ready: true } },
    { addresses: ['10.244.0.4'], conditions: { ready: false } },
  ],
})
informers.set(endpointSlices, {
  metadata: { ...inDefault('big-1'), labels: { 'kubernetes.io/service-name': 'big' } },
  addressType: 'IPv4',
  ports: [],
  endpoints: Array.from({ length: 200 }, (_, at) => ({ addresses: [`10.244.1.${at}`] })),
})

let upstream: Socket
let upstreamQuestions: string[] = []
let dns: ClusterDns
const resolver = new Resolver({ timeout: 2000, tries: 1 })

beforeAll(async () => {
  upstream = createSocket('udp4')
  await new Promise<void>((resolve) => upstream.bind(0, '127.0.0.1', resolve))
  upstream.on('message', (message, from) => {
    const query = decode(message)
    const question = query.questions![0]!
    upstreamQuestions.push(`${question.name} ${question.type}`)
    if (question.name === 'silent.test') return
    const known = question.name === 'example.org' && question.type === 'A'
    const answer: Packet = {
      type: 'response',
      id: query.id!,
      flags: 0x180 | (known ? 0 : 3),
      questions: [question],
      answers: known ? [{ type: 'A', name: question.name, ttl: 300, class: 'IN', data: '198.51.100.9' }] : [],
    }
    upstream.send(encode(answer), from.port, from.address)
  })
  dns = await startDns({
    informers,
    address: '127.0.0.1',
    port: 0,
    upstreams: [`127.0.0.1:${upstream.address().port}`],
    log: silentLogger,
  })
  await dns.synced()
  resolver.setServers([`127.0.0.1:${dns.port}`])
})
afterAll(async () => {
  await dns.close()
  upstream.close()
})
beforeEach(() => {
  upstreamQuestions = []
})

describe('names of the cluster', () => {
  it.each([
    ['a Service', 'web.default.svc.cluster.local', ['10.96.0.20']],
    ['in any letters', 'WEB.Default.svc.CLUSTER.local', ['10.96.0.20']],
    ['a headless Service: its ready endpoints', 'db.default.svc.cluster.local', ['10.244.0.2', '10.244.0.3']],
    ['an endpoint by hostname', 'db-0.db.default.svc.cluster.local', ['10.244.0.2']],
    ['an endpoint by address', '10-244-0-3.db.default.svc.cluster.local', ['10.244.0.3']],
    ['a pod', '10-244-0-9.default.pod.cluster.local', ['10.244.0.9']],
    ['a port', '_http._tcp.web.default.svc.cluster.local', ['10.96.0.20']],
    ['an alias of an alias', 'twice.default.svc.cluster.local', ['10.96.0.20']],
    ['an external name', 'ext.default.svc.cluster.local', ['198.51.100.9']],
    ['an external name inside', 'alias.default.svc.cluster.local', ['10.96.0.20']],
  ])('%s', async (_, name, expected) => {
    expect((await resolver.resolve4(name)).sort()).toEqual(expected)
  })

  it.each([
    ['a Service that is not', 'nope.default.svc.cluster.local', 'ENOTFOUND'],
    ['a namespace that is not', 'nope.svc.cluster.local', 'ENOTFOUND'],
    ['a namespace', 'default.svc.cluster.local', 'ENODATA'],
    ['the zone', 'cluster.local', 'ENODATA'],
    ['no kind', 'web.default.cluster.local', 'ENOTFOUND'],
    ['a headless Service without endpoints', 'empty.default.svc.cluster.local', 'ENOTFOUND'],
    ['an endpoint that is not ready', '10-244-0-4.db.default.svc.cluster.local', 'ENOTFOUND'],
    ['an endpoint of a Service with an address', '10-244-0-2.web.default.svc.cluster.local', 'ENOTFOUND'],
    ['a protocol alone', '_tcp.web.default.svc.cluster.local', 'ENOTFOUND'],
    ['a namespace without Services', 'bare.svc.cluster.local', 'ENODATA'],
    ['a pod of no namespace', '10-244-0-9.nope.pod.cluster.local', 'ENOTFOUND'],
    ['an alias of nothing', 'broken.default.svc.cluster.local', 'ENODATA'],
    ['a pod that is no address', 'x.default.pod.cluster.local', 'ENOTFOUND'],
  ])('%s', async (_, name, code) => {
    await expect(resolver.resolve4(name)).rejects.toMatchObject({ code })
    expect(upstreamQuestions).toEqual([])
  })

  it('gives IPv6 addresses when there are, else no data', async () => {
    expect(await resolver.resolve6('web.default.svc.cluster.local')).toEqual(['fd00::20'])
    await expect(resolver.resolve6('db.default.svc.cluster.local')).rejects.toMatchObject({ code: 'ENODATA' })
  })

  it('gives ports', async () => {
    expect(await resolver.resolveSrv('_http._tcp.web.default.svc.cluster.local')).toMatchObject([
      { name: 'web.default.svc.cluster.local', port: 80, priority: 0, weight: 50 },
    ])
    expect(
      (await resolver.resolveSrv('_sql._tcp.db.default.svc.cluster.local')).map((each) => each.name).sort(),
    ).toEqual(['10-244-0-3.db.default.svc.cluster.local', 'db-0.db.default.svc.cluster.local'])
    await expect(resolver.resolveSrv('_http._udp.web.default.svc.cluster.local')).rejects.toMatchObject({
      code: 'ENOTFOUND',
    })
  })

  it('knows names of addresses', async () => {
    expect(await resolver.reverse('10.96.0.20')).toEqual(['web.default.svc.cluster.local'])
    await expect(resolver.reverse('10.244.0.4')).rejects.toMatchObject({ code: 'ENOTFOUND' })
    expect(await resolver.reverse('10.244.0.2')).toEqual(['db-0.db.default.svc.cluster.local'])
    expect(addressOfReverse('0.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa')).toBe(
      'fd00::20',
    )
  })

  it('says which version of the specification it speaks', async () => {
    expect(await resolver.resolveTxt('dns-version.cluster.local')).toEqual([['1.1.0']])
  })

  it('is found at a Service asked for ports, each place once, with all addresses beside it', async () => {
    const { answers, additionals } = await ask('web.default.svc.cluster.local', 'SRV')
    expect(answers!.map((each) => (each.type === 'SRV' ? [each.data.port, each.data.weight] : [])).sort()).toEqual([
      [53, 25],
      [80, 25],
    ])
    expect(additionals!.map((each) => [each.name, each.type])).toEqual([
      ['web.default.svc.cluster.local', 'A'],
      ['web.default.svc.cluster.local', 'AAAA'],
    ])
    const one = await ask('db-0.db.default.svc.cluster.local', 'SRV')
    expect(one.answers).toMatchObject([{ data: { port: 5432, target: 'db-0.db.default.svc.cluster.local' } }])
  })

  it('speaks with authority, and does not say that it asks others', async () => {
    const found = await ask('web.default.svc.cluster.local')
    expect([found.flag_aa, found.flag_ra, found.flag_rd, found.flag_tc]).toEqual([true, false, true, false])
    const none = await ask('nope.default.svc.cluster.local')
    expect([none.flag_aa, none.rcode]).toEqual([true, 'NXDOMAIN'])
    expect(none.authorities).toMatchObject([
      { name: 'cluster.local', type: 'SOA', ttl: 5, data: { mname: 'ns.dns.cluster.local', minimum: 5 } },
    ])
    expect((await ask('cluster.local', 'SOA')).answers).toMatchObject([{ type: 'SOA', name: 'cluster.local' }])
    expect(await ask('nope.default.svc.cluster.local', 'SOA')).toMatchObject({ rcode: 'NOERROR', answers: [] })
  })

  it.each(['SRV', 'TXT', 'MX'] as const)('has no %s behind an external name', async (type) => {
    const { rcode, answers, authorities } = await ask('ext.default.svc.cluster.local', type)
    expect([rcode, answers, authorities!.length]).toEqual(['NOERROR', [], 1])
  })

  it('follows an alias that leads round in a circle no further than it must', async () => {
    const { rcode, answers } = await ask('round.default.svc.cluster.local')
    expect(rcode).toBe('NOERROR')
    expect(answers!.length).toBeLessThan(10)
  })

  it('gives no whole zones away', async () => {
    expect(await ask('cluster.local', 'AXFR')).toMatchObject({ rcode: 'REFUSED', answers: [] })
  })

  it('takes as much as the client can, says so, and shortens names', async () => {
    const edns = async (udpPayloadSize: number, more: object = {}) => {
      const opt = { type: 'OPT', name: '.', udpPayloadSize, flags: 0x8000, options: [], ...more } as unknown as Answer
      const bytes = await overUdp(encode({ ...question('big.default.svc.cluster.local'), additionals: [opt] }))
      return { bytes, packet: decode(bytes) }
    }
    const wide = await edns(4096)
    expect([wide.packet.flag_tc, wide.packet.answers!.length]).toEqual([false, 200])
    // A pointer, type, class, time to live, length, address.
    expect(wide.bytes.length).toBe(12 + 35 + 200 * 16 + 11)
    expect(wide.packet.additionals).toMatchObject([{ type: 'OPT', udpPayloadSize: 4096, flags: 0x8000 }])
    const narrow = await edns(1232)
    expect(narrow.packet.flag_tc).toBe(true)
    expect(narrow.packet.answers!.length).toBe(Math.floor((1232 - 12 - 35 - 11) / 16))
    const newer = await edns(1232, { ednsVersion: 1 })
    expect([newer.packet.answers, newer.packet.additionals]).toMatchObject([[], [{ extendedRcode: 1 }]])
  })

  it('cuts what does not fit UDP, and gives it whole over TCP', async () => {
    const query = encode({
      type: 'query',
      id: 7,
      flags: 0x100,
      questions: [{ type: 'A', name: 'big.default.svc.cluster.local', class: 'IN' }],
    })
    const cut = decode(await overUdp(query))
    expect(cut.flag_tc).toBe(true)
    expect((await overUdp(query)).length).toBeLessThanOrEqual(512)
    expect(decode(await overTcp(query)).answers?.length).toBe(200)
    expect((await resolver.resolve4('big.default.svc.cluster.local')).length).toBe(200)
  })
})

describe('other names', () => {
  it("come from the machine's servers, once while they last", async () => {
    expect(await resolver.resolve4('example.org')).toEqual(['198.51.100.9'])
    const asked = upstreamQuestions.length
    expect(await resolver.resolve4('example.org')).toEqual(['198.51.100.9'])
    expect(upstreamQuestions.length).toBe(asked)
    await expect(resolver.resolve4('nope.test')).rejects.toMatchObject({ code: 'ENOTFOUND' })
  })

  it('fail when no server answers, or too many wait', async () => {
    const none = createForwarder({ servers: [] })
    await expect(none.ask(encode({ id: 1, questions: [] }), 'udp')).rejects.toThrow('no name server')
    const one = createForwarder({ servers: [`127.0.0.1:${upstream.address().port}`], maxPending: 1 })
    const query = (id: number, name: string) =>
      encode({ type: 'query', id, questions: [{ type: 'A', name, class: 'IN' }] })
    const first = one.ask(query(1, 'silent.test'), 'udp')
    await expect(one.ask(query(2, 'other.test'), 'udp')).rejects.toThrow('too many questions')
    one.close()
    await expect(first).rejects.toThrow('stopped')
  })

  it.each([
    ['1.2.3.4', { host: '1.2.3.4', port: 53 }],
    ['1.2.3.4:99', { host: '1.2.3.4', port: 99 }],
    ['fd00::1', { host: 'fd00::1', port: 53 }],
    ['[fd00::1]:99', { host: 'fd00::1', port: 99 }],
  ])('server %s', (text, expected) => {
    expect(parseServer(text)).toEqual(expected)
  })

  it.each([
    ['a failure', { flags: 2 }, 0],
    ['nothing to keep', {}, 0],
    ['a long-lived record', { answers: [{ type: 'A' as const, name: 'a', ttl: 600, data: '1.2.3.4' }] }, 30],
    ['a short-lived record', { answers: [{ type: 'A' as const, name: 'a', ttl: 5, data: '1.2.3.4' }] }, 5],
    ['a cut answer', { flags: 512, answers: [{ type: 'A' as const, name: 'a', ttl: 5, data: '1.2.3.4' }] }, 0],
  ])('keeps %s for the right time', (_, packet, seconds) => {
    expect(cacheSeconds(encode({ type: 'response', ...packet }))).toBe(seconds)
  })
})

describe('bad input', () => {
  const header = (third: number, fourth = 0, questions = 0) =>
    Uint8Array.from([1, 2, third, fourth, 0, questions, 0, 0, 0, 0, 0, 0])
  it.each([
    ['another kind of request', header(0x28), 4],
    ['no question', header(0), 1],
    ['a question that is missing', header(0, 0, 1), 1],
    ['a name that points at itself', Uint8Array.from([...header(0, 0, 1), 0xc0, 12, 0, 1, 0, 1]), 1],
  ])('%s is answered with its error', async (_, message, rcode) => {
    const answer = await overUdp(message)
    expect([answer[0], answer[1], answer[3]! & 15]).toEqual([1, 2, rcode])
  })

  it('answers and scraps are dropped, and the server lives on', async () => {
    const socket = createSocket('udp4')
    for (const message of [header(0x80), Uint8Array.from([1]), new Uint8Array()])
      socket.send(message, dns.port, '127.0.0.1')
    expect(await resolver.resolve4('web.default.svc.cluster.local')).toEqual(['10.96.0.20'])
    socket.close()
  })
})

const question = (name: string, type: Question['type'] = 'A'): Packet => ({
  type: 'query',
  id: 7,
  flags: 0x100,
  questions: [{ type, name, class: 'IN' }],
})

/** As decode() makes it, which tells more than its type says. */
const ask = async (name: string, type: Question['type'] = 'A') =>
  decode(await overUdp(encode(question(name, type)))) as Packet &
    Record<'flag_aa' | 'flag_ra' | 'flag_rd' | 'flag_tc', boolean> & { rcode: string }

function overUdp(message: Uint8Array): Promise<Uint8Array> {
  const socket = createSocket('udp4')
  socket.send(message, dns.port, '127.0.0.1')
  return new Promise((resolve) =>
    socket.once('message', (answer) => {
      socket.close()
      resolve(answer)
    }),
  )
}

function overTcp(message: Uint8Array): Promise<Uint8Array> {
  const socket = connect(dns.port, '127.0.0.1')
  let received = Buffer.alloc(0)
  socket.write(framed(message))
  return new Promise((resolve, reject) => {
    socket.on('error', reject)
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk])
      if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return
      socket.destroy()
      resolve(received.subarray(2))
    })
  })
}
