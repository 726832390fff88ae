import {
  duplicate,
  forbidden,
  immutable,
  invalid,
  required,
  tooMany,
  type FieldError,
  type FieldPath,
} from '@kapell/openapi/meta/field-errors'
import { dns1123Label, dns1123Subdomain, qualifiedName } from '@kapell/openapi/meta/names'
import type {
  ResourceV1ResourceClaim,
  V1AllocatedDeviceStatus,
  V1AllocationResult,
  V1DeviceRequestAllocationResult,
  V1ResourceClaimConsumerReference,
} from '@kapell/openapi/types'
import type { StrategyContext } from '../../registry/definition.ts'
import { internalView } from '../common/internal-view.ts'
import { parseCidr } from '../common/ip.ts'
import { nameErrors, sameJson, unsupported } from '../common/validation.ts'
import { validateNodeSelector } from '../core/pods/validation/scheduling.ts'
import { adminResultErrors } from './admin-access.ts'
import { namesOf, unknownRequest, validateReferences } from './claim-rules.ts'
import { validateConditions } from '../common/conditions.ts'
import { driverName } from './names.ts'
import { validateConfigs } from './selectors.ts'

/** What may be said of a claim's devices and users. Source: the API reference, "ResourceClaimStatus". */

const maxReservations = 256
const maxResults = 32
const maxConfigs = 64
const maxAddresses = 16

export function validateClaimStatus(
  next: ResourceV1ResourceClaim,
  previous: ResourceV1ResourceClaim,
  at: FieldPath,
  context: StrategyContext,
): FieldError[] {
  const here = at.child('status')
  const { allocation } = next.status ?? {}
  return [
    ...validateReservations(next, previous, here.child('reservedFor')),
    ...validateDevices(next, here.child('devices')),
    ...(allocation === undefined || sameJson(allocation, previous.status?.allocation)
      ? []
      : previous.status?.allocation === undefined
        ? validateAllocation(next, allocation, here.child('allocation'), context)
        : [immutable(here.child('allocation'), internalView('resource.v1.AllocationResult', allocation))]),
  ]
}

function validateReservations(
  { status, metadata }: ResourceV1ResourceClaim,
  previous: ResourceV1ResourceClaim,
  at: FieldPath,
): FieldError[] {
  const consumers = status?.reservedFor ?? []
  if (consumers.length > maxReservations) return [tooMany(at, consumers.length, maxReservations)]
  const seen = new Set<string>()
  const errors = consumers.flatMap((consumer, i) => {
    const found = validateConsumer(consumer, at.index(i))
    if (seen.has(consumer.uid)) found.push(duplicate(at.index(i), consumer.uid))
    seen.add(consumer.uid)
    return found
  })
  if (consumers.length > 0 && status?.allocation === undefined)
    errors.push(forbidden(at, 'may not be specified when `allocated` is not set'))
  const known = new Set(previous.status?.reservedFor?.map(({ uid }) => uid))
  if (metadata?.deletionTimestamp !== undefined && consumers.some(({ uid }) => !known.has(uid)))
    errors.push(
      forbidden(at, 'new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set'),
    )
  return errors
}

function validateConsumer(consumer: V1ResourceClaimConsumerReference, at: FieldPath): FieldError[] {
  return (['resource', 'name', 'uid'] as const)
    .filter((field) => (consumer[field] ?? '') === '')
    .map((field) => required(at.child(field)))
}

function validateAllocation(
  { spec, metadata }: ResourceV1ResourceClaim,
  { devices = {}, nodeSelector }: V1AllocationResult,
  at: FieldPath,
  context: StrategyContext,
): FieldError[] {
  const known = namesOf(spec?.devices?.requests ?? [])
  const results = devices.results ?? []
  const config = devices.config ?? []
  const place = at.child('devices')
  const errors: FieldError[] = []
  if (results.length > maxResults) errors.push(tooMany(place.child('results'), results.length, maxResults))
  else errors.push(...results.flatMap((result, i) => validateResult(result, known, place.child('results').index(i))))
  if (config.length > maxConfigs) errors.push(tooMany(place.child('config'), config.length, maxConfigs))
  else {
    for (const [i, { source, requests = [] }] of config.entries()) {
      const here = place.child('config').index(i)
      if (source === '') errors.push(required(here.child('source')))
      else if (source !== 'FromClass' && source !== 'FromClaim')
        errors.push(unsupported(here.child('source'), source, ['FromClaim', 'FromClass']))
      errors.push(...validateReferences(requests, known, here.child('requests')))
    }
    errors.push(...validateConfigs(config, place.child('config')))
  }
  errors.push(...adminResultErrors(results, metadata?.namespace, place.child('results'), context))
  if (nodeSelector !== undefined) errors.push(...validateNodeSelector(nodeSelector, at.child('nodeSelector')))
  return errors
}

