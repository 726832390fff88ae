import type { V1alpha3PoolStatus, V1alpha3ResourcePoolStatusRequest } from '@kapell/openapi/types'
import {
  immutable,
  invalid,
  required,
  tooMany,
  type FieldError,
  type FieldPath,
} from '@kapell/openapi/meta/field-errors'
import { dns1123Subdomain } from '@kapell/openapi/meta/names'
import { column, defineResource } from '../../registry/definition.ts'
import { nameColumn, timeSince } from '../common/columns.ts'
import { internalView } from '../common/internal-view.ts'
import { keepStatus, statusView } from '../common/status.ts'
import { isNegative, nameErrors, sameJson } from '../common/validation.ts'
import { validateConditions } from '../common/conditions.ts'

/** Asks once how many devices of a driver's pools are in use. Source: ResourcePoolStatusRequest resource v1alpha3. */
type Request = V1alpha3ResourcePoolStatusRequest

const defaultLimit = 100
const most = { conditions: 10, pools: 1000, text: 256 }

function poolNameErrors(name: string, at: FieldPath): FieldError[] {
  return name.split('/').flatMap((part, i) => {
    const texts = part === '' ? ['must not be empty'] : dns1123Subdomain(part)
    return texts.map((text) => invalid(at, part, `segment ${i}: ${text}`))
  })
}

function atLeast(at: FieldPath, value: number | undefined, low: number): FieldError[] {
  if (value === undefined || value >= low) return []
  return [invalid(at, value, low === 0 ? isNegative : `must be greater than or equal to ${low}`)]
}

function validateSpec({ spec }: Request, root: FieldPath): FieldError[] {
  const at = root.child('spec')
  const { driver = '', poolName, limit } = spec ?? {}
  return [
    ...(driver === '' ? [required(at.child('driver'))] : []),
    ...(poolName === undefined ? [] : poolNameErrors(poolName, at.child('poolName'))),
    ...atLeast(at.child('limit'), limit, 1),
    ...(limit !== undefined && limit > most.pools
      ? [invalid(at.child('limit'), limit, `must be less than or equal to ${most.pools}`)]
      : []),
  ]
}

function validatePool(pool: V1alpha3PoolStatus, at: FieldPath): FieldError[] {
  const { driver = '', poolName = '', nodeName, validationError = '' } = pool
  const counts = ['totalDevices', 'allocatedDevices', 'availableDevices', 'unavailableDevices'] as const
  const tooLong = `may not be more than ${most.text} bytes`
  return [
    ...(driver === '' ? [required(at.child('driver'))] : []),
    ...(poolName === '' ? [required(at.child('poolName'))] : poolNameErrors(poolName, at.child('poolName'))),
    ...atLeast(at.child('generation'), pool.generation, 0),
    ...atLeast(at.child('resourceSliceCount'), pool.resourceSliceCount, 1),
    ...counts.flatMap((name) => atLeast(at.child(name), pool[name], 0)),
    ...(nodeName === undefined ? [] : nameErrors(at.child('nodeName'), nodeName, dns1123Subdomain)),
    ...(Buffer.byteLength(validationError) <= most.text
      ? []
      : [
          {
            type: 'FieldValueTooLong' as const,
            field: at.child('validationError').text,
            badValue: validationError,
            detail: tooLong,
          },
        ]),
  ]
}

/** A status is given once. */
function validateStatus(next: Request, previous: Request, root: FieldPath): FieldError[] {
  const at = root.child('status')
  const { status } = next
  if (status === undefined) return []
  const { poolCount, pools = [], conditions = [] } = status as Partial<typeof status>
  const errors: FieldError[] = []
  if (previous.status !== undefined && !sameJson(status, previous.status))
    errors.push(immutable(at, internalView('resource.v1alpha3.ResourcePoolStatusRequestStatus', status)))
  if (poolCount === undefined) errors.push(required(at.child('poolCount')))
  errors.push(...atLeast(at.child('poolCount'), poolCount, 0))
  if (pools.length > most.pools) errors.push(tooMany(at.child('pools'), pools.length, most.pools))
  else errors.push(...pools.flatMap((pool, i) => validatePool(pool, at.child('pools').index(i))))
  if (conditions.length > most.conditions)
    return [...errors, tooMany(at.child('conditions'), conditions.length, most.conditions)]
  return [...errors, ...validateConditions(conditions, at.child('conditions'))]
}

const isTrue = (o: Request, type: string): boolean =>
  (o.status?.conditions ?? []).some((one) => one.type === type && one.status === 'True')

type Count = (pool: V1alpha3PoolStatus) => number

/** The sum over all pools; nothing is known before there is a status, nor when it failed. */
const sumColumn = (name: string, count: Count): ReturnType<typeof column<Request>> =>
  column<Request>(name, 'string', (o) =>
    o.status === undefined || isTrue(o, 'Failed')
      ? '-'
      : String((o.status.pools ?? []).reduce((sum, pool) => sum + count(pool), 0)),
  )

const completedAt = (o: Request): string | undefined =>
  isTrue(o, 'Complete') ? o.status?.conditions?.find((one) => one.type === 'Complete')?.lastTransitionTime : undefined

export const resourcePoolStatusRequests = defineResource<Request>({
  group: 'resource.k8s.io',
  version: 'v1alpha3',
  kind: 'ResourcePoolStatusRequest',
  plural: 'resourcepoolstatusrequests',
  namespaced: false,
  storagePrefix: 'resourcepoolstatusrequests',
  hasGeneration: false,
  default: (o) => {
    if ((o.spec as Request['spec'] | undefined) !== undefined) o.spec.limit ??= defaultLimit
  },
  validateCreate: validateSpec,
  validateUpdate: (next, previous, at) =>
    sameJson(next.spec, previous.spec) ? [] : [immutable(at.child('spec'), null)],
  prepareForCreate: (o) => delete o.status,
  prepareForUpdate: keepStatus,
  subresources: { status: statusView({ keep: 'all', validate: validateStatus }) },
  deletion: { answersObject: true },
  columns: [
    nameColumn,
    column('Driver', 'string', (o) => o.spec.driver),
    sumColumn('Total', (pool) => pool.totalDevices ?? 0),
    sumColumn('Available', (pool) => pool.availableDevices ?? 0),
    sumColumn('Allocated', (pool) => pool.allocatedDevices ?? 0),
    sumColumn('Unavailable', (pool) => pool.unavailableDevices ?? 0),
    sumColumn('Errors', (pool) => ((pool.validationError ?? '') === '' ? 0 : 1)),
    column('Pools', 'integer', (o) => o.status?.poolCount ?? 0),
    column('Status', 'string', (o) =>
      isTrue(o, 'Failed') ? 'Failed' : isTrue(o, 'Complete') ? 'Complete' : 'Pending',
    ),
    column('Completed', 'string', (o, now) =>
      completedAt(o) === undefined ? '<none>' : timeSince(completedAt(o), now),
    ),
  ],
})
