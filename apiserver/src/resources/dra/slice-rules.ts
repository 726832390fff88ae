import { forbidden, invalid, required, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { dns1123Label, dns1123Subdomain, labelValue, qualifiedName } from '@kapell/openapi/meta/names'
import type { V1NodeSelector, V1ResourceSlice } from '@kapell/openapi/types'
import { internalView } from '../common/internal-view.ts'
import { nameErrors, unchanged, unsupported } from '../common/validation.ts'
import { validateNodeSelector } from '../core/pods/validation/scheduling.ts'
import { effects, listed } from './claim-rules.ts'
import { attributeName, driverName } from './names.ts'

/** What a driver tells of devices. Source: "Dynamic Resource Allocation", ResourceSlice v1. */

type Spec = NonNullable<V1ResourceSlice['spec']>
type Device = NonNullable<Spec['devices']>[number]
type Attribute = NonNullable<Device['attributes']>[string]

const maxDevices = 128
const maxCounterSets = 8
const semver =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[\dA-Za-z-]+(\.[\dA-Za-z-]+)*)?(\+[\dA-Za-z-]+(\.[\dA-Za-z-]+)*)?$/

export function validateSlice(slice: V1ResourceSlice, root: FieldPath): FieldError[] {
  const at = root.child('spec')
  const spec: Partial<Spec> = slice.spec ?? {}
  return [
    ...driverName(spec.driver, at.child('driver')),
    ...validatePool(spec.pool, at.child('pool')),
    ...validateWhere(spec, at),
    ...listed(
      spec.devices ?? [],
      at.child('devices'),
      (device) => device.name,
      (device, here) => validateDevice(device, spec.perDeviceNodeSelection === true, here),
      maxDevices,
    ),
    ...listed(
      spec.sharedCounters ?? [],
      at.child('sharedCounters'),
      (set) => set.name,
      (set, here) => [
        ...counterName(set.name, here.child('name')),
        ...(Object.keys(set.counters ?? {}).length === 0
          ? [required(here.child('counters'))]
          : Object.keys(set.counters).flatMap((key) => nameErrors(here.child('counters'), key, dns1123Label))),
      ],
      maxCounterSets,
    ),
  ]
}

const counterName = (name: string | undefined, at: FieldPath): FieldError[] =>
  name === undefined || name === '' ? [required(at)] : nameErrors(at, name, dns1123Label)

function validatePool(pool: Partial<Spec['pool']> | undefined, at: FieldPath): FieldError[] {
  const { name = '', generation = 0, resourceSliceCount: count = 0 } = pool ?? {}
  const errors =
    name === ''
      ? [required(at.child('name'))]
      : name.split('/').flatMap((part) => dns1123Subdomain(part).map((text) => invalid(at.child('name'), part, text)))
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

function validateOneTerm(selector: V1NodeSelector, at: FieldPath): FieldError[] {
  const errors = validateNodeSelector(selector, at)
  if (selector.nodeSelectorTerms?.length === 1) return errors
  const shown = selector.nodeSelectorTerms?.map((term) => internalView('core.v1.NodeSelectorTerm', term)) ?? null
  return [...errors, invalid(at.child('nodeSelectorTerms'), shown, 'must have exactly one node selector term')]
}

function validateDevice(device: Device, perDevice: boolean, at: FieldPath): FieldError[] {
  const errors = nameErrors(at.child('name'), device.name ?? '', dns1123Label)
  for (const [name, attribute] of Object.entries(device.attributes ?? {})) {
    errors.push(...attributeName(name, at.child('attributes')))
    errors.push(...validateAttribute(attribute, at.child('attributes').key(name)))
  }
  for (const name of Object.keys(device.capacity ?? {})) errors.push(...attributeName(name, at.child('capacity')))
  for (const [i, taint] of (device.taints ?? []).entries()) {
    const here = at.child('taints').index(i)
    errors.push(...nameErrors(here.child('key'), taint.key ?? '', qualifiedName))
    if ((taint.value ?? '') !== '') errors.push(...nameErrors(here.child('value'), taint.value ?? '', labelValue))
    if ((taint.effect ?? '') === '') errors.push(required(here.child('effect')))
    else if (!effects.includes(taint.effect)) errors.push(unsupported(here.child('effect'), taint.effect, effects))
  }
  if (!perDevice) {
    for (const field of ['nodeName', 'nodeSelector', 'allNodes'] as const) {
      if (device[field] === undefined) continue
      errors.push(forbidden(at.child(field), '`perDeviceNodeSelection` is not set to true in the ResourceSlice spec'))
    }
  }
  return errors
}

const maxText = 64

function validateAttribute(attribute: Attribute, at: FieldPath): FieldError[] {
  const set = (['int', 'bool', 'string', 'version'] as const).filter((field) => attribute[field] !== undefined)
  const errors: FieldError[] = []
  const { string: text = '', version } = attribute
  if (version !== undefined && !semver.test(version))
    errors.push(invalid(at.child('version'), version, 'must be a string compatible with semver.org spec 2.0.0'))
  for (const [field, value] of [
    ['string', text],
    ['version', version ?? ''],
  ] as const) {
    if (value.length > maxText)
      errors.push({
        type: 'FieldValueTooLong',
        field: at.child(field).text,
        detail: `may not be more than ${maxText} bytes`,
      })
  }
  if (set.length !== 1)
    errors.push(invalid(at, set.length === 0 ? '' : attribute, 'exactly one value must be specified'))
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
