import type { V1ReplicaSet } from '@kapell/openapi/types'
import { required, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { validateSelectedTemplate, validateWorkloadSelector } from '../common/pod-template.ts'
import { nonNegative } from '../common/validation.ts'

/** Source: ReplicaSet v1 apps. */
export function validateReplicaSet(replicaSet: V1ReplicaSet, root: FieldPath): FieldError[] {
  const spec = replicaSet.spec
  const at = root.child('spec')
  if (spec === undefined) return [required(at.child('selector'))]
  const errors = [
    ...nonNegative(at.child('replicas'), spec.replicas),
    ...nonNegative(at.child('minReadySeconds'), spec.minReadySeconds),
    ...validateWorkloadSelector(spec, 'deployment', at),
  ]
  if (spec.template === undefined) return [...errors, required(at.child('template'))]
  return [...errors, ...validateSelectedTemplate(spec, at, { restartPolicies: ['Always'], noDeadline: 'ReplicaSet' })]
}
