import type { V1Pod, V1PodCondition, V1PodSpec } from '@kapell/openapi/types'

/** A pod of one container, and what a test needs besides. */
export function podWith(spec: Partial<V1PodSpec> = {}): V1Pod {
  return { metadata: { name: 'p', namespace: 'a' }, spec: { containers: [{ name: 'c', image: 'nginx' }], ...spec } }
}

export function conditionAt(type: string, status: string, reason?: string): V1PodCondition {
  return { type, status, ...(reason === undefined ? {} : { reason }) }
}
