import type { V1ObjectMeta, V1PodSpec } from '@kapell/openapi/types'
import { appArmorPrefix } from '../validation/annotations.ts'

const profiles = 'non-functional in v1.27+; use the "seccompProfile" field instead'

/** Annotations that fields have taken over from. */
export function annotationWarnings(meta: V1ObjectMeta | undefined, spec: V1PodSpec | undefined): string[] {
  const annotations = meta?.annotations
  if (annotations === undefined) return []
  const found: string[] = []
  const warn = (key: string, text: string): void => {
    if (annotations[key] !== undefined) found.push(`metadata.annotations[${key}]: ${text}`)
  }
  const containers = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])]
  for (const { name } of containers) {
    warn(`${appArmorPrefix}${name}`, 'deprecated since v1.30; use the "appArmorProfile" field instead')
  }
  warn(
    'scheduler.alpha.kubernetes.io/critical-pod',
    'non-functional in v1.16+; use the "priorityClassName" field instead',
  )
  warn('security.alpha.kubernetes.io/sysctls', 'non-functional in v1.11+; use the "sysctls" field instead')
  warn('security.alpha.kubernetes.io/unsafe-sysctls', 'non-functional in v1.11+; use the "sysctls" field instead')
  warn('seccomp.security.alpha.kubernetes.io/pod', profiles)
  for (const { name } of containers) warn(`container.seccomp.security.alpha.kubernetes.io/${name}`, profiles)
  return found
}
