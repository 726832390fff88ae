import type { ApiClient } from '@kapell/controllers/machinery/client'
import { realClock } from '@kapell/controllers/machinery/clock'
import { silentLogger } from '@kapell/controllers/machinery/log'
import { endpointSlices, ingressClasses, ingresses, nodes, services } from '@kapell/openapi/meta/refs'
import type { ResourceRef } from '@kapell/openapi/meta/resource-ref'
import type { V1EndpointSlice, V1Ingress, V1Secret, V1Service } from '@kapell/openapi/types'
import { fakeInformers } from '../proxy/testing.ts'
import { selfSigned } from './default-certificate.ts'
import type { ProxyProgram } from './haproxy.ts'
import { startIngress, type IngressProxy } from './ingress.ts'
import type { SlotChange } from './slots.ts'
import { ingress } from './testing.ts'

/** The loop with a proxy program in memory. */
function world() {
  const informers = fakeInformers()
  const calls: string[] = []
  const events: string[] = []
  let served: ReadonlyMap<string, string> = new Map()
  let refusal = ''
  let runs = false
  const kept = new Map<string, V1Secret>()
  const program: ProxyProgram = {
    serve: (files) => {
      const bad = [...files.keys()].find((name) => refusal !== '' && files.get(name)!.includes(refusal))
      if (bad !== undefined) return Promise.reject(new Error(`unable to load certificate from file '/x/${bad}'`))
      calls.push('serve')
      served = files
      runs = true
      return Promise.resolve()
    },
    fill: (changes: readonly SlotChange[], files) => {
      calls.push(`fill ${changes.map(({ slot, server = '-' }) => `${slot}=${server}`).join(' ')}`)
      served = files
      return Promise.resolve()
    },
    running: () => runs,
    stop: () => {
      calls.push('stop')
      runs = false
      return Promise.resolve()
    },
  }
  const client = {
    resource: (ref: ResourceRef, namespace: string) => ({
      list: ({ fieldSelector = '' }) => {
        const found = kept.get(`${namespace}/${fieldSelector.replace('metadata.name=', '')}`)
        return Promise.resolve({ items: found === undefined ? [] : [found], metadata: {} })
      },
      // Says nothing for as long as the test lasts.
      watch: async function* () {
        await new Promise(() => {})
        yield undefined
      },
      patch: (name: string, _: string, { metadata }: { metadata: { annotations: Record<string, string | null> } }) => {
        const [value = null] = Object.values(metadata.annotations)
        calls.push(`annotate ${value ?? 'nothing'}`)
        if (ref.plural === 'nodes')
          informers.set(nodes, {
            status,
            metadata: { name, ...(value === null ? {} : { annotations: { 'kapell.io/ingress': value } }) },
          })
        return Promise.resolve({})
      },
    }),
  } as unknown as ApiClient
  const status = { addresses: [{ type: 'InternalIP', address: '192.0.2.1' }] }
  informers.set(nodes, { metadata: { name: 'n1' }, status })
  informers.set(ingressClasses, { metadata: { name: 'kapell' }, spec: { controller: 'kapell.io/ingress' } })
  const proxy = startIngress({
    informers,
    client,
    recorder: {
      event: (_, __, reason, message) => void events.push(`${reason}: ${message}`),
      flushed: () => Promise.resolve(),
    },
    clock: realClock,
    log: silentLogger,
    nodeName: 'n1',
    ports: { http: 80, https: 443 },
    program,
    dir: '/x',
    socket: '/x/s',
    ipv6: false,
    defaultCertificate: 'default',
    checkMs: 1,
  })
  return {
    informers,
    calls,
    events,
    proxy,
    kept,
    file: (name: string) => served.get(name) ?? '',
    refuse: (text: string) => (refusal = text),
    die: () => (runs = false),
  }
}

const class_ = { ingressClassName: 'kapell' }
/** As a controller shows where it is served. */
const shown = (of: V1Ingress, ip = '192.0.2.1'): V1Ingress => ({
  ...of,
  status: { loadBalancer: { ingress: [{ ip }] } },
})
const service = (spec: Partial<NonNullable<V1Service['spec']>> = {}): V1Service => ({
  metadata: { name: 'web', namespace: 'ns' },
  spec: { clusterIP: '10.96.0.1', ports: [{ port: 80, name: 'http' }], ...spec },
})
const slice = (...addresses: string[]): V1EndpointSlice => ({
  metadata: { name: 'web-1', namespace: 'ns', labels: { 'kubernetes.io/service-name': 'web' } },
  addressType: 'IPv4',
  ports: [{ name: 'http', port: 8080 }],
  endpoints: addresses.map((address) => ({ addresses: [address], nodeName: 'n1' })),
})

let open: IngressProxy | undefined
const start = () => {
  const made = world()
  open = made.proxy
  return made
}
afterEach(() => open?.close())

it('runs while there is something to serve, and says so on the Node', async () => {
  const { informers, calls, proxy } = start()
  informers.set(ingresses, ingress('other', [['x.example/', 'Prefix', 'web']], { ingressClassName: 'nginx' }))
  await proxy.synced()
  // Whatever a killed agent left.
  expect(calls).toEqual(['stop'])
  calls.length = 0
  informers.set(ingresses, ingress('a', [['x.example/', 'Prefix', 'web']], class_))
  await proxy.settled()
  expect(calls).toEqual(['serve', 'annotate 80,443'])
  informers.remove(ingresses, 'ns/a')
  await proxy.settled()
  expect(calls.slice(2)).toEqual(['stop', 'annotate nothing'])
})

