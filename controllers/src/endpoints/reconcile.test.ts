import type { V1Pod, V1Service } from '@kapell/openapi/types'
import { desiredEndpoints } from './reconcile.ts'

const pod = (name: string, ip: string, named: boolean, ready = true): V1Pod => ({
  metadata: { name, namespace: 'a' },
  spec: { containers: [{ name: 'c', ...(named ? { ports: [{ name: 'http', containerPort: 8080 }] } : {}) }] },
  status: { phase: 'Running', podIP: ip, conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
})
const service: V1Service = {
  metadata: { name: 's', namespace: 'a' },
  spec: {
    ipFamilies: ['IPv4'],
    selector: { app: 'x' },
    ports: [
      { name: 'web', port: 80, targetPort: 'http', protocol: 'TCP' },
      { name: 'plain', port: 99, targetPort: 99, protocol: 'TCP' },
    ],
  },
}
const told = (pods: V1Pod[]) =>
  (desiredEndpoints(service, pods, undefined).subsets ?? []).map(({ addresses, notReadyAddresses, ports }) => [
    (ports ?? []).map(({ name, port }) => `${name}:${port}`).join(),
    (addresses ?? []).map(({ ip }) => ip).join(),
    (notReadyAddresses ?? []).map(({ ip }) => ip).join(),
  ])

describe('subsets of Endpoints', () => {
  it('ports that the same addresses have are one subset', () => {
    expect(told([pod('p', '10.0.0.1', true), pod('q', '10.0.0.2', true)])).toEqual([
      ['web:8080,plain:99', '10.0.0.1,10.0.0.2', ''],
    ])
  })
  it('a port that more pods have is one of its own, with all of them', () => {
    expect(told([pod('p', '10.0.0.1', true), pod('q', '10.0.0.2', false, false)])).toEqual([
      ['web:8080', '10.0.0.1', ''],
      ['plain:99', '10.0.0.1', '10.0.0.2'],
    ])
  })
})
