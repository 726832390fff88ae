import type { V1Pod } from '@kapell/openapi/types'

/** Where a pod came from: "file", or "api". Source: well-known annotations of the kubelet. */
export const sourceAnnotation = 'kubernetes.io/config.source'
export const hashAnnotation = 'kubernetes.io/config.hash'
export const seenAnnotation = 'kubernetes.io/config.seen'
/** On the pod in the API that shows a static one; its value is the static pod's hash. */
export const mirrorAnnotation = 'kubernetes.io/config.mirror'

export const isMirror = (pod: V1Pod): boolean => pod.metadata?.annotations?.[mirrorAnnotation] !== undefined

/** Whether the pod came from a file and runs here; its mirror is not one of these. */
export const isStatic = (pod: V1Pod): boolean =>
  !isMirror(pod) && pod.metadata?.annotations?.[sourceAnnotation] === 'file'
