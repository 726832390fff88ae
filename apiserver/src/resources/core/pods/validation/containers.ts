import type {
  V1Container,
  V1ContainerPort,
  V1EphemeralContainer,
  V1PodSpec,
  V1Volume,
  V1VolumeMount,
} from '@kapell/openapi/types'
import {
  duplicate,
  forbidden,
  invalid,
  notFoundValue,
  required,
  type FieldError,
  type FieldPath,
} from '@kapell/openapi/meta/field-errors'
import { dns1123Label, portName } from '@kapell/openapi/meta/names'
import { nameErrors, requiredName, unsupported, validatePortNumber } from '../../../common/validation.ts'
import { validateEnv, validateEnvFrom } from './env.ts'
import { validateLifecycle, validateProbe } from './probes.ts'
import { validateContainerResources } from './resources.ts'
import { validateRestart } from './restart.ts'
import { validateContainerSecurity } from './security.ts'
import { descendingPath } from './paths.ts'

export interface ContainerScope {
  spec: V1PodSpec
  volumes: ReadonlyMap<string, V1Volume>
  claims: ReadonlySet<string>
}

const protocols = ['SCTP', 'TCP', 'UDP']

function validatePorts(ports: readonly V1ContainerPort[], at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const names = new Set<string>()
  for (const [i, port] of ports.entries()) {
    const here = at.index(i)
    if (port.name !== undefined && port.name !== '') {
      const wrong = nameErrors(here.child('name'), port.name, portName)
      if (wrong.length > 0) errors.push(...wrong)
      else if (names.has(port.name)) errors.push(duplicate(here.child('name'), port.name))
      else names.add(port.name)
    }
    if ((port.containerPort ?? 0) === 0) errors.push(required(here.child('containerPort')))
    else errors.push(...validatePortNumber(here.child('containerPort'), port.containerPort))
    if ((port.hostPort ?? 0) !== 0) errors.push(...validatePortNumber(here.child('hostPort'), port.hostPort ?? 0))
    if ((port.protocol ?? '') === '') errors.push(required(here.child('protocol')))
    else if (!protocols.includes(port.protocol ?? '')) {
      errors.push(unsupported(here.child('protocol'), port.protocol, protocols))
    }
  }
  return errors
}

function validateMounts(
  container: V1Container | V1EphemeralContainer,
  scope: ContainerScope,
  at: FieldPath,
): FieldError[] {
  const errors: FieldError[] = []
  const paths = new Set<string>()
  const devices = new Set((container.volumeDevices ?? []).map((d) => d.devicePath))
  const deviceNames = new Set((container.volumeDevices ?? []).map((d) => d.name))
  for (const [i, mount] of (container.volumeMounts ?? []).entries()) {
    const here = at.index(i)
    if (mount.name === '') errors.push(required(here.child('name')))
    if (!scope.volumes.has(mount.name)) errors.push(notFoundValue(here.child('name'), mount.name))
    if (deviceNames.has(mount.name)) {
      errors.push(invalid(here.child('name'), mount.name, 'must not already exist in volumeDevices'))
    }
    if (mount.mountPath === '') errors.push(required(here.child('mountPath')))
    if (paths.has(mount.mountPath)) errors.push(invalid(here.child('mountPath'), mount.mountPath, 'must be unique'))
    paths.add(mount.mountPath)
    if (devices.has(mount.mountPath)) {
      errors.push(
        invalid(here.child('mountPath'), mount.mountPath, 'must not already exist as a path in volumeDevices'),
      )
    }
    errors.push(
      ...validateSubPaths(mount, at, here),
      ...validatePropagation(mount, container, at),
      ...validateRecursive(mount, at),
    )
  }
  return errors
}

/** Most of a mount is reported under the list, not under the mount. */
function validateSubPaths(mount: V1VolumeMount, at: FieldPath, here: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const { subPath = '', subPathExpr = '' } = mount
  if (subPath !== '') errors.push(...descendingPath(subPath, at.child('subPath')))
  if (subPathExpr !== '') {
    if (subPath !== '')
      errors.push(invalid(here.child('subPathExpr'), subPathExpr, 'subPathExpr and subPath are mutually exclusive'))
    errors.push(...descendingPath(subPathExpr, at.child('subPathExpr')))
  }
  return errors
}

