import type { V1Service } from '@kapell/openapi/types'
import { backendOf } from './backends.ts'
import { proxyConfig } from './config.ts'
import { routeTable } from './routes.ts'
import { backendTo, ingress } from './testing.ts'

const named = (spec: V1Service['spec']): V1Service => ({ spec: { type: 'ExternalName', ...spec } })
const ask = (service: V1Service, port: string | number = 80) =>
  backendOf(
    { id: 'ns_ext_80', namespace: 'ns', service: 'ext', port },
    { service, slices: [], chooser: { nodeName: 'n1' } },
  )
const plain = { protocol: 'http', sticky: false }

it.each<[rule: string, service: V1Service, port: string | number, expected: object]>([
  [
    'the number that the Ingress says',
    named({ externalName: 'Shop.example.' }),
    8080,
    { ...plain, servers: ['shop.example:8080'], name: 'shop.example' },
  ],
  [
    'a port of its own, by name',
    named({ externalName: 'shop.example', ports: [{ name: 'tls', port: 443, appProtocol: 'https' }] }),
    'tls',
    { sticky: false, protocol: 'https', servers: ['shop.example:443'], name: 'shop.example' },
  ],
  [
    'no port of that name',
    named({ externalName: 'shop.example' }),
    'web',
    { ...plain, servers: [], problem: 'Service "ext" is an external name without a port web' },
  ],
  [
    'what is no name',
    named({ externalName: 'shop.example\n  server evil' }),
    80,
    { ...plain, servers: [], problem: 'Service "ext" is an external name without a port 80' },
  ],
])('an external name is asked for at %s', (_, service, port, expected) => {
  expect(ask(service, port)).toEqual(expected)
})

it("has the proxy ask the cluster's name server, and is another configuration with every other name", () => {
  const table = routeTable([ingress('e', [], { defaultBackend: backendTo('ext') })])
  const config = (externalName: string, at?: (server: string) => string | undefined): string => {
    const backend = ask(named({ externalName, ports: [{ port: 80, appProtocol: 'https' }] }))
    return proxyConfig({
      ...{ table, certificates: [], ports: { http: 80, https: 443 }, dir: '/d', socket: '/s', ipv6: false },
      backends: new Map([['ns_ext_80', backend]]),
      slots: () => [at === undefined ? backend.servers[0] : at(backend.servers[0]!)],
      nameServer: '10.244.0.1:53',
    }).get('haproxy.cfg')!
  }
  expect(config('shop.example')).toContain('resolvers names\n  nameserver cluster 10.244.0.1:53\n')
  expect(config('shop.example')).toContain(
    '  server s1 shop.example:80 ssl verify none sni str(shop.example) resolvers names resolve-prefer ipv4 init-addr none\n',
  )
  const nobody = (): undefined => undefined
  expect(config('shop.example', nobody)).not.toBe(config('other.example', nobody))
})
