import {
  duplicate,
  invalid,
  required,
  tooLong,
  tooMany,
  type FieldError,
  type FieldPath,
} from '@kapell/openapi/meta/field-errors'
import {
  dns1123Label,
  dns1123Subdomain,
  labelValue,
  qualifiedName,
  type NameValidator,
} from '@kapell/openapi/meta/names'
import type { V1DeviceTaint, V1ResourceSlice } from '@kapell/openapi/types'
import { internalView } from '../common/internal-view.ts'
import { isSemver } from '../common/semver.ts'
import { nameErrors, unsupported } from '../common/validation.ts'
import { validateNodeSelector } from '../core/pods/validation/scheduling.ts'
import { validateCapacity } from './capacity-rules.ts'
import { effects, listed } from './claim-rules.ts'
import { attributeName } from './names.ts'

/** What a slice says of one device. Source: "Dynamic Resource Allocation", ResourceSlice v1. */

export type Device = NonNullable<NonNullable<V1ResourceSlice['spec']>['devices']>[number]
type Attribute = NonNullable<Device['attributes']>[string]

const maxAttributes = 32
const maxTaints = 16
const maxConsumed = 2
const maxCounters = 32
const maxConditions = 4
const maxText = 64

/** Devices of this sort fill a slice sooner. */
export const isHeavy = ({ taints, consumesCounters }: Device): boolean =>
  (taints ?? []).length > 0 || (consumesCounters ?? []).length > 0

export const counterName = (name: string | undefined, at: FieldPath): FieldError[] =>
  name === undefined || name === '' ? [required(at)] : nameErrors(at, name, dns1123Label)

export function validateCounters(counters: object | undefined, at: FieldPath): FieldError[] {
  const names = Object.keys(counters ?? {})
  if (names.length === 0) return [required(at)]
  if (names.length > maxCounters) return [tooMany(at, names.length, maxCounters)]
  return names.flatMap((key) => nameErrors(at, key, dns1123Label))
}

export function validateDevice(device: Device, perDevice: boolean, at: FieldPath): FieldError[] {
  const errors = nameErrors(at.child('name'), device.name ?? '', dns1123Label)
  const told = Object.keys(device.attributes ?? {}).length + Object.keys(device.capacity ?? {}).length
  if (told > maxAttributes)
    errors.push(invalid(at, told, `the total number of attributes and capacities must not exceed ${maxAttributes}`))
  for (const [name, attribute] of Object.entries(device.attributes ?? {})) {
    errors.push(...attributeName(name, at.child('attributes')))
    errors.push(...validateAttribute(attribute, at.child('attributes').key(name)))
  }
  const sharable = device.allowMultipleAllocations === true
  for (const [name, capacity] of Object.entries(device.capacity ?? {})) {
    errors.push(...attributeName(name, at.child('capacity')))
    errors.push(...validateCapacity(capacity, sharable, at.child('capacity').key(name)))
  }
  return [
    ...errors,
    ...validateTaints(device, at.child('taints')),
    ...listed(
      device.consumesCounters ?? [],
      at.child('consumesCounters'),
      (used) => used.counterSet,
      (used, here) => [
        ...counterName(used.counterSet, here.child('counterSet')),
        ...validateCounters(used.counters, here.child('counters')),
      ],
      maxConsumed,
    ),
    ...validateWhere(device, perDevice, at),
    ...validateConditions(device, at),
  ]
}

function validateTaints(device: Device, at: FieldPath): FieldError[] {
  const taints = device.taints ?? []
  if (taints.length > maxTaints) return [tooMany(at, taints.length, maxTaints)]
  return taints.flatMap((taint, i) => validateTaint(taint, at.index(i)))
}

export function validateTaint(taint: Partial<V1DeviceTaint>, at: FieldPath): FieldError[] {
  const { key = '', value = '', effect = '' } = taint
  const errors = nameErrors(at.child('key'), key, qualifiedName)
  if (value !== '') errors.push(...nameErrors(at.child('value'), value, labelValue))
  if (effect === '') errors.push(required(at.child('effect')))
  else if (!effects.includes(effect)) errors.push(unsupported(at.child('effect'), effect, effects))
  return errors
}

