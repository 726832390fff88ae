import type { V1Pod } from '@kapell/openapi/types'
import { forbidden, invalid, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { jsonProblem } from '../../../common/json-problem.ts'

/** Annotations that mean something, from before there were fields for it. Source: "Well-Known Labels, Annotations". */

export const appArmorPrefix = 'container.apparmor.security.beta.kubernetes.io/'
const seccompPod = 'seccomp.security.alpha.kubernetes.io/pod'
const seccompPrefix = 'container.seccomp.security.alpha.kubernetes.io/'
const tolerations = 'scheduler.alpha.kubernetes.io/tolerations'

export function validatePodAnnotations(pod: V1Pod, at: FieldPath): FieldError[] {
  const annotations = pod.metadata?.annotations
  if (annotations === undefined) return []
  const errors: FieldError[] = []
  const names = new Set([...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])].map((c) => c.name))
  for (const [key, value] of Object.entries(annotations)) {
    if (key === tolerations) {
      const problem = jsonProblem(value)
      if (problem !== undefined) errors.push(invalid(at, tolerations, problem))
    }
    if (key === 'kubernetes.io/config.mirror' && (pod.spec?.nodeName ?? '') === '') {
      errors.push(invalid(at.key(key), value, 'must set spec.nodeName if mirror pod annotation is set'))
    }
    if (key === 'controller.kubernetes.io/pod-deletion-cost' && !isInt32(value)) {
      errors.push(invalid(at.key(key), value, 'must be a 32bit integer'))
    }
    if ((key === seccompPod || key.startsWith(seccompPrefix)) && !isSeccompProfile(value)) {
      errors.push(invalid(at.child(key), value, 'must be a valid seccomp profile'))
    }
    if (key.startsWith(appArmorPrefix)) errors.push(...appArmor(key, value, names, at.key(key)))
  }
  return errors
}

function appArmor(key: string, value: string, names: ReadonlySet<string>, at: FieldPath): FieldError[] {
  const container = key.slice(appArmorPrefix.length)
  const errors = names.has(container) ? [] : [invalid(at, container, 'container not found')]
  const isProfile =
    value === '' || value === 'runtime/default' || value === 'unconfined' || value.startsWith('localhost/')
  return isProfile ? errors : [...errors, invalid(at, value, `invalid AppArmor profile name: ${JSON.stringify(value)}`)]
}

/** Profiles in annotations are for good, and of containers that are there. */
export function validateAppArmorUpdate(next: V1Pod, previous: V1Pod, at: FieldPath): FieldError[] {
  const marks = (pod: V1Pod): [string, string][] =>
    Object.entries(pod.metadata?.annotations ?? {}).filter(([key]) => key.startsWith(appArmorPrefix))
  const [now, before] = [new Map(marks(next)), new Map(marks(previous))]
  return [
    ...[...before].flatMap(([key, value]) =>
      now.get(key) === value ? [] : [forbidden(at.key(key), 'may not remove or update AppArmor annotations')],
    ),
    ...[...now.keys()].flatMap((key) =>
      before.has(key) ? [] : [forbidden(at.key(key), 'may not add AppArmor annotations')],
    ),
  ]
}

function isSeccompProfile(value: string): boolean {
  if (['unconfined', 'runtime/default', 'docker/default'].includes(value)) return true
  return value.startsWith('localhost/') && !value.slice('localhost/'.length).startsWith('/') && !value.includes('..')
}

/** Without plus signs or leading zeros, within 32 bits. */
function isInt32(text: string): boolean {
  if (!/^(0|-?[1-9][0-9]*)$/.test(text)) return false
  const value = Number(text)
  return value >= -(2 ** 31) && value < 2 ** 31
}
