import type { V1AppArmorProfile, V1PodSpec, V1SeccompProfile, V1SecurityContext } from '@kapell/openapi/types'
import {
  forbidden,
  invalid,
  required,
  tooLong,
  type FieldError,
  type FieldPath,
} from '@kapell/openapi/meta/field-errors'
import { internalView } from '../../../common/internal-view.ts'
import { inRange, unsupported } from '../../../common/validation.ts'
import { validateWindowsOptions } from './windows.ts'

/** Security contexts. Source: "Configure a Security Context for a Pod or Container". */

const id = (at: FieldPath, value: number | undefined): FieldError[] =>
  value === undefined ? [] : inRange(at, value, 0, 2147483647)

const sysctlPattern = /^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$/
const sysctlText =
  'must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$'

function validateSysctls(sysctls: readonly { name: string }[], spec: V1PodSpec, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const seen = new Set<string>()
  for (const [i, { name }] of sysctls.entries()) {
    const here = at.index(i).child('name')
    if (name === '') errors.push(required(here))
    else if (name.length > 253 || !sysctlPattern.test(name)) errors.push(invalid(here, name, sysctlText))
    else if (seen.has(name)) errors.push({ type: 'FieldValueDuplicate', field: here.text, badValue: name, detail: '' })
    errors.push(...hostSysctl(name, spec, here))
    seen.add(name)
  }
  return errors
}

function hostSysctl(name: string, spec: V1PodSpec, at: FieldPath): FieldError[] {
  const dotted = name.replaceAll('/', '.')
  if (spec.hostNetwork === true && dotted.startsWith('net.')) {
    return [invalid(at, name, "may not be specified when 'hostNetwork' is true")]
  }
  const ipc =
    /^kernel\.(shmall|shmmax|shmmni|shm_rmid_forced|sem)$/.test(dotted) ||
    dotted.startsWith('kernel.msg') ||
    dotted.startsWith('fs.mqueue.')
  return spec.hostIPC === true && ipc ? [invalid(at, name, "may not be specified when 'hostIPC' is true")] : []
}

function validateLocalPath(path: string, at: FieldPath): FieldError[] {
  if (path.startsWith('/')) return [invalid(at, path, 'must be a relative path')]
  return path.split('/').includes('..') ? [invalid(at, path, "must not contain '..'")] : []
}

export function validateSeccomp(profile: V1SeccompProfile | undefined, at: FieldPath): FieldError[] {
  if (profile === undefined) return []
  const { type, localhostProfile } = profile
  if (type === 'Localhost') {
    return localhostProfile === undefined
      ? [required(at.child('localhostProfile'), 'must be set when seccomp type is Localhost')]
      : validateLocalPath(localhostProfile, at.child('localhostProfile'))
  }
  const errors: FieldError[] = []
  if (localhostProfile !== undefined) {
    errors.push(
      invalid(
        at.child('localhostProfile'),
        internalView('core.v1.SeccompProfile', profile),
        'can only be set when seccomp type is Localhost',
      ),
    )
  }
  if (type === '') errors.push(required(at.child('type'), 'type is required when seccompProfile is set'))
  else if (!['RuntimeDefault', 'Unconfined'].includes(type)) {
    errors.push(unsupported(at.child('type'), type, ['Localhost', 'RuntimeDefault', 'Unconfined']))
  }
  return errors
}

const appArmorTypes = ['Localhost', 'RuntimeDefault', 'Unconfined']
const maxProfileBytes = 4095

export function validateAppArmor(profile: V1AppArmorProfile | undefined, at: FieldPath): FieldError[] {
  if (profile === undefined) return []
  const { type, localhostProfile: name } = profile
  const here = at.child('localhostProfile')
  const errors: FieldError[] = []
  if (type === 'Localhost') {
    if (name === undefined || name === '') errors.push(required(here, 'must be set when AppArmor type is Localhost'))
    else if (name !== name.trim()) errors.push(invalid(here, name, 'must not be padded with whitespace'))
    else if (Buffer.byteLength(name) > maxProfileBytes) errors.push(tooLong(here, maxProfileBytes))
    return errors
  }
  if (type === '') errors.push(required(at.child('type'), 'type is required when appArmorProfile is set'))
  else if (!appArmorTypes.includes(type)) errors.push(unsupported(at.child('type'), type, appArmorTypes))
  else if (name !== undefined) errors.push(invalid(here, name, 'can only be set when AppArmor type is Localhost'))
  return errors
}

const linuxOnly = [
  'seLinuxOptions',
  'seccompProfile',
  'appArmorProfile',
  'fsGroup',
  'fsGroupChangePolicy',
  'sysctls',
  'shareProcessNamespace',
  'runAsUser',
  'runAsGroup',
  'supplementalGroups',
  'supplementalGroupsPolicy',
] as const

const containerLinuxOnly = [
  'capabilities',
  'readOnlyRootFilesystem',
  'privileged',
  'allowPrivilegeEscalation',
  'procMount',
  'runAsUser',
  'runAsGroup',
  'seLinuxOptions',
  'seccompProfile',
  'appArmorProfile',
] as const

const windowsText = 'cannot be set for a windows pod'

