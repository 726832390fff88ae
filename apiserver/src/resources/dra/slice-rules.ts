import { invalid, required, tooLong, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { dns1123Subdomain } from '@kapell/openapi/meta/names'
import type { V1NodeSelector, V1ResourceSlice } from '@kapell/openapi/types'
import { internalView } from '../common/internal-view.ts'
import { nameErrors, unchanged } from '../common/validation.ts'
import { validateNodeSelector } from '../core/pods/validation/scheduling.ts'
import { listed } from './claim-rules.ts'
import { counterName, isHeavy, validateCounters, validateDevice } from './device-rules.ts'
import { driverName } from './names.ts'

/** What a driver tells of devices. Source: "Dynamic Resource Allocation", ResourceSlice v1. */

type Spec = NonNullable<V1ResourceSlice['spec']>

const maxDevices = 128
/** Of those, as soon as one has taints or counters. */
const maxHeavyDevices = 64
const maxCounterSets = 8
const maxPoolName = 253

export function validateSlice(slice: V1ResourceSlice, root: FieldPath): FieldError[] {
  const at = root.child('spec')
  const spec: Partial<Spec> = slice.spec ?? {}
  const devices = spec.devices ?? []
  return [
    ...driverName(spec.driver, at.child('driver')),
    ...validatePool(spec.pool, at.child('pool')),
    ...validateWhere(spec, at),
    ...listed(
      devices,
      at.child('devices'),
      (device) => device.name,
      (device, here) => validateDevice(device, spec.perDeviceNodeSelection === true, here),
      devices.some(isHeavy) ? maxHeavyDevices : maxDevices,
    ),
    ...(devices.length > 0 && (spec.sharedCounters ?? []).length > 0
      ? [invalid(at, '', 'only one of `sharedCounters` or `devices` is allowed')]
      : []),
    ...listed(
      spec.sharedCounters ?? [],
      at.child('sharedCounters'),
      (set) => set.name,
      (set, here) => [
        ...counterName(set.name, here.child('name')),
        ...validateCounters(set.counters, here.child('counters')),
      ],
      maxCounterSets,
    ),
  ]
}

function validatePool(pool: Partial<Spec['pool']> | undefined, at: FieldPath): FieldError[] {
  const { name = '', generation = 0, resourceSliceCount: count = 0 } = pool ?? {}
  const errors =
    name === ''
      ? [required(at.child('name'))]
      : name.length > maxPoolName
        ? [tooLong(at.child('name'), maxPoolName)]
        : []
  errors.push(
    ...(name === ''
      ? []
      : name.split('/').flatMap((part) => dns1123Subdomain(part).map((text) => invalid(at.child('name'), part, text)))),
  )
  if (count <= 0) errors.push(invalid(at.child('resourceSliceCount'), count, 'must be greater than zero'))
  if (generation < 0) errors.push(invalid(at.child('generation'), generation, 'must be greater than or equal to zero'))
  return errors
}

const places = '`nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection`'

/** From which nodes the devices can be reached: said in one way. */
function validateWhere(spec: Partial<Spec>, at: FieldPath): FieldError[] {
  const { nodeName, nodeSelector, allNodes, perDeviceNodeSelection } = spec
  const errors: FieldError[] = []
  const set: string[] = []
  if (nodeName !== undefined) {
    if (nodeName === '')
      errors.push(invalid(at.child('nodeName'), '', 'must be either unset or set to a non-empty string'))
    else {
      set.push('`nodeName`')
      errors.push(...nameErrors(at.child('nodeName'), nodeName, dns1123Subdomain))
    }
  }
  if (nodeSelector !== undefined) {
    set.push('`nodeSelector`')
    errors.push(...validateOneTerm(nodeSelector, at.child('nodeSelector')))
  }
  for (const [field, value] of Object.entries({ allNodes, perDeviceNodeSelection })) {
    if (value === true) set.push(`\`${field}\``)
    else if (value === false) errors.push(invalid(at.child(field), value, 'must be either unset or set to true'))
  }
  if (set.length === 0) errors.push(required(at, `exactly one of ${places} is required`))
  else if (set.length > 1) {
    errors.push(invalid(at, `{${set.join(', ')}}`, `exactly one of ${places} is required, but multiple fields are set`))
  }
  return errors
}

/** Whose slice it is, and of which pool and node, stays. */
export function validateSliceUpdate(next: V1ResourceSlice, previous: V1ResourceSlice, root: FieldPath): FieldError[] {
  const at = root.child('spec')
  return [
    ...unchanged(at.child('pool', 'name'), next.spec?.pool?.name ?? '', previous.spec?.pool?.name ?? ''),
    ...unchanged(at.child('driver'), next.spec?.driver ?? '', previous.spec?.driver ?? ''),
    ...unchanged(at.child('nodeName'), next.spec?.nodeName, previous.spec?.nodeName),
  ]
}

/** Fields behind gates that are off are not kept. */
export function dropGatedFields(slice: V1ResourceSlice): void {
  for (const device of slice.spec?.devices ?? []) {
    delete device.nodeAllocatableResourceMappings
    for (const attribute of Object.values(device.attributes ?? {}))
      for (const list of ['ints', 'bools', 'strings', 'versions'] as const) delete attribute[list]
  }
}

export function sliceWarnings(slice: V1ResourceSlice): string[] {
  const driver = slice.spec?.driver ?? ''
  return driver === driver.toLowerCase()
    ? []
    : [`spec.driver: driver names should be lowercase; ${JSON.stringify(driver)} contains uppercase characters`]
}

function validateOneTerm(selector: V1NodeSelector, at: FieldPath): FieldError[] {
  const errors = validateNodeSelector(selector, at)
  if (selector.nodeSelectorTerms?.length === 1) return errors
  const shown = selector.nodeSelectorTerms?.map((term) => internalView('core.v1.NodeSelectorTerm', term)) ?? []
  return [...errors, invalid(at.child('nodeSelectorTerms'), shown, 'must have exactly one node selector term')]
}
