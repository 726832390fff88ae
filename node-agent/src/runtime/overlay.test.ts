import { endOf, macOf, overlayId, overlayName, parseWay, peerCommands } from './overlay.ts'

it.each([
  ['on the same link', '10.0.0.2 dev eth0 src 10.0.0.1 uid 0 \\    cache', { routed: false, source: '10.0.0.1' }],
  [
    'behind a router',
    '10.1.0.2 via 10.0.0.254 dev eth0 src 10.0.0.1 uid 0 \\    cache',
    { routed: true, source: '10.0.0.1' },
  ],
  ['nowhere', '', { routed: false, source: undefined }],
])('a machine %s', (_, output, way) => {
  expect(parseWay(output)).toEqual(way)
})

it('names links so that Linux takes them, and those of two clusters differ', () => {
  const [one, other] = ['10.244.0.0/16', '10.245.0.0/16']
  expect(overlayName(one).length).toBeLessThanOrEqual(15)
  expect(overlayName(one)).not.toBe(overlayName(other))
  expect(overlayId(one)).toBeLessThan(2 ** 24)
  expect(overlayId(one)).toBeGreaterThan(0)
})

it('tells the kernel of a peer by what follows from its addresses', () => {
  expect(macOf('172.30.0.3')).toBe('0e:6b:ac:1e:00:03')
  expect(endOf('10.244.1.0/24')).toBe('10.244.1.0')
  const peers = ['10.244.1.0/24', 'fd00:10:244:1::/64'].map((range) => ({ range, nodeIp: '172.30.0.3' }))
  expect(peerCommands('kvx1', peers)).toEqual({
    ip: [
      'neigh replace 10.244.1.0 lladdr 0e:6b:ac:1e:00:03 nud permanent dev kvx1',
      'neigh replace fd00:10:244:1:: lladdr 0e:6b:ac:1e:00:03 nud permanent dev kvx1',
    ],
    bridge: ['fdb replace 0e:6b:ac:1e:00:03 dev kvx1 dst 172.30.0.3 self permanent'],
  })
})
