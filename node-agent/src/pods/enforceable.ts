import type { V1Pod } from '@kapell/openapi/types'
import type { Rejection } from './admission.ts'
import { allContainers } from './actions.ts'

/** What this machine can hold a pod to. */
export interface Enforceable {
  /** Whether the kernel has AppArmor switched on. */
  appArmor?: boolean
  /** Kernel settings that pods may set although they reach beyond the pod; a "*" at the end stands for any rest. */
  allowedUnsafeSysctls?: readonly string[]
}

/** Settings that a namespace keeps to itself. Source: docs, "Using sysctls in a Kubernetes cluster". */
const safeSysctls: readonly string[] = [
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ping_group_range',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.tcp_wmem',
]

/** Why a pod asks for something that this machine cannot, or does not, do. */
export function unenforceable(pod: V1Pod, machine: Enforceable): Rejection | undefined {
  return wrongSystem(pod) ?? forbiddenSysctl(pod, machine.allowedUnsafeSysctls ?? []) ?? missingAppArmor(pod, machine)
}

function wrongSystem(pod: V1Pod): Rejection | undefined {
  const wanted = pod.spec?.os?.name ?? 'linux'
  if (wanted === 'linux') return undefined
  return { reason: 'PodOSNotSupported', message: "Failed to admit pod as the OS field doesn't match node OS" }
}

function forbiddenSysctl(pod: V1Pod, allowed: readonly string[]): Rejection | undefined {
  const matches = (pattern: string, name: string): boolean =>
    pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern
  for (const { name: given } of pod.spec?.securityContext?.sysctls ?? []) {
    const name = given.replaceAll('/', '.')
    const why = sharedWithHost(pod, name)
    if (why === undefined && [...safeSysctls, ...allowed].some((pattern) => matches(pattern, name))) continue
    return {
      reason: 'SysctlForbidden',
      message: `forbidden sysctl: ${JSON.stringify(given)} ${why ?? 'not allowlisted'}`,
    }
  }
  return undefined
}

function sharedWithHost(pod: V1Pod, name: string): string | undefined {
  if (pod.spec?.hostNetwork === true && name.startsWith('net.')) return 'not allowed with host net enabled'
  const ofIpc = ['kernel.sem', 'kernel.shm', 'kernel.msg', 'fs.mqueue.'].some((start) => name.startsWith(start))
  return pod.spec?.hostIPC === true && ofIpc ? 'not allowed with host ipc enabled' : undefined
}

function missingAppArmor(pod: V1Pod, { appArmor = false }: Enforceable): Rejection | undefined {
  const profiles = [pod.spec?.securityContext, ...allContainers(pod).map(({ securityContext }) => securityContext)].map(
    (context) => context?.appArmorProfile?.type,
  )
  if (appArmor || profiles.every((type) => type === undefined || type === 'Unconfined')) return undefined
  return { reason: 'AppArmor', message: 'Cannot enforce AppArmor: AppArmor is not enabled on the host' }
}