const propagations = ['Bidirectional', 'HostToContainer', 'None']

function validatePropagation(
  mount: V1VolumeMount,
  container: V1Container | V1EphemeralContainer,
  at: FieldPath,
): FieldError[] {
  const mode = mount.mountPropagation
  if (mode === undefined) return []
  const here = at.child('mountPropagation')
  if (!propagations.includes(mode)) return [unsupported(here, mode, propagations)]
  return mode === 'Bidirectional' && container.securityContext?.privileged !== true
    ? [forbidden(here, 'Bidirectional mount propagation is available only to privileged containers')]
    : []
}

function validateRecursive(mount: V1VolumeMount, at: FieldPath): FieldError[] {
  const mode = mount.recursiveReadOnly
  if (mode === undefined || mode === 'Disabled') return []
  const here = at.child('recursiveReadOnly')
  if (mode !== 'Enabled' && mode !== 'IfPossible')
    return [unsupported(here, mode, ['Disabled', 'Enabled', 'IfPossible'])]
  const errors: FieldError[] = []
  if (mount.readOnly !== true) errors.push(forbidden(here, 'may only be specified when readOnly is true'))
  if (mount.mountPropagation !== undefined && mount.mountPropagation !== 'None') {
    errors.push(forbidden(here, 'may only be specified when mountPropagation is None or not specified'))
  }
  return errors
}

function validateDevices(
  container: V1Container | V1EphemeralContainer,
  scope: ContainerScope,
  at: FieldPath,
): FieldError[] {
  const errors: FieldError[] = []
  const names = new Set<string>()
  const paths = new Set<string>()
  const mounts = new Set((container.volumeMounts ?? []).map((m) => m.mountPath))
  const mountNames = new Set((container.volumeMounts ?? []).map((m) => m.name))
  for (const [i, device] of (container.volumeDevices ?? []).entries()) {
    const here = at.index(i)
    const volume = scope.volumes.get(device.name)
    if (device.name === '') errors.push(required(here.child('name')))
    if (device.name !== '' && names.has(device.name))
      errors.push(invalid(here.child('name'), device.name, 'must be unique'))
    names.add(device.name)
    if (volume === undefined) errors.push(notFoundValue(here.child('name'), device.name))
    else if (volume !== undefined && volume.persistentVolumeClaim === undefined && volume.ephemeral === undefined) {
      errors.push(
        invalid(
          here.child('name'),
          device.name,
          'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode',
        ),
      )
    }
    if (mountNames.has(device.name)) {
      errors.push(invalid(here.child('name'), device.name, 'must not already exist in volumeMounts'))
    }
    if (device.devicePath === '') errors.push(required(here.child('devicePath')))
    if (paths.has(device.devicePath))
      errors.push(invalid(here.child('devicePath'), device.devicePath, 'must be unique'))
    paths.add(device.devicePath)
    if (mounts.has(device.devicePath)) {
      errors.push(
        invalid(here.child('devicePath'), device.devicePath, 'must not already exist as a path in volumeMounts'),
      )
    }
  }
  return errors
}

const pullPolicies = ['Always', 'IfNotPresent', 'Never']
const messagePolicies = ['File', 'FallbackToLogsOnError']

