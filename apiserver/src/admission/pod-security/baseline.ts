import {
  containersOf,
  contextOf,
  naming,
  plural,
  quoted,
  setters,
  sortedSet,
  those,
  type AnyContainer,
  type Check,
} from './subject.ts'

/** What nobody needs who is not part of the system. Source: "Pod Security Standards", "Baseline". */

const annotationPrefix = 'container.apparmor.security.beta.kubernetes.io/'

const appArmor: Check = ({ metadata, spec }) => {
  const wrong = (type: string | undefined): type is string =>
    type !== undefined && type !== 'RuntimeDefault' && type !== 'Localhost'
  const values: string[] = []
  const podType = spec.securityContext?.appArmorProfile?.type
  if (wrong(podType)) values.push(`"${podType}"`)
  const names = those(spec, (c) => {
    const type = contextOf(c).appArmorProfile?.type
    if (wrong(type)) values.push(`"${type}"`)
    return wrong(type)
  })
  const annotations = Object.entries(metadata?.annotations ?? {}).filter(
    ([key, value]) =>
      key.startsWith(annotationPrefix) &&
      value !== '' &&
      value !== 'runtime/default' &&
      !value.startsWith('localhost/'),
  )
  for (const [key, value] of annotations) values.push(`"${key}="${value}""`)
  const distinct = sortedSet(values)
  if (distinct.length === 0) return undefined
  const who = [
    ...(wrong(podType) || names.length > 0 ? [setters(wrong(podType), names)] : []),
    ...(annotations.length > 0 ? [plural('annotation', annotations.length)] : []),
  ].join(' and ')
  return {
    reason: plural('forbidden AppArmor profile', distinct.length),
    detail: `${who} must not set AppArmor profile type to ${distinct.join(', ')}`,
  }
}

const defaultCapabilities = new Set([
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
])

export const capabilitiesBaseline: Check = ({ spec }) => {
  const wrong: string[] = []
  const names = those(spec, (c) => {
    const added = (contextOf(c).capabilities?.add ?? []).filter((capability) => !defaultCapabilities.has(capability))
    wrong.push(...added)
    return added.length > 0
  })
  if (names.length === 0) return undefined
  return {
    reason: 'non-default capabilities',
    detail: `${naming(names)} must not include ${quoted(sortedSet(wrong))} in securityContext.capabilities.add`,
  }
}

const hostNamespaces: Check = ({ spec }) => {
  const shared = (['hostNetwork', 'hostPID', 'hostIPC'] as const).filter((field) => spec[field] === true)
  return shared.length === 0
    ? undefined
    : { reason: 'host namespaces', detail: shared.map((field) => `${field}=true`).join(', ') }
}

export const hostPathVolumes: Check = ({ spec }) => {
  const names = (spec.volumes ?? []).filter((v) => v.hostPath !== undefined).map((v) => v.name)
  return names.length === 0
    ? undefined
    : { reason: 'hostPath volumes', detail: `${plural('volume', names.length)} ${quoted(names)}` }
}

const hostPorts: Check = ({ spec }) => {
  const ports: string[] = []
  const names = those(spec, (c) => {
    const used = (c.ports ?? []).map((p) => p.hostPort ?? 0).filter((port) => port !== 0)
    ports.push(...used.map(String))
    return used.length > 0
  })
  if (names.length === 0) return undefined
  const distinct = sortedSet(ports)
  const verb = names.length === 1 ? 'uses' : 'use'
  return {
    reason: 'hostPort',
    detail: `${naming(names)} ${verb} ${plural('hostPort', distinct.length)} ${distinct.join(', ')}`,
  }
}

function probedHosts(container: AnyContainer): string[] {
  const handlers = [
    container.livenessProbe,
    container.readinessProbe,
    container.startupProbe,
    container.lifecycle?.postStart,
    container.lifecycle?.preStop,
  ]
  return handlers
    .flatMap((handler) => [handler?.httpGet?.host ?? '', handler?.tcpSocket?.host ?? ''])
    .filter((host) => host !== '')
}

const hostProbes: Check = ({ spec }) => {
  const hosts: string[] = []
  const names = those(spec, (c) => {
    const found = probedHosts(c)
    hosts.push(...found)
    return found.length > 0
  })
  if (names.length === 0) return undefined
  const distinct = sortedSet(hosts)
  const verb = names.length === 1 ? 'uses' : 'use'
  return {
    reason: 'probe or lifecycle host',
    detail: `${naming(names)} ${verb} probe or lifecycle ${plural('host', distinct.length)} ${quoted(distinct)}`,
  }
}

