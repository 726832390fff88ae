import type { V1Node } from '@kapell/openapi/types'
import { namesNotOf } from './approving-serving.ts'

const node: V1Node = {
  metadata: { name: 'a' },
  status: {
    addresses: [
      { type: 'InternalIP', address: '192.0.2.1' },
      { type: 'Hostname', address: 'a.example' },
    ],
  },
}
const asking = (dnsNames: string[], ipAddresses: string[]) => ({
  commonName: 'system:node:a',
  organizations: ['system:nodes'],
  dnsNames,
  ipAddresses,
  emailAddresses: [],
  uris: [],
})

it.each<[string, V1Node | undefined, string[], string[], string[]]>([
  ['its own names and addresses', node, ['a', 'a.example', 'localhost'], ['192.0.2.1', '127.0.0.1'], []],
  ["another's address", node, ['a'], ['192.0.2.2'], ['192.0.2.2']],
  ["another's name", node, ['kubernetes.default.svc'], ['192.0.2.1'], ['kubernetes.default.svc']],
  ['a node that is not there', undefined, ['a'], [], ['a']],
])('a node may serve under %s', (_rule, of, dns, ips, foreign) =>
  expect(namesNotOf(of, asking(dns, ips))).toEqual(foreign),
)