/** What containers of every sort obey. */
export function validateContainerBasics(
  container: V1Container | V1EphemeralContainer,
  scope: ContainerScope,
  at: FieldPath,
): FieldError[] {
  const errors = requiredName(at.child('name'), container.name, dns1123Label)
  const image = container.image ?? ''
  if (image === '') errors.push(required(at.child('image')))
  const message = container.terminationMessagePolicy ?? ''
  if (message === '') errors.push(required(at.child('terminationMessagePolicy')))
  else if (!messagePolicies.includes(message)) {
    errors.push(unsupported(at.child('terminationMessagePolicy'), message, messagePolicies))
  }
  errors.push(...validatePorts(container.ports ?? [], at.child('ports')))
  errors.push(...validateEnv(container.env ?? [], scope.volumes, at.child('env')))
  errors.push(...validateEnvFrom(container.envFrom ?? [], at.child('envFrom')))
  errors.push(...validateMounts(container, scope, at.child('volumeMounts')))
  errors.push(...validateDevices(container, scope, at.child('volumeDevices')))
  const pull = container.imagePullPolicy ?? ''
  if (pull === '') errors.push(required(at.child('imagePullPolicy')))
  else if (!pullPolicies.includes(pull)) errors.push(unsupported(at.child('imagePullPolicy'), pull, pullPolicies))
  errors.push(...validateContainerResources(container.resources, scope.claims, at.child('resources')))
  errors.push(...validateResizePolicies(container, scope.spec, at.child('resizePolicy')))
  errors.push(
    ...validateContainerSecurity(
      container.securityContext,
      scope.spec.hostUsers !== false,
      at.child('securityContext'),
    ),
  )
  return errors
}

function validateResizePolicies(
  container: V1Container | V1EphemeralContainer,
  { restartPolicy }: V1PodSpec,
  at: FieldPath,
): FieldError[] {
  const errors: FieldError[] = []
  const seen = new Set<string>()
  const oneOfThese = (value: string, valid: string[]): FieldError[] =>
    value === '' ? [required(at)] : valid.includes(value) ? [] : [unsupported(at, value, valid)]
  for (const [i, policy] of (container.resizePolicy ?? []).entries()) {
    if (seen.has(policy.resourceName)) errors.push(duplicate(at.index(i), policy.resourceName))
    seen.add(policy.resourceName)
    errors.push(...oneOfThese(policy.resourceName, ['cpu', 'memory']))
    errors.push(...oneOfThese(policy.restartPolicy, ['NotRequired', 'RestartContainer']))
    // What never runs again cannot be started anew for its resources' sake.
    if (restartPolicy === 'Never' && policy.restartPolicy !== 'NotRequired')
      errors.push(invalid(at, policy.restartPolicy, "must be 'NotRequired' when pod `restartPolicy` is 'Never'"))
  }
  return errors
}

export function validateContainers(scope: ContainerScope, at: FieldPath): FieldError[] {
  const { spec } = scope
  if ((spec.containers ?? []).length === 0) return [required(at)]
  const errors: FieldError[] = []
  const names = new Set<string>()
  for (const [i, container] of spec.containers.entries()) {
    const here = at.index(i)
    errors.push(...validateContainerBasics(container, scope, here))
    const { name = '' } = container
    if (names.has(name)) errors.push(duplicate(here.child('name'), name))
    names.add(name)
    errors.push(...validateRestart(container, here))
    const grace = spec.terminationGracePeriodSeconds
    errors.push(...validateLifecycle(container.lifecycle, grace, here.child('lifecycle')))
    errors.push(...validateProbe(container.livenessProbe, 'liveness', here.child('livenessProbe')))
    errors.push(...validateProbe(container.readinessProbe, 'readiness', here.child('readinessProbe')))
    errors.push(...validateProbe(container.startupProbe, 'startup', here.child('startupProbe')))
  }
  errors.push(...hostPortConflicts(spec.containers, at))
  return errors
}

function hostPortConflicts(containers: readonly V1Container[], at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const taken = new Set<string>()
  for (const [i, container] of containers.entries()) {
    for (const [j, port] of (container.ports ?? []).entries()) {
      if ((port.hostPort ?? 0) === 0) continue
      const key = `${port.protocol ?? ''}/${port.hostIP ?? ''}/${port.hostPort ?? 0}`
      if (taken.has(key)) errors.push(duplicate(at.index(i).child('ports').index(j).child('hostPort'), key))
      taken.add(key)
    }
  }
  return errors
}

const notForSteps = "must not be set to 'RestartContainer' for non-sidecar initContainers"
const notForInit = 'may not be set for init containers without restartPolicy=Always'