const privileged: Check = ({ spec }) => {
  const names = those(spec, (c) => contextOf(c).privileged === true)
  return names.length === 0
    ? undefined
    : { reason: 'privileged', detail: `${naming(names)} must not set securityContext.privileged=true` }
}

/** A pod with users of its own cannot do harm with an unmasked /proc. */
export const procMountBaseline: Check = (subject) =>
  subject.spec.hostUsers === false ? undefined : procMountRestricted(subject)

export const procMountRestricted: Check = ({ spec }) => {
  const types: string[] = []
  const names = those(spec, (c) => {
    const type = contextOf(c).procMount
    if (type === undefined || type === 'Default') return false
    types.push(type)
    return true
  })
  return names.length === 0
    ? undefined
    : {
        reason: 'procMount',
        detail: `${naming(names)} must not set securityContext.procMount to ${quoted(sortedSet(types))}`,
      }
}

const seLinuxTypes = new Set(['', 'container_t', 'container_init_t', 'container_kvm_t', 'container_engine_t'])

const seLinuxOptions: Check = ({ spec }) => {
  const types: string[] = []
  let user = false
  let role = false
  const wrong = (options: { type?: string; user?: string; role?: string } | undefined): boolean => {
    if (options === undefined) return false
    const badType = !seLinuxTypes.has(options.type ?? '')
    if (badType) types.push(options.type ?? '')
    if ((options.user ?? '') !== '') user = true
    if ((options.role ?? '') !== '') role = true
    return badType || (options.user ?? '') !== '' || (options.role ?? '') !== ''
  }
  const pod = wrong(spec.securityContext?.seLinuxOptions)
  const names = those(spec, (c) => wrong(contextOf(c).seLinuxOptions))
  if (!pod && names.length === 0) return undefined
  const distinct = sortedSet(types)
  const what = [
    ...(distinct.length > 0 ? [`${plural('type', distinct.length)} ${quoted(distinct)}`] : []),
    ...(user ? ['user may not be set'] : []),
    ...(role ? ['role may not be set'] : []),
  ]
  return {
    reason: 'seLinuxOptions',
    detail: `${setters(pod, names)} set forbidden securityContext.seLinuxOptions: ${what.join('; ')}`,
  }
}

export const seccompBaseline: Check = ({ spec }) => {
  const wrong = (type: string | undefined): boolean =>
    type !== undefined && type !== 'RuntimeDefault' && type !== 'Localhost'
  const types: string[] = []
  const note = (type: string | undefined): boolean => {
    if (wrong(type)) types.push(type ?? '')
    return wrong(type)
  }
  const pod = note(spec.securityContext?.seccompProfile?.type)
  const names = those(spec, (c) => note(contextOf(c).seccompProfile?.type))
  if (!pod && names.length === 0) return undefined
  return {
    reason: 'seccompProfile',
    detail: `${setters(pod, names)} must not set securityContext.seccompProfile.type to ${quoted(sortedSet(types))}`,
  }
}

const safeSysctls = new Set([
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_wmem',
])

const sysctls: Check = ({ spec }) => {
  const names = (spec.securityContext?.sysctls ?? []).map((s) => s.name).filter((name) => !safeSysctls.has(name))
  return names.length === 0 ? undefined : { reason: 'forbidden sysctls', detail: names.join(', ') }
}

const windowsHostProcess: Check = ({ spec }) => {
  const pod = spec.securityContext?.windowsOptions?.hostProcess === true
  const names = containersOf(spec)
    .filter((c) => contextOf(c).windowsOptions?.hostProcess === true)
    .map((c) => c.name)
  if (!pod && names.length === 0) return undefined
  return {
    reason: 'hostProcess',
    detail: `${setters(pod, names)} must not set securityContext.windowsOptions.hostProcess=true`,
  }
}

/** In the order in which violations are listed. */
export const baselineChecks: readonly Check[] = [
  appArmor,
  capabilitiesBaseline,
  hostNamespaces,
  hostPathVolumes,
  hostPorts,
  hostProbes,
  privileged,
  procMountBaseline,
  seLinuxOptions,
  seccompBaseline,
  sysctls,
  windowsHostProcess,
]
