import type { V1PodSpec } from '@kapell/openapi/types'
import {
  baselineChecks,
  capabilitiesBaseline,
  hostPathVolumes,
  procMountBaseline,
  procMountRestricted,
  seccompBaseline,
} from './baseline.ts'
import { contextOf, naming, plural, quoted, setters, sortedSet, those, type Check } from './subject.ts'

/** Hardened pods. Source: "Pod Security Standards", "Restricted". */

const isWindows = (spec: V1PodSpec): boolean => spec.os?.name === 'windows'

const privilegeEscalation: Check = ({ spec }) => {
  if (isWindows(spec)) return undefined
  const names = those(spec, (c) => contextOf(c).allowPrivilegeEscalation !== false)
  return names.length === 0
    ? undefined
    : {
        reason: 'allowPrivilegeEscalation != false',
        detail: `${naming(names)} must set securityContext.allowPrivilegeEscalation=false`,
      }
}

const capabilities: Check = ({ spec }) => {
  if (isWindows(spec)) return undefined
  const keeping = those(spec, (c) => !(contextOf(c).capabilities?.drop ?? []).includes('ALL'))
  const wrong: string[] = []
  const adding = those(spec, (c) => {
    const added = (contextOf(c).capabilities?.add ?? []).filter((capability) => capability !== 'NET_BIND_SERVICE')
    wrong.push(...added)
    return added.length > 0
  })
  const what = [
    ...(keeping.length > 0 ? [`${naming(keeping)} must set securityContext.capabilities.drop=["ALL"]`] : []),
    ...(adding.length > 0
      ? [`${naming(adding)} must not include ${quoted(sortedSet(wrong))} in securityContext.capabilities.add`]
      : []),
  ]
  return what.length === 0 ? undefined : { reason: 'unrestricted capabilities', detail: what.join('; ') }
}

const allowedVolumes = new Set([
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'image',
  'name',
  'persistentVolumeClaim',
  'projected',
  'secret',
])

const volumeTypes: Check = ({ spec }) => {
  const types: string[] = []
  const names = (spec.volumes ?? [])
    .filter((volume) => {
      const wrong = Object.keys(volume).filter((field) => !allowedVolumes.has(field))
      types.push(...wrong)
      return wrong.length > 0
    })
    .map((volume) => volume.name)
  if (names.length === 0) return undefined
  const distinct = sortedSet(types)
  const verb = names.length === 1 ? 'uses' : 'use'
  return {
    reason: 'restricted volume types',
    detail: `${plural('volume', names.length)} ${quoted(names)} ${verb} ${plural('restricted volume type', distinct.length)} ${quoted(distinct)}`,
  }
}

const runAsNonRoot: Check = ({ spec }) => {
  if (spec.hostUsers === false) return undefined
  const reason = 'runAsNonRoot != true'
  const own = spec.securityContext?.runAsNonRoot
  const rooted = those(spec, (c) => contextOf(c).runAsNonRoot === false)
  if (own === false || rooted.length > 0) {
    return { reason, detail: `${setters(own === false, rooted)} must not set securityContext.runAsNonRoot=false` }
  }
  if (own === true) return undefined
  const silent = those(spec, (c) => contextOf(c).runAsNonRoot === undefined)
  return silent.length === 0
    ? undefined
    : { reason, detail: `${setters(true, silent, 'or')} must set securityContext.runAsNonRoot=true` }
}

const runAsUser: Check = ({ spec }) => {
  if (spec.hostUsers === false) return undefined
  const pod = spec.securityContext?.runAsUser === 0
  const names = those(spec, (c) => contextOf(c).runAsUser === 0)
  return !pod && names.length === 0
    ? undefined
    : { reason: 'runAsUser=0', detail: `${setters(pod, names)} must not set runAsUser=0` }
}

const seccomp: Check = (subject) => {
  const { spec } = subject
  if (isWindows(spec)) return undefined
  const wrong = seccompBaseline(subject)
  if (wrong !== undefined) return wrong
  if (spec.securityContext?.seccompProfile !== undefined) return undefined
  const silent = those(spec, (c) => contextOf(c).seccompProfile === undefined)
  return silent.length === 0
    ? undefined
    : {
        reason: 'seccompProfile',
        detail: `${setters(true, silent, 'or')} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"`,
      }
}

/** Checks of the baseline that a stricter one below stands for. */
const replaced = new Set<Check>([capabilitiesBaseline, hostPathVolumes, procMountBaseline, seccompBaseline])

/** In the order in which violations are listed. */
export const restrictedChecks: readonly Check[] = [
  ...baselineChecks.filter((check) => !replaced.has(check)),
  privilegeEscalation,
  capabilities,
  procMountRestricted,
  volumeTypes,
  runAsNonRoot,
  runAsUser,
  seccomp,
]