export function validateInitContainers(scope: ContainerScope, at: FieldPath): FieldError[] {
  const { spec } = scope
  const errors: FieldError[] = []
  const names = new Set((spec.containers ?? []).map((c) => c.name ?? ''))
  for (const [i, container] of (spec.initContainers ?? []).entries()) {
    const here = at.index(i)
    errors.push(...validateContainerBasics(container, scope, here))
    const { name = '' } = container
    if (names.has(name)) errors.push(duplicate(here.child('name'), name))
    names.add(name)
    errors.push(...validateRestart(container, here))
    if (container.restartPolicy === 'Always') {
      const grace = spec.terminationGracePeriodSeconds
      errors.push(...validateLifecycle(container.lifecycle, grace, here.child('lifecycle')))
      errors.push(...validateProbe(container.livenessProbe, 'liveness', here.child('livenessProbe')))
      errors.push(...validateProbe(container.readinessProbe, 'readiness', here.child('readinessProbe')))
      errors.push(...validateProbe(container.startupProbe, 'startup', here.child('startupProbe')))
    } else {
      for (const field of ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
        if (container[field] !== undefined) errors.push(forbidden(here.child(field), notForInit))
      }
      for (const [j, policy] of (container.resizePolicy ?? []).entries()) {
        if (policy.restartPolicy !== 'RestartContainer') continue
        const place = here.child('resizePolicy').index(j).child('restartPolicy')
        errors.push(invalid(place, policy.restartPolicy, notForSteps))
      }
    }
    errors.push(...hostPortConflicts([container], at))
  }
  return errors
}

/** Pods are held to it, templates are not. */
export function validateImages(spec: V1PodSpec | undefined, at: FieldPath): FieldError[] {
  return (['initContainers', 'containers'] as const).flatMap((field) =>
    (spec?.[field] ?? []).flatMap(({ image = '' }, i) =>
      image === image.trim()
        ? []
        : [invalid(at.child(field).index(i).child('image'), image, 'must not have leading or trailing whitespace')],
    ),
  )
}

const notForEphemeral = [
  'ports',
  'resources',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
  'resizePolicy',
  'restartPolicy',
  'restartPolicyRules',
] as const
/** Probes and hooks count as soon as they are there; lists, and resources, when there is something in them. */
const isSet = (field: string, value: unknown): boolean => {
  if (value === undefined || value === null) return false
  const isEmpty = typeof value === 'object' && Object.keys(value).length === 0
  return !isEmpty || (field !== 'resources' && !Array.isArray(value))
}

export function validateEphemeralContainers(scope: ContainerScope, at: FieldPath): FieldError[] {
  const { spec } = scope
  const errors: FieldError[] = []
  const others = [...(spec.containers ?? []), ...(spec.initContainers ?? [])].map((c) => c.name)
  const names = new Set(others)
  for (const [i, container] of (spec.ephemeralContainers ?? []).entries()) {
    const here = at.index(i)
    errors.push(...validateContainerBasics(container, scope, here))
    const { image = '' } = container
    if (image !== image.trim())
      errors.push(invalid(here.child('image'), image, 'must not have leading or trailing whitespace'))
    if (names.has(container.name) && container.name !== '') errors.push(duplicate(here.child('name'), container.name))
    names.add(container.name)
    const target = container.targetContainerName ?? ''
    if (target !== '' && !others.includes(target)) errors.push(notFoundValue(here.child('targetContainerName'), target))
    for (const field of notForEphemeral) {
      if (isSet(field, container[field]))
        errors.push(forbidden(here.child(field), 'cannot be set for an Ephemeral Container'))
    }
    for (const [j, mount] of (container.volumeMounts ?? []).entries()) {
      for (const field of ['subPath', 'subPathExpr'] as const) {
        if ((mount[field] ?? '') !== '') {
          errors.push(
            forbidden(here.child('volumeMounts').index(j).child(field), 'cannot be set for an Ephemeral Container'),
          )
        }
      }
    }
  }
  return errors
}
