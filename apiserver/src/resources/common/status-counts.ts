import { invalid, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import type { KubeObject } from '@kapell/openapi/meta/object'
import { isNegative } from './validation.ts'

/** Counts in a status: none below nothing, parts not above the whole. */
export interface CountRules {
  fields: readonly string[]
  /** [part, whole, how the text calls the whole]. */
  parts?: readonly (readonly [part: string, whole: string, text: string])[]
  /** Counters that only grow. */
  growing?: readonly string[]
}

type Validate = (next: KubeObject, previous: KubeObject, at: FieldPath) => FieldError[]

const statusOf = (object: KubeObject): Record<string, unknown> =>
  (object as { status?: Record<string, unknown> }).status ?? {}

export function validateCounts(rules: CountRules): Validate {
  return (next, previous, root) => {
    const at = root.child('status')
    const status = statusOf(next)
    const before = statusOf(previous)
    const count = (of: Record<string, unknown>, field: string): number => (of[field] as number | undefined) ?? 0
    return [
      ...rules.fields.flatMap((field) =>
        count(status, field) < 0 ? [invalid(at.child(field), count(status, field), isNegative)] : [],
      ),
      ...(rules.parts ?? []).flatMap(([part, whole, text]) =>
        count(status, part) > count(status, whole)
          ? [invalid(at.child(part), count(status, part), `cannot be greater than ${text}`)]
          : [],
      ),
      ...(rules.growing ?? []).flatMap((field) =>
        before[field] !== undefined && count(status, field) < count(before, field)
          ? [invalid(at.child(field), count(status, field), 'cannot be decremented')]
          : [],
      ),
    ]
  }
}

/** Of replica sets and replication controllers. */
export const replicaCounts: CountRules = {
  fields: [
    'replicas',
    'fullyLabeledReplicas',
    'readyReplicas',
    'availableReplicas',
    'observedGeneration',
    'terminatingReplicas',
  ],
  parts: [
    ['fullyLabeledReplicas', 'replicas', 'status.replicas'],
    ['readyReplicas', 'replicas', 'status.replicas'],
    ['availableReplicas', 'replicas', 'status.replicas'],
    ['availableReplicas', 'readyReplicas', 'readyReplicas'],
  ],
}
