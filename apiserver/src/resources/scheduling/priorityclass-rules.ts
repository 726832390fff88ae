import type { V1PriorityClass } from '@kapell/openapi/types'
import { forbidden, required, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { forbiddenError } from '@kapell/openapi/meta/status'
import { unsupported } from '../common/validation.ts'

/** Source: "Pod Priority and Preemption". */

const highestUserPriority = 1_000_000_000
const systemPrefix = 'system-'
const systemClasses: Readonly<Record<string, number>> = {
  'system-cluster-critical': 2_000_000_000,
  'system-node-critical': 2_000_001_000,
}

export function validatePriorityClass(priorityClass: V1PriorityClass, at: FieldPath): FieldError[] {
  const name = priorityClass.metadata?.name ?? ''
  const value = priorityClass.value ?? 0
  const errors: FieldError[] = []
  if (name.startsWith(systemPrefix)) {
    const wrong = systemClassError(name, priorityClass)
    if (wrong !== undefined) {
      const text = `priority class names with '${systemPrefix}' prefix are reserved for system use only. error: ${wrong}`
      errors.push(forbidden(at.child('metadata', 'name'), text))
    }
  } else if (value > highestUserPriority) {
    errors.push(
      forbidden(at.child('value'), `maximum allowed value of a user defined priority is ${highestUserPriority}`),
    )
  }
  const policy = priorityClass.preemptionPolicy
  if (policy === '') errors.push(required(at.child('preemptionPolicy')))
  else if (policy !== undefined && policy !== 'PreemptLowerPriority' && policy !== 'Never') {
    errors.push(unsupported(at.child('preemptionPolicy'), policy, ['PreemptLowerPriority', 'Never']))
  }
  return errors
}

function systemClassError(name: string, priorityClass: V1PriorityClass): string | undefined {
  const value = systemClasses[name]
  if (value === undefined) return `${name} is not a known system priority class`
  if (priorityClass.value !== value) return `value of ${name} PriorityClass must be ${value}`
  return priorityClass.globalDefault === true ? `globalDefault of ${name} PriorityClass must be false` : undefined
}

/** The system's own classes stay: running pods depend on them. */
export function refuseSystemClass(priorityClass: V1PriorityClass): void {
  const name = priorityClass.metadata?.name ?? ''
  if (systemClasses[name] === undefined) return
  throw forbiddenError(
    { group: 'scheduling.k8s.io', plural: 'priorityclasses' },
    name,
    'this is a system priority class and cannot be deleted',
  )
}
