import { join } from 'node:path'
import type { MessageInitShape } from '@bufbuild/protobuf'
import type { V1Container, V1Pod } from '@kapell/openapi/types'
import {
  MountPropagation,
  type ContainerConfigSchema,
  type DeviceSchema,
  type MountSchema,
} from '../cri/gen/runtime_pb.ts'
import { containerHash } from './container-hash.ts'
import { expand } from './expand.ts'
import {
  containerNameLabel,
  hashAnnotation,
  podGraceAnnotation,
  podNameLabel,
  podNamespaceLabel,
  podUidLabel,
  restartCountAnnotation,
  terminationFileAnnotation,
  terminationPathAnnotation,
  terminationPolicyAnnotation,
} from './labels.ts'
import { identityOf } from './record.ts'
import type { CgroupResources } from './resources.ts'
import { containerSecurity, type ImageUser } from './security.ts'
import type { IdMapping } from './user-namespaces.ts'
import { stopSignalNumber } from './stop-signal.ts'

export type ContainerConfig = MessageInitShape<typeof ContainerConfigSchema>
export type Device = MessageInitShape<typeof DeviceSchema>
export type Mount = MessageInitShape<typeof MountSchema>

export interface ContainerConfigInput {
  pod: V1Pod
  container: V1Container
  attempt: number
  env: ReadonlyMap<string, string>
  /** Volumes, /etc/hosts and the termination message file. */
  mounts: Mount[]
  /** Volumes that are devices. */
  devices: Device[]
  /** Devices by the names of the machine's CDI specifications. */
  cdiIds?: readonly string[]
  terminationFile: string
  /** The image's digest or id to run, and the name the pod used. */
  imageRef: string
  imageUser: ImageUser
  seccompDir: string
  resources: CgroupResources
  /** Of a pod that has users of its own. */
  users?: IdMapping | undefined
  /** Of an ephemeral container: whose processes it sees. */
  targetId?: string
}

export function containerConfig(input: ContainerConfigInput): ContainerConfig {
  const { pod, container, attempt, env } = input
  const identity = identityOf(pod)
  const lookup = (name: string): string | undefined => env.get(name)
  const encoder = new TextEncoder()
  return {
    metadata: { name: container.name, attempt },
    image: { image: input.imageRef, userSpecifiedImage: container.image ?? '' },
    command: (container.command ?? []).map((word) => expand(word, lookup)),
    args: (container.args ?? []).map((word) => expand(word, lookup)),
    workingDir: container.workingDir ?? '',
    envs: [...env].map(([key, value]) => ({ key, value: encoder.encode(value) })),
    mounts: input.mounts.map((mount) => owned(mount, input.users)),
    devices: input.devices,
    CDIDevices: (input.cdiIds ?? []).map((name) => ({ name })),
    labels: {
      [containerNameLabel]: container.name,
      [podNameLabel]: identity.name,
      [podNamespaceLabel]: identity.namespace,
      [podUidLabel]: identity.uid,
    },
    annotations: {
      [hashAnnotation]: containerHash(container),
      [restartCountAnnotation]: String(attempt),
      [terminationPathAnnotation]: container.terminationMessagePath ?? '/dev/termination-log',
      [terminationPolicyAnnotation]: container.terminationMessagePolicy ?? 'File',
      [terminationFileAnnotation]: input.terminationFile,
      [podGraceAnnotation]: String(pod.spec?.terminationGracePeriodSeconds ?? 30),
    },
    logPath: containerLogPath(container.name, attempt),
    stdin: container.stdin === true,
    stdinOnce: container.stdinOnce === true,
    tty: container.tty === true,
    stopSignal: stopSignalNumber(container.lifecycle?.stopSignal),
    linux: {
      resources: input.resources,
      securityContext: containerSecurity({
        pod,
        container,
        image: input.imageUser,
        seccompDir: input.seccompDir,
        targetId: input.targetId,
        users: input.users,
      }),
    },
  }
}

/** Files keep their owners: who is 0 in the pod is 0 on its volumes. */
const owned = (mount: Mount, users: IdMapping | undefined): Mount =>
  users === undefined ? mount : ({ ...mount, uidMappings: [users], gidMappings: [users] } as Mount)

/** Relative to the pod's log directory. */
export const containerLogPath = (name: string, attempt: number): string => join(name, `${attempt}.log`)

export const propagation: Record<string, MountPropagation> = {
  None: MountPropagation.PROPAGATION_PRIVATE,
  HostToContainer: MountPropagation.PROPAGATION_HOST_TO_CONTAINER,
  Bidirectional: MountPropagation.PROPAGATION_BIDIRECTIONAL,
}
