import { duplicate, invalid, required, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { qualifiedName } from '@kapell/openapi/meta/names'
import type { V1CSIDriver, V1CSINode } from '@kapell/openapi/types'
import { internalView } from '../common/internal-view.ts'
import { nonNegative, sameJson, unchanged, unsupported } from '../common/validation.ts'
import { csiDriverName } from '../core/volume-sources.ts'

/** Source: CSIDriver v1 storage, CSINode v1 storage. */

const lifecycleModes = ['Persistent', 'Ephemeral']
const fsGroupPolicies = ['File', 'None', 'ReadWriteOnceWithFSType']
const minTokenSeconds = 600
const maxTokenSeconds = 2 ** 32
const minUpdateSeconds = 10

export function validateDriver(driver: V1CSIDriver, root: FieldPath): FieldError[] {
  const at = root.child('spec')
  const spec = driver.spec ?? {}
  const errors: FieldError[] = []
  for (const mode of spec.volumeLifecycleModes ?? [])
    if (!lifecycleModes.includes(mode)) errors.push(unsupported(at.child('volumeLifecycleModes'), mode, lifecycleModes))
  if (spec.fsGroupPolicy !== undefined && !fsGroupPolicies.includes(spec.fsGroupPolicy))
    errors.push(unsupported(at.child('fsGroupPolicy'), spec.fsGroupPolicy, fsGroupPolicies))
  const audiences = new Set<string>()
  for (const [i, { audience = '', expirationSeconds: seconds }] of (spec.tokenRequests ?? []).entries()) {
    const here = at.child('tokenRequests').index(i)
    if (audiences.has(audience)) errors.push(duplicate(here.child('audience'), audience))
    audiences.add(audience)
    if (seconds === undefined) continue
    if (seconds < minTokenSeconds)
      errors.push(invalid(here.child('expirationSeconds'), seconds, 'may not specify a duration less than 10 minutes'))
    if (seconds > maxTokenSeconds)
      errors.push(
        invalid(here.child('expirationSeconds'), seconds, 'may not specify a duration larger than 2^32 seconds'),
      )
  }
  const period = spec.nodeAllocatableUpdatePeriodSeconds
  if (period !== undefined && period < minUpdateSeconds) {
    errors.push(
      invalid(at.child('nodeAllocatableUpdatePeriodSeconds'), period, 'must be greater than or equal to 10 seconds'),
    )
  }
  if (spec.serviceAccountTokenInSecrets !== undefined && audiences.size === 0) {
    errors.push(
      invalid(
        at.child('serviceAccountTokenInSecrets'),
        spec.serviceAccountTokenInSecrets,
        'serviceAccountTokenInSecrets is set but no tokenRequests are specified',
      ),
    )
  }
  return errors
}

export function validateDriverUpdate(next: V1CSIDriver, previous: V1CSIDriver, root: FieldPath): FieldError[] {
  const at = root.child('spec')
  return [
    ...unchanged(at.child('attachedRequired'), next.spec.attachRequired, previous.spec.attachRequired),
    ...unchanged(at.child('volumeLifecycleModes'), next.spec.volumeLifecycleModes, previous.spec.volumeLifecycleModes),
  ]
}

export function driverWarnings({ spec }: V1CSIDriver): string[] {
  return (spec.tokenRequests ?? []).length > 0 && spec.serviceAccountTokenInSecrets === undefined
    ? [
        'spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible logging of tokens in volume attributes',
      ]
    : []
}

type NodeDriver = V1CSINode['spec']['drivers'][number]

const maxNodeId = 256

export function validateCsiNode(node: V1CSINode, root: FieldPath): FieldError[] {
  const at = root.child('spec', 'drivers')
  const names = new Set<string>()
  return (node.spec?.drivers ?? []).flatMap((driver, i) => {
    const here = at.index(i)
    const errors = validateNodeDriver(driver, here)
    const name = driver.name ?? ''
    if (names.has(name)) errors.push(duplicate(here.child('name'), name))
    names.add(name)
    return errors
  })
}

function validateNodeDriver(driver: NodeDriver, at: FieldPath): FieldError[] {
  const errors = csiDriverName(driver.name, at.child('name'))
  const nodeId = driver.nodeID ?? ''
  if (nodeId === '') errors.push(required(at.child('nodeID')))
  if (nodeId.length > maxNodeId)
    errors.push(invalid(at.child('nodeID'), nodeId, `must be ${maxNodeId} characters or less`))
  if (driver.allocatable?.count !== undefined)
    errors.push(...nonNegative(at.child('allocatable', 'count'), driver.allocatable.count))
  const keys = new Set<string>()
  for (const key of driver.topologyKeys ?? []) {
    if (key === '') errors.push(required(at))
    if (keys.has(key)) errors.push(duplicate(at, key))
    keys.add(key)
    errors.push(...qualifiedName(key).map((text) => invalid(at, key, text)))
  }
  return errors
}

/** A driver may come and go; what it says of the node stays. */
export function validateCsiNodeUpdate(next: V1CSINode, previous: V1CSINode, root: FieldPath): FieldError[] {
  const before = new Map((previous.spec?.drivers ?? []).map((driver) => [driver.name, driver]))
  const fixed = ({ allocatable: _, ...rest }: NodeDriver): Omit<NodeDriver, 'allocatable'> => rest
  return (next.spec?.drivers ?? []).flatMap((driver) => {
    const old = before.get(driver.name)
    if (old === undefined || sameJson(fixed(driver), fixed(old))) return []
    const shown = internalView('storage.v1.CSINodeDriver', fixed(driver))
    return [invalid(root.child('spec', 'drivers'), shown, 'field is immutable')]
  })
}
