import type {
  V1Container,
  V1EphemeralContainer,
  V1ObjectMeta,
  V1PodSpec,
  V1SecurityContext,
} from '@kapell/openapi/types'

/** A pod, or the template of one, as the checks look at it. */
export interface Subject {
  metadata: V1ObjectMeta | undefined
  spec: V1PodSpec
}

export type AnyContainer = V1Container | V1EphemeralContainer

export interface Violation {
  /** Short: "host namespaces". */
  reason: string
  /** What exactly: "hostNetwork=true". */
  detail: string
}

export type Check = (subject: Subject) => Violation | undefined

/** In the order in which violations name them. */
export function containersOf(spec: V1PodSpec): AnyContainer[] {
  return [...(spec.initContainers ?? []), ...(spec.containers ?? []), ...(spec.ephemeralContainers ?? [])]
}

export const contextOf = (container: AnyContainer): V1SecurityContext => container.securityContext ?? {}

export const quoted = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(', ')

export const plural = (word: string, count: number): string => (count === 1 ? word : `${word}s`)

/** `container "c"` or `containers "c", "d"`. */
export function naming(names: readonly string[]): string {
  return `${plural('container', names.length)} ${quoted(names)}`
}

/** `pod and container "c"`. */
export function setters(pod: boolean, names: readonly string[], joint = 'and'): string {
  return [...(pod ? ['pod'] : []), ...(names.length > 0 ? [naming(names)] : [])].join(` ${joint} `)
}

/** Names of the containers for which this holds. */
export function those(spec: V1PodSpec, holds: (container: AnyContainer) => boolean): string[] {
  return containersOf(spec)
    .filter(holds)
    .map((container) => container.name)
}

export const sortedSet = (values: readonly string[]): string[] => [...new Set(values)].sort()
