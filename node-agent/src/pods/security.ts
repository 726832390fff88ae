import type { MessageInitShape } from '@bufbuild/protobuf'
import { join } from 'node:path'
import type { V1AppArmorProfile, V1Container, V1Pod, V1SeccompProfile } from '@kapell/openapi/types'
import {
  NamespaceMode,
  SecurityProfile_ProfileType as Profile,
  SupplementalGroupsPolicy,
  type LinuxContainerSecurityContextSchema,
  type LinuxSandboxSecurityContextSchema,
  type NamespaceOptionSchema,
  type SecurityProfileSchema,
} from '../cri/gen/runtime_pb.ts'
import { ContainerConfigError } from './env.ts'
import { userNamespace, type IdMapping } from './user-namespaces.ts'

type ContainerSecurity = MessageInitShape<typeof LinuxContainerSecurityContextSchema>
type SandboxSecurity = MessageInitShape<typeof LinuxSandboxSecurityContextSchema>

/** Kernel files that containers must not read or change, unless privileged. Source: OCI runtimes' defaults. */
const maskedPaths = [
  '/proc/asound',
  '/proc/acpi',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/sys/firmware',
  '/sys/devices/virtual/powercap',
]
const readonlyPaths = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger']

function namespaces(pod: V1Pod, users: IdMapping | undefined): MessageInitShape<typeof NamespaceOptionSchema> {
  const spec = pod.spec
  const usernsOptions = userNamespace(users)
  return {
    ...(usernsOptions === undefined ? {} : { usernsOptions }),
    network: spec?.hostNetwork === true ? NamespaceMode.NODE : NamespaceMode.POD,
    ipc: spec?.hostIPC === true ? NamespaceMode.NODE : NamespaceMode.POD,
    pid:
      spec?.hostPID === true
        ? NamespaceMode.NODE
        : spec?.shareProcessNamespace === true
          ? NamespaceMode.POD
          : NamespaceMode.CONTAINER,
  }
}

function seccomp(profile: V1SeccompProfile | undefined, dir: string): MessageInitShape<typeof SecurityProfileSchema> {
  if (profile?.type === 'RuntimeDefault') return { profileType: Profile.RuntimeDefault }
  if (profile?.type === 'Localhost') {
    return { profileType: Profile.Localhost, localhostRef: join(dir, profile.localhostProfile ?? '') }
  }
  return { profileType: Profile.Unconfined }
}

/** Left to the runtime where nobody asks. */
function appArmor(profile: V1AppArmorProfile | undefined): MessageInitShape<typeof SecurityProfileSchema> | undefined {
  switch (profile?.type) {
    case 'RuntimeDefault':
      return { profileType: Profile.RuntimeDefault }
    case 'Localhost':
      return { profileType: Profile.Localhost, localhostRef: profile.localhostProfile ?? '' }
    case 'Unconfined':
      return { profileType: Profile.Unconfined }
    default:
      return undefined
  }
}

const int64 = (value: number | undefined): { value: bigint } | undefined =>
  value === undefined ? undefined : { value: BigInt(value) }

/** fsGroup comes first: it is a group of every process. */
function groups(pod: V1Pod): bigint[] {
  const context = pod.spec?.securityContext
  return [...(context?.fsGroup === undefined ? [] : [context.fsGroup]), ...(context?.supplementalGroups ?? [])].map(
    BigInt,
  )
}

const groupsPolicy = (pod: V1Pod): SupplementalGroupsPolicy =>
  pod.spec?.securityContext?.supplementalGroupsPolicy === 'Strict'
    ? SupplementalGroupsPolicy.Strict
    : SupplementalGroupsPolicy.Merge

