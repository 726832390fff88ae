import type { V1Node } from '@kapell/openapi/types'
import { overOverlay, parseRoutes, routeChanges, wantedRoutes } from './routes.ts'

const node = (name: string, podCIDR: string | undefined, address: string): V1Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name },
  spec: podCIDR === undefined ? {} : { podCIDR, podCIDRs: [podCIDR] },
  status: { addresses: [{ type: 'InternalIP', address }] },
})

it('wants a route to the pods of every other node that has a range and an address', () => {
  const all = [
    node('a', '10.244.0.0/24', '172.30.0.2'),
    node('b', '10.244.1.0/24', '172.30.0.3'),
    node('c', undefined, '172.30.0.4'),
  ]
  expect(wantedRoutes(all, 'a')).toEqual([{ podCidr: '10.244.1.0/24', via: '172.30.0.3' }])
  expect(wantedRoutes(all, undefined)).toHaveLength(2)
})

it('changes only what is not as it must be', () => {
  const have = parseRoutes(
    '10.244.1.0/24 via 172.30.0.3 dev eth0 \n10.244.2.0/24 via 172.30.0.9 dev eth0 \n10.244.3.0/24 via 172.30.0.5 dev eth0 \n',
  )
  const wanted = [
    { podCidr: '10.244.1.0/24', via: '172.30.0.3' },
    { podCidr: '10.244.2.0/24', via: '172.30.0.4' },
    { podCidr: '10.244.4.0/24', via: '172.30.0.6' },
  ]
  expect(routeChanges(have, wanted)).toEqual([
    'route delete 10.244.3.0/24 proto 75',
    'route replace 10.244.2.0/24 via 172.30.0.4 proto 75',
    'route replace 10.244.4.0/24 via 172.30.0.6 proto 75',
  ])
})

it('goes over the overlay to nodes behind a router, and back to a plain route when that is gone', () => {
  const straight = [
    { podCidr: '10.244.1.0/24', via: '172.30.0.3' },
    { podCidr: '10.244.2.0/24', via: '198.51.100.4' },
  ]
  const wanted = overOverlay(straight, new Set(['198.51.100.4']), 'kvx0')
  expect(routeChanges(new Map(), wanted)).toEqual([
    'route replace 10.244.1.0/24 via 172.30.0.3 proto 75',
    'route replace 10.244.2.0/24 via 10.244.2.0 dev kvx0 onlink proto 75',
  ])
  const have = parseRoutes('10.244.1.0/24 via 172.30.0.3 dev eth0 \n10.244.2.0/24 via 10.244.2.0 dev kvx0 onlink \n')
  expect(routeChanges(have, wanted)).toEqual([])
  expect(routeChanges(have, straight)).toEqual(['route replace 10.244.2.0/24 via 198.51.100.4 proto 75'])
})