const uuid = /^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/

function validateResult(
  result: V1DeviceRequestAllocationResult,
  known: ReadonlySet<string>,
  at: FieldPath,
): FieldError[] {
  const { request, driver, pool, device, shareID, bindingConditions = [], bindingFailureConditions = [] } = result
  const errors = known.has(request) ? [] : [invalid(at.child('request'), request, unknownRequest)]
  errors.push(...driverName(driver, at.child('driver')))
  errors.push(...poolName(pool, at.child('pool')))
  errors.push(...nameErrors(at.child('device'), device, dns1123Label))
  if (shareID !== undefined && !uuid.test(shareID))
    errors.push(invalid(at.child('shareID'), shareID, `error validating uid: ${whyNoUuid(shareID)}`))
  for (const [field, names] of Object.entries({ bindingConditions, bindingFailureConditions }))
    errors.push(...names.flatMap((name, i) => nameErrors(at.child(field).index(i), name, qualifiedName)))
  if (bindingFailureConditions.length > 0 && bindingConditions.length === 0) {
    const text = 'bindingConditions are required to use bindingFailureConditions'
    errors.push(invalid(at.child('bindingConditions'), null, text))
  }
  return errors
}

const uuidLength = 36

function whyNoUuid(text: string): string {
  return text.length === uuidLength ? 'invalid UUID format' : `invalid UUID length: ${text.length}`
}

export function poolName(name: string, at: FieldPath): FieldError[] {
  if (name === '') return [required(at)]
  return name.split('/').flatMap((part) => dns1123Subdomain(part).map((text) => invalid(at, part, text)))
}

function validateDevices({ status }: ResourceV1ResourceClaim, at: FieldPath): FieldError[] {
  const idOf = (of: { driver: string; pool: string; device: string; shareID?: string }): string =>
    [of.driver, of.pool, of.device, of.shareID ?? ''].join('/')
  const allocated = new Set(status?.allocation?.devices?.results?.map(idOf))
  const seen = new Set<string>()
  return (status?.devices ?? []).flatMap((device, i) => {
    const here = at.index(i)
    const { driver, pool, device: name, shareID = '' } = device
    const shown = { Driver: driver, Pool: pool, Device: name, ShareID: shareID }
    const errors: FieldError[] = []
    if (!allocated.has(idOf(device))) errors.push(invalid(here, shown, 'must be an allocated device in the claim'))
    else if (seen.has(idOf(device))) errors.push(duplicate(here, shown))
    seen.add(idOf(device))
    return [...errors, ...validateDeviceStatus(device, here)]
  })
}

function validateDeviceStatus({ conditions, data, networkData }: V1AllocatedDeviceStatus, at: FieldPath): FieldError[] {
  const errors = validateConditions(conditions ?? [], at.child('conditions'))
  if (data !== undefined && (typeof data !== 'object' || data === null || Array.isArray(data)))
    errors.push(invalid(at.child('data'), '<value omitted>', 'must be a valid JSON object'))
  if (networkData === undefined) return errors
  const here = at.child('networkData')
  const { interfaceName = '', hardwareAddress = '', ips = [] } = networkData
  errors.push(...atMost(here.child('interfaceName'), interfaceName, 256))
  errors.push(...atMost(here.child('hardwareAddress'), hardwareAddress, 128))
  if (ips.length > maxAddresses) return [...errors, tooMany(here.child('ips'), ips.length, maxAddresses)]
  const text = 'must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)'
  for (const [i, ip] of ips.entries()) {
    if (parseCidr(ip) === undefined) errors.push(invalid(here.child('ips').index(i), ip, text))
    else if (ips.indexOf(ip) < i) errors.push(duplicate(here.child('ips').index(i), ip))
  }
  return errors
}

function atMost(at: FieldPath, text: string, bytes: number): FieldError[] {
  if (text.length <= bytes) return []
  return [{ type: 'FieldValueTooLong', field: at.text, badValue: '', detail: `may not be more than ${bytes} bytes` }]
}