it('pods come and go without a new configuration, rules do not', async () => {
  const { informers, calls, proxy, file } = start()
  informers.set(services, service())
  informers.set(endpointSlices, slice('10.0.0.1'))
  informers.set(ingresses, ingress('a', [['x.example/', 'Prefix', 'web']], class_))
  await proxy.synced()
  expect(file('haproxy.cfg')).toMatch(
    /backend ns_web_80\n.*\n  server s1 10\.0\.0\.1:8080\n  server s2 127\.0\.0\.1:9 disabled/,
  )
  calls.length = 0
  informers.set(endpointSlices, slice('10.0.0.2', '10.0.0.3'))
  await proxy.settled()
  expect(calls).toEqual(['fill 1=- 1=10.0.0.2:8080 2=10.0.0.3:8080'])
  expect(file('haproxy.cfg')).toMatch(/server s1 10\.0\.0\.2:8080\n  server s2 10\.0\.0\.3:8080/)
  informers.set(ingresses, ingress('a', [['x.example/y', 'Prefix', 'web']], class_))
  await proxy.settled()
  expect(calls.slice(1)).toEqual(['serve'])
  expect(file('prefix.map')).toBe('x.example/y/ ns_web_80\n')
})

it('speaks to pods as the port of their Service says', async () => {
  const { informers, proxy, file } = start()
  informers.set(
    services,
    service({ ports: [{ name: 'http', port: 80, appProtocol: 'kubernetes.io/h2c' }], sessionAffinity: 'ClientIP' }),
  )
  informers.set(endpointSlices, { ...slice('fd00::1'), addressType: 'IPv6' })
  informers.set(ingresses, ingress('a', [['x.example/', 'Prefix', 'web']], class_))
  await proxy.synced()
  expect(file('haproxy.cfg')).toContain('balance source\n  hash-type consistent\n  server s1 [fd00::1]:8080 proto h2\n')
})

it('tells once of Services and certificates that cannot be served', async () => {
  const { informers, events, proxy, kept, file } = start()
  const pem = await selfSigned('good.example', new Date())
  const base64 = (text: string): string => Buffer.from(text).toString('base64')
  kept.set('ns/good', { metadata: { name: 'good' }, data: { 'tls.crt': base64(pem), 'tls.key': base64(pem) } })
  kept.set('ns/bad', { metadata: { name: 'bad' }, data: { 'tls.crt': base64('rubbish'), 'tls.key': base64('x') } })
  const tls = [
    { hosts: ['good.example'], secretName: 'good' },
    { hosts: ['bad.example'], secretName: 'bad' },
    { hosts: ['none.example'], secretName: 'none' },
  ]
  const bad = ingress('a', [['good.example/', 'Prefix', 'web']], { ...class_, tls })
  informers.set(ingresses, shown(bad, '192.0.2.2'))
  await proxy.settled()
  expect(events).toEqual([])
  informers.set(ingresses, shown(bad))
  await proxy.settled()
  const said = [
    'UnservedBackend: Service "web" does not exist',
    'InvalidCertificate: "tls.crt" of Secret "ns/bad" holds no certificate in PEM: the default certificate is served for "bad.example"',
    'InvalidCertificate: Secret "ns/none" does not exist: the default certificate is served for "none.example"',
  ]
  expect(events.sort()).toEqual([...said].sort())
  expect(file('certificates.list')).toMatch(/^\/x\/default\.pem\n\/x\/[0-9a-f]{24}\.pem good\.example\n$/)
  informers.set(services, service())
  await proxy.settled()
  expect(events).toHaveLength(3)
})

it('a certificate that only the proxy finds wrong harms no other host', async () => {
  const { informers, events, proxy, kept, file, refuse } = start()
  const pem = await selfSigned('good.example', new Date())
  const base64 = Buffer.from(pem).toString('base64')
  kept.set('ns/weak', { metadata: { name: 'weak' }, data: { 'tls.crt': base64, 'tls.key': base64 } })
  refuse('BEGIN PRIVATE KEY')
  informers.set(services, service())
  const tls = [{ hosts: ['x.example'], secretName: 'weak' }]
  informers.set(ingresses, shown(ingress('a', [['x.example/', 'Prefix', 'web']], { ...class_, tls })))
  await proxy.settled()
  expect(events).toEqual([
    'InvalidCertificate: the proxy cannot use the certificate of Secret "ns/weak": the default certificate is served for "x.example"',
  ])
  expect(file('certificates.list')).toBe('/x/default.pem\n')
})

it('does not stand behind a load balancer that has its port at this node', async () => {
  const { informers, calls, proxy } = start()
  const ports = [{ port: 443 }]
  const status = { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } }
  informers.set(services, { ...service({ type: 'LoadBalancer', ports }), status })
  informers.set(ingresses, ingress('a', [['x.example/', 'Prefix', 'web']], class_))
  while (calls.length < 2) await new Promise((resolve) => setImmediate(resolve))
  expect(calls.slice(0, 2)).toEqual(['stop', 'annotate error: port 443 is taken by Service "ns/web"'])
  informers.remove(services, 'ns/web')
  await proxy.settled()
  expect(calls.slice(-2)).toEqual(['serve', 'annotate 80,443'])
})

it('starts a proxy that somebody ended again', async () => {
  const { informers, calls, proxy, die } = start()
  informers.set(ingresses, ingress('a', [['x.example/', 'Prefix', 'web']], class_))
  await proxy.synced()
  die()
  while (calls.length < 3) await new Promise((resolve) => setImmediate(resolve))
  expect(calls).toEqual(['serve', 'annotate 80,443', 'serve'])
})
