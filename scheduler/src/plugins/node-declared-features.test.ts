import type { V1Pod } from '@kapell/openapi/types'
import type { CycleState } from '../framework/cycle-state.ts'
import type { NodeInfo } from '../framework/node-info.ts'
import { podInfo } from '../framework/pod-info.ts'
import type { Snapshot } from '../framework/snapshot.ts'
import { nodeDeclaredFeatures as plugin } from './node-declared-features.ts'

const state = {} as CycleState
const node = (declaredFeatures?: string[]): NodeInfo =>
  ({ node: { status: declaredFeatures === undefined ? {} : { declaredFeatures } } }) as NodeInfo
const pod = (action: string): V1Pod => ({
  spec: {
    containers: [{ name: 'c', restartPolicyRules: [{ action, exitCodes: { operator: 'In', values: [42] } }] }],
  },
})

it('a pod that restarts whole goes only where the node can do that', () => {
  const whole = podInfo(pod('RestartAllContainers'))
  expect(plugin.preFilter?.(state, whole, {} as Snapshot)).toBeUndefined()
  expect(plugin.filter?.(state, whole, node())).toMatchObject({
    reasons: ["node(s) didn't match Pod's required features"],
  })
  expect(plugin.filter?.(state, whole, node(['RestartAllContainersOnContainerExits']))).toBeUndefined()
})

it('other pods are not held up', () => {
  expect(plugin.preFilter?.(state, podInfo(pod('Restart')), {} as Snapshot)).toBe('skip')
})
