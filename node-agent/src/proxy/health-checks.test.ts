import { silentLogger } from '@kapell/controllers/machinery/log'
import type { V1Service } from '@kapell/openapi/types'
import { createServer, type AddressInfo } from 'node:net'
import { HealthChecks, healthCheckOf } from './health-checks.ts'

const service: V1Service = {
  metadata: { name: 'web', namespace: 'default' },
  spec: { type: 'LoadBalancer', externalTrafficPolicy: 'Local', healthCheckNodePort: 31000 },
}
const slice = (...endpoints: [address: string, node: string, ready?: boolean][]) => ({
  addressType: 'IPv4',
  endpoints: endpoints.map(([address, nodeName, ready]) => ({
    addresses: [address],
    nodeName,
    conditions: ready === undefined ? {} : { ready },
  })),
})

it('counts the ready endpoints of this node, each address once', () => {
  const slices = [slice(['1', 'n1'], ['2', 'n1', false], ['3', 'n2']), slice(['1', 'n1'])]
  expect(healthCheckOf(service, slices, 'n1')).toEqual({
    port: 31000,
    namespace: 'default',
    name: 'web',
    localEndpoints: 1,
  })
})

it.each<[string, V1Service['spec']]>([
  ['policy Cluster', { externalTrafficPolicy: 'Cluster' }],
  ['another type', { type: 'NodePort' }],
  ['no port', { healthCheckNodePort: 0 }],
])('asks nothing with %s', (_, spec) => {
  expect(healthCheckOf({ ...service, spec: { ...service.spec, ...spec } }, [], 'n1')).toBeUndefined()
})

it('answers as the original does, until the Service is gone', async () => {
  const probe = createServer().listen(0)
  const { port } = probe.address() as AddressInfo
  await new Promise((resolve) => probe.close(resolve))
  const checks = new HealthChecks(silentLogger)
  const check = { port, namespace: 'default', name: 'web', localEndpoints: 2 }
  checks.put('default/web', check)
  const good = await fetch(`http://127.0.0.1:${port}/healthz`)
  expect([good.status, good.headers.get('content-type'), good.headers.get('x-load-balancing-endpoint-weight')]).toEqual(
    [200, 'application/json', '2'],
  )
  expect(await good.text()).toBe(
    '{\n\t"service": {\n\t\t"namespace": "default",\n\t\t"name": "web"\n\t},\n\t"localEndpoints": 2,\n\t"serviceProxyHealthy": true\n}',
  )
  checks.put('default/web', { ...check, localEndpoints: 0 })
  expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(503)
  checks.put('default/web', undefined)
  await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow()
  await checks.close()
})
