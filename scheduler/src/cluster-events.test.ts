import type { V1Node } from '@kapell/openapi/types'
import { eventLabel, nodeChange } from './cluster-events.ts'

const node = (more: Partial<V1Node> = {}): V1Node => ({ metadata: { name: 'n' }, ...more })
const ready = (status: string, lastHeartbeatTime: string): V1Node =>
  node({
    status: { conditions: [{ type: 'Ready', status, lastHeartbeatTime }] } as unknown as V1Node['status'] & object,
  })

it.each<[string | undefined, V1Node, V1Node]>([
  ['NodeUpdateNodeAllocatable', node(), node({ status: { allocatable: { cpu: '1' } } })],
  ['NodeUpdateNodeLabel', node(), node({ metadata: { name: 'n', labels: { a: 'b' } } })],
  ['NodeUpdateNodeTaint', node(), node({ spec: { unschedulable: true } })],
  ['NodeUpdateNodeTaint', node(), node({ spec: { taints: [{ key: 'a', effect: 'NoSchedule' }] } })],
  ['NodeUpdateNodeCondition', ready('False', '1'), ready('True', '1')],
  [undefined, ready('True', '1'), ready('True', '2')],
])('%s', (name, before, after) => {
  expect(nodeChange(before, after)).toBe(name)
})

it('names kinds of other groups with the group', () => {
  expect([eventLabel('StorageClassAdd'), eventLabel('PersistentVolumeClaimUpdate'), eventLabel('NodeAdd')]).toEqual([
    'storage.k8s.io/StorageClassAdd',
    'PersistentVolumeClaimUpdate',
    'NodeAdd',
  ])
})
