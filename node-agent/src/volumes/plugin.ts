import type { V1ConfigMap, V1Pod, V1Secret, V1Volume } from '@kapell/openapi/types'

/** What a volume type needs to make itself ready. */
export interface VolumeContext {
  pod: V1Pod
  volume: V1Volume
  /** A directory of this volume's own; not made yet. */
  dir: string
  configMap(name: string): Promise<V1ConfigMap | undefined>
  secret(name: string): Promise<V1Secret | undefined>
  token(request: TokenRequest): Promise<string>
  allocatable: Record<string, string>
  nodeIp: string
}

export interface TokenRequest {
  audience: string | undefined
  expirationSeconds: number
}

/** One type of volume. `setUp` is called again and again: it makes or refreshes. Errors say what is missing. */
export interface VolumePlugin {
  /** The directory's name, as upstream names it. */
  name: string
  /** Kept in memory only, where the node can. */
  inMemory: boolean
  matches(volume: V1Volume): boolean
  /** It never changes once it is ready: `setUp` is called until it succeeds, once for a pod. Default false. */
  once?: boolean
  /** Of one that is set up once: looks whether it has changed all the same. */
  refresh?(context: VolumeContext): Promise<void>
  /** Answers the path on the host that containers get to see. */
  setUp(context: VolumeContext): Promise<string | ReadyVolume>
}

export interface ReadyVolume {
  path: string
  /** For every container, whatever it says itself. */
  readOnly?: boolean
  /** The path is a device, for volumeDevices. */
  block?: boolean
}

/** The user that all containers run as, if they say so and it is one. */
export function commonUserOf({ spec }: V1Pod): number | undefined {
  const users = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].map(
    ({ securityContext }) => securityContext?.runAsUser ?? spec?.securityContext?.runAsUser,
  )
  return users.every((user) => user === users[0]) ? users[0] : undefined
}

/** The group that owns the files, and whether there is one. */
export const fsGroupOf = (pod: V1Pod): number | undefined => pod.spec?.securityContext?.fsGroup