export function sandboxSecurity(pod: V1Pod, users?: IdMapping): SandboxSecurity {
  const context = pod.spec?.securityContext
  const privileged = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])].some(
    (container) => container.securityContext?.privileged === true,
  )
  const user = int64(context?.runAsUser)
  const group = user === undefined ? undefined : int64(context?.runAsGroup)
  return {
    namespaceOptions: namespaces(pod, users),
    privileged,
    supplementalGroups: groups(pod),
    supplementalGroupsPolicy: groupsPolicy(pod),
    seccomp: privileged ? { profileType: Profile.Unconfined } : { profileType: Profile.RuntimeDefault },
    ...(user === undefined ? {} : { runAsUser: user }),
    ...(group === undefined ? {} : { runAsGroup: group }),
  }
}

/** The user an image says it runs as: a number, or a name we cannot resolve from outside. */
export interface ImageUser {
  uid: number | undefined
  username: string
}

export interface ContainerSecurityRequest {
  pod: V1Pod
  container: V1Container
  image: ImageUser
  /** Where the profiles are that pods name. */
  seccompDir: string
  /** The container whose processes this one shall see. */
  targetId?: string | undefined
  /** Of a pod that has users of its own. */
  users?: IdMapping | undefined
}

/** Throws ContainerConfigError when the pod asks for a non-root user and would get root. */
export function containerSecurity(request: ContainerSecurityRequest): ContainerSecurity {
  const { pod, container, image, targetId, users } = request
  const own = container.securityContext
  const shared = pod.spec?.securityContext
  const runAsUser = own?.runAsUser ?? shared?.runAsUser
  const runAsGroup = own?.runAsGroup ?? shared?.runAsGroup
  const privileged = own?.privileged === true
  const confined = appArmor(own?.appArmorProfile ?? shared?.appArmorProfile)
  if ((own?.runAsNonRoot ?? shared?.runAsNonRoot) === true) verifyNonRoot(pod, container, runAsUser, image)
  const user = int64(runAsUser ?? (image.username === '' ? image.uid : undefined))
  const group = int64(runAsGroup)
  return {
    namespaceOptions: {
      ...namespaces(pod, users),
      ...(targetId === undefined ? {} : { pid: NamespaceMode.TARGET, targetId }),
    },
    privileged,
    readonlyRootfs: own?.readOnlyRootFilesystem === true,
    noNewPrivs: own?.allowPrivilegeEscalation === false,
    supplementalGroups: groups(pod),
    supplementalGroupsPolicy: groupsPolicy(pod),
    capabilities: {
      addCapabilities: own?.capabilities?.add ?? [],
      dropCapabilities: own?.capabilities?.drop ?? [],
    },
    seccomp: privileged
      ? { profileType: Profile.Unconfined }
      : seccomp(own?.seccompProfile ?? shared?.seccompProfile, request.seccompDir),
    ...(confined === undefined ? {} : { apparmor: confined }),
    ...(privileged || own?.procMount === 'Unmasked' ? {} : { maskedPaths, readonlyPaths }),
    ...(user !== undefined ? { runAsUser: user } : image.username === '' ? {} : { runAsUsername: image.username }),
    ...(group === undefined ? {} : { runAsGroup: group }),
  }
}

function verifyNonRoot(pod: V1Pod, container: V1Container, runAsUser: number | undefined, image: ImageUser): void {
  const where = `(pod: "${pod.metadata?.name ?? ''}_${pod.metadata?.namespace ?? ''}(${pod.metadata?.uid ?? ''})", container: ${container.name})`
  if (runAsUser !== undefined) {
    if (runAsUser === 0) {
      throw new ContainerConfigError(`container's runAsUser breaks non-root policy ${where}`)
    }
    return
  }
  if (image.username !== '') {
    throw new ContainerConfigError(
      `container has runAsNonRoot and image has non-numeric user (${image.username}), cannot verify user is non-root ${where}`,
    )
  }
  if (image.uid === undefined || image.uid === 0) {
    throw new ContainerConfigError(`container has runAsNonRoot and image will run as root ${where}`)
  }
}
