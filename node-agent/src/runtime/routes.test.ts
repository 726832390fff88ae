import { isFar, parseRoutes, routeChanges, routesOf } from './routes.ts'

it('changes only what is not as it must be', () => {
  const have = parseRoutes(
    '10.244.1.0/24 via 172.30.0.3 dev eth0 \n10.244.2.0/24 via 172.30.0.9 dev eth0 \n10.244.3.0/24 via 172.30.0.5 dev eth0 \n',
  )
  const wanted = [
    { range: '10.244.1.0/24', via: '172.30.0.3' },
    { range: '10.244.2.0/24', via: '172.30.0.4' },
    { range: '10.244.4.0/24', via: '172.30.0.6' },
  ]
  expect(routeChanges(have, wanted)).toEqual([
    'route delete 10.244.3.0/24 proto 75',
    'route replace 10.244.2.0/24 via 172.30.0.4 proto 75',
    'route replace 10.244.4.0/24 via 172.30.0.6 proto 75',
  ])
})

it('goes over the overlay to nodes behind a router, and back to a plain route when that is gone', () => {
  const straight = [
    { range: '10.244.1.0/24', via: '172.30.0.3', overlayTo: '172.30.0.3' },
    { range: '10.244.2.0/24', via: '198.51.100.4', overlayTo: '198.51.100.4' },
  ]
  const wanted = routesOf(straight, new Set(['198.51.100.4']), 'kvx0')
  expect(routeChanges(new Map(), wanted)).toEqual([
    'route replace 10.244.1.0/24 via 172.30.0.3 proto 75',
    'route replace 10.244.2.0/24 via 10.244.2.0 dev kvx0 onlink proto 75',
  ])
  const have = parseRoutes('10.244.1.0/24 via 172.30.0.3 dev eth0 \n10.244.2.0/24 via 10.244.2.0 dev kvx0 onlink \n')
  expect(routeChanges(have, wanted)).toEqual([])
  expect(routeChanges(have, routesOf(straight, new Set(), 'kvx0'))).toEqual([
    'route replace 10.244.2.0/24 via 198.51.100.4 proto 75',
  ])
})

it('does the same with IPv6, where a node may be reached over the overlay only', () => {
  const ways = [
    { range: 'fd00:1:0:1::/64', via: 'fd00::3', overlayTo: '192.0.2.3' },
    { range: 'fd00:1:0:2::/64', overlayTo: '192.0.2.4' },
    { range: 'fd00:1:0:3::/64' },
  ]
  expect(ways.map((way) => isFar(way, new Set()))).toEqual([false, true, false])
  const wanted = routesOf(ways, new Set(), 'kvx0')
  expect(routeChanges(new Map(), wanted)).toEqual([
    'route replace fd00:1:0:1::/64 via fd00::3 proto 75',
    'route replace fd00:1:0:2::/64 via fd00:1:0:2:: dev kvx0 onlink proto 75',
  ])
  const have = parseRoutes(
    'fd00:1:0:1::/64 via fd00::3 dev eth0 metric 1024 pref medium\nfd00:1:0:2::/64 via fd00:1:0:2:: dev kvx0 metric 1024 onlink pref medium\n',
  )
  expect(routeChanges(have, wanted)).toEqual([])
})
