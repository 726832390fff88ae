import { chooseSubnet, namesOf } from './machine-network.ts'
import { parseNameServer } from './name-servers.ts'

it('takes a range for nodes that nobody on the machine uses', () => {
  expect(chooseSubnet([])).toBe('172.30.0.0/24')
  expect(chooseSubnet(['172.30.0.0/23', '10.0.0.0/8'])).toBe('172.30.2.0/24')
  expect(chooseSubnet(['172.16.0.0/12'])).toBeUndefined()
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