/** What the other operating system's pods cannot have. */
export function validateOs(spec: V1PodSpec, at: FieldPath): FieldError[] {
  const name = spec.os?.name
  if (spec.os === undefined) return []
  if (name === undefined || name === '') return [required(at.child('os', 'name'))]
  if (name !== 'linux' && name !== 'windows') return [unsupported(at.child('os'), name, ['linux', 'windows'])]
  const contexts = [
    {
      at: at.child('securityContext'),
      context: spec.securityContext as Record<string, unknown> | undefined,
      fields: linuxOnly,
    },
    ...[...(spec.containers ?? [])].map((c, i) => ({
      at: at.child('containers').index(i).child('securityContext'),
      context: c.securityContext as Record<string, unknown> | undefined,
      fields: containerLinuxOnly,
    })),
  ]
  if (name === 'linux') {
    return contexts.flatMap((c) =>
      c.context?.['windowsOptions'] === undefined
        ? []
        : [forbidden(c.at.child('windowsOptions'), 'windows options cannot be set for a linux pod')],
    )
  }
  const errors: FieldError[] = []
  for (const field of ['hostPID', 'hostIPC'] as const) {
    if (spec[field] === true) errors.push(forbidden(at.child(field), windowsText))
  }
  for (const field of ['hostUsers', 'shareProcessNamespace'] as const) {
    if (spec[field] !== undefined) errors.push(forbidden(at.child(field), windowsText))
  }
  for (const c of contexts) {
    for (const field of c.fields) {
      if (c.context?.[field] !== undefined) errors.push(forbidden(c.at.child(field), windowsText))
    }
  }
  return errors
}

export function validatePodSecurity(spec: V1PodSpec, at: FieldPath): FieldError[] {
  const context = spec.securityContext
  const errors: FieldError[] = []
  if (context === undefined) return errors
  errors.push(...id(at.child('fsGroup'), context.fsGroup))
  errors.push(...id(at.child('runAsUser'), context.runAsUser))
  errors.push(...id(at.child('runAsGroup'), context.runAsGroup))
  for (const [i, group] of (context.supplementalGroups ?? []).entries()) {
    errors.push(...id(at.child('supplementalGroups').index(i), group))
  }
  if (spec.shareProcessNamespace === true && spec.hostPID === true) {
    errors.push(
      invalid(at.child('shareProcessNamespace'), true, 'ShareProcessNamespace and HostPID cannot both be enabled'),
    )
  }
  errors.push(...validateSysctls(context.sysctls ?? [], spec, at.child('sysctls')))
  const policy = context.fsGroupChangePolicy
  if (policy !== undefined && policy !== 'Always' && policy !== 'OnRootMismatch') {
    errors.push(unsupported(at.child('fsGroupChangePolicy'), policy, ['Always', 'OnRootMismatch']))
  }
  errors.push(...validateSeccomp(context.seccompProfile, at.child('seccompProfile')))
  const groupsPolicy = context.supplementalGroupsPolicy
  if (groupsPolicy !== undefined && groupsPolicy !== 'Merge' && groupsPolicy !== 'Strict') {
    errors.push(unsupported(at.child('supplementalGroupsPolicy'), groupsPolicy, ['Merge', 'Strict']))
  }
  const change = context.seLinuxChangePolicy
  // The other way of upstream's, MountOption, is behind a feature gate.
  if (change !== undefined && change !== 'Recursive') {
    errors.push(unsupported(at.child('seLinuxChangePolicy'), change, ['Recursive']))
  }
  errors.push(...validateAppArmor(context.appArmorProfile, at.child('appArmorProfile')))
  errors.push(...validateWindowsOptions(context.windowsOptions, at.child('windowsOptions')))
  return errors
}

export function validateContainerSecurity(
  context: V1SecurityContext | undefined,
  hostUsers: boolean,
  at: FieldPath,
): FieldError[] {
  if (context === undefined) return []
  const errors = [...id(at.child('runAsUser'), context.runAsUser), ...id(at.child('runAsGroup'), context.runAsGroup)]
  if (context.procMount !== undefined) {
    if (context.procMount !== 'Default' && context.procMount !== 'Unmasked') {
      errors.push(unsupported(at.child('procMount'), context.procMount, ['Default', 'Unmasked']))
    } else if (hostUsers && context.procMount === 'Unmasked') {
      errors.push(invalid(at.child('procMount'), context.procMount, '`hostUsers` must be false to use `Unmasked`'))
    }
  }
  errors.push(...validateSeccomp(context.seccompProfile, at.child('seccompProfile')))
  errors.push(...validateAppArmor(context.appArmorProfile, at.child('appArmorProfile')))
  errors.push(...validateWindowsOptions(context.windowsOptions, at.child('windowsOptions')))
  if (context.allowPrivilegeEscalation === false) {
    if (context.privileged === true) {
      errors.push(
        invalid(
          at,
          internalView('core.v1.SecurityContext', context),
          'cannot set `allowPrivilegeEscalation` to false and `privileged` to true',
        ),
      )
    }
    if ((context.capabilities?.add ?? []).some((c) => c === 'CAP_SYS_ADMIN')) {
      errors.push(
        invalid(
          at,
          internalView('core.v1.SecurityContext', context),
          'cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN',
        ),
      )
    }
  }
  return errors
}
