import type { V1beta2DeviceTaintRule } from '@kapell/openapi/types'
import { tooMany, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { dns1123Label } from '@kapell/openapi/meta/names'
import { rfc3339 } from '@kapell/openapi/meta/time'
import { column, defineResource } from '../../registry/definition.ts'
import { ageColumn, nameColumn, timeSince } from '../common/columns.ts'
import { keepStatus, startStatus, statusView } from '../common/status.ts'
import { nameErrors } from '../common/validation.ts'
import { poolName } from './claim-status-rules.ts'
import { validateConditions } from '../common/conditions.ts'
import { validateTaint } from './device-rules.ts'
import { driverName } from './names.ts'

const maxConditions = 8

function validateRule({ spec }: V1beta2DeviceTaintRule, root: FieldPath): FieldError[] {
  const at = root.child('spec')
  const selector = at.child('deviceSelector')
  const { driver, pool, device } = spec?.deviceSelector ?? {}
  return [
    ...(driver === undefined ? [] : driverName(driver, selector.child('driver'))),
    ...(pool === undefined ? [] : poolName(pool, selector.child('pool'))),
    ...(device === undefined ? [] : nameErrors(selector.child('device'), device, dns1123Label)),
    ...validateTaint(spec?.taint ?? {}, at.child('taint')),
  ]
}

function validateStatus({ status }: V1beta2DeviceTaintRule, root: FieldPath): FieldError[] {
  const conditions = status?.conditions ?? []
  const at = root.child('status', 'conditions')
  const errors = conditions.length > maxConditions ? [tooMany(at, conditions.length, maxConditions)] : []
  return [...errors, ...validateConditions(conditions, at)]
}

/** Taints devices by who drives them and where they are. Source: "Device taints and tolerations". */
export const deviceTaintRules = defineResource<V1beta2DeviceTaintRule>({
  group: 'resource.k8s.io',
  version: 'v1beta2',
  kind: 'DeviceTaintRule',
  plural: 'devicetaintrules',
  namespaced: false,
  storagePrefix: 'devicetaintrules',
  hashedVersion: 'v1alpha3',
  hasGeneration: true,
  default: (o) => {
    if (o.spec?.taint !== undefined) o.spec.taint.timeAdded ??= rfc3339(new Date())
  },
  validate: validateRule,
  prepareForCreate: (o) => startStatus(o),
  prepareForUpdate: (next, previous, { now }) => {
    keepStatus(next, previous)
    const [taint, before] = [next.spec?.taint, previous.spec?.taint]
    // The time is that of the effect.
    if (taint !== undefined && taint.effect !== before?.effect && taint.timeAdded === before?.timeAdded)
      taint.timeAdded = rfc3339(now)
  },
  subresources: { status: statusView({ keep: 'all', validate: (o, _, at) => validateStatus(o, at) }) },
  deletion: { answersObject: true },
  columns: [
    nameColumn,
    column('Key', 'string', (o) => o.spec?.taint.key ?? ''),
    column('Value', 'string', (o) => o.spec?.taint.value ?? ''),
    column('Effect', 'string', (o) => o.spec?.taint.effect ?? ''),
    {
      ...column('TimeAdded', 'string', (o, now) => timeSince(o.spec?.taint.timeAdded, now)),
      since: (o) => o.spec?.taint.timeAdded,
    },
    ageColumn,
  ],
})
