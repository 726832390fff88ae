import { chooseSubnet, namesOf, refuseClash, subnet6Of } from './machine-network.ts'
import { parseNameServer } from './name-servers.ts'

it('takes a range for nodes that nobody on the machine uses', () => {
  expect(chooseSubnet([])).toBe('172.30.0.0/24')
  expect(chooseSubnet(['172.30.0.0/23', '10.0.0.0/8'])).toBe('172.30.2.0/24')
  expect(chooseSubnet(['172.16.0.0/12'])).toBeUndefined()
})

it('keeps a machine from joining nodes whose addresses it uses itself, and says what to do', () => {
  const network = { subnet: '172.30.0.0/24', gateway: '192.0.2.1', inside: { gateway: '172.30.0.1' } }
  expect(() => refuseClash(network, ['192.0.2.0/24', '10.0.0.1/32'])).not.toThrow()
  expect(() => refuseClash(network, ['192.0.2.0/24', '172.30.0.0/16'])).toThrow(
    'this machine uses 172.30.0.0/16 itself, where the nodes of 192.0.2.1 are (172.30.0.0/24): start that cluster with another --node-cidr',
  )
})

it('gives nodes IPv6 addresses that go with their others', () => {
  expect(subnet6Of('172.30.1.0/24')).toBe('fd6b:6170:172:30:1::/80')
})

it('names links so that the kernel takes them (15 bytes), however many nodes there are', () => {
  const names = namesOf('/somewhere')
  expect(Math.max(names.bridge.length, names.veth(249).length)).toBeLessThanOrEqual(15)
})

it.each([
  ['10.244.1.1:53', { address: '10.244.1.1', port: 53 }],
  ['10.244.1.1', undefined],
  ['evil.example:53', undefined],
  [undefined, undefined],
])('reads where a name server listens: %s', (text, want) => {
  expect(parseNameServer(text)).toEqual(want)
})