const whenPerDevice = 'when `perDeviceNodeSelection` is set to true in the ResourceSlice spec'
const onePlace = `exactly one of \`nodeName\`, \`nodeSelector\`, or \`allNodes\` is required ${whenPerDevice}`
const noPlace =
  '`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the ResourceSlice spec'

/** From where a device can be reached: said of each, or of the slice. */
function validateWhere({ nodeName, nodeSelector, allNodes }: Device, perDevice: boolean, at: FieldPath): FieldError[] {
  if (!perDevice) {
    const isSet = nodeName !== undefined || nodeSelector !== undefined || allNodes !== undefined
    return isSet ? [invalid(at, null, noPlace)] : []
  }
  const errors: FieldError[] = []
  const set: string[] = []
  if (nodeName === '') errors.push(invalid(at.child('nodeName'), '', 'must not be empty'))
  else if (nodeName !== undefined) {
    set.push('`nodeName`')
    errors.push(...nameErrors(at.child('nodeName'), nodeName, dns1123Subdomain))
  }
  if (nodeSelector !== undefined) {
    set.push('`nodeSelector`')
    errors.push(...validateNodeSelector(nodeSelector, at.child('nodeSelector')))
  }
  if (allNodes === false) errors.push(invalid(at.child('allNodes'), allNodes, 'must be either unset or set to true'))
  else if (allNodes === true) set.push('`allNodes`')
  if (set.length === 0) errors.push(required(at, onePlace))
  else if (set.length > 1) errors.push(invalid(at, `{${set.join(', ')}}`, onePlace))
  return errors
}

/** Conditions that a driver sets once a device is, or cannot be, ready for its pod: both or none. */
function validateConditions(device: Device, at: FieldPath): FieldError[] {
  const { bindingConditions: good = [], bindingFailureConditions: bad = [] } = device
  const here = { good: at.child('bindingConditions'), bad: at.child('bindingFailureConditions') }
  const errors = [
    ...distinctNames(good, here.good, qualifiedName),
    ...distinctNames(bad, here.bad, qualifiedName),
    ...bad.flatMap((name, i) =>
      good.includes(name)
        ? [invalid(here.bad.index(i), name, 'bindingFailureConditions must not overlap with bindingConditions')]
        : [],
    ),
  ]
  if (good.length > 0 && bad.length === 0)
    errors.push(invalid(here.bad, null, 'bindingFailureConditions are required to use bindingConditions'))
  if (bad.length > 0 && good.length === 0)
    errors.push(invalid(here.good, null, 'bindingConditions are required to use bindingFailureConditions'))
  return errors
}

function distinctNames(names: readonly string[], at: FieldPath, rule: NameValidator): FieldError[] {
  if (names.length > maxConditions) return [tooMany(at, names.length, maxConditions)]
  return names.flatMap((name, i) => [
    ...nameErrors(at.index(i), name, rule),
    ...(names.indexOf(name) < i ? [duplicate(at.index(i), name)] : []),
  ])
}

function validateAttribute(attribute: Attribute, at: FieldPath): FieldError[] {
  const set = (['int', 'bool', 'string', 'version'] as const).filter((field) => attribute[field] !== undefined)
  const errors: FieldError[] = []
  const { string: text = '', version } = attribute
  if (version !== undefined && !isSemver(version))
    errors.push(invalid(at.child('version'), version, 'must be a string compatible with semver.org spec 2.0.0'))
  for (const [field, value] of [
    ['string', text],
    ['version', version ?? ''],
  ] as const)
    if (value.length > maxText) errors.push(tooLong(at.child(field), maxText))
  if (set.length !== 1)
    errors.push(
      invalid(
        at,
        set.length === 0 ? '' : internalView('resource.v1.DeviceAttribute', attribute),
        'exactly one value must be specified',
      ),
    )
  return errors
}
