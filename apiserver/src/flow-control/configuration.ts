import type { V1FlowSchema, V1PriorityLevelConfiguration } from '@kapell/openapi/types'
import { isReason } from '@kapell/openapi/meta/status'
import { rfc3339 } from '@kapell/openapi/meta/time'
import { ensureExists } from '../bootstrap/ensure.ts'
import { flowSchemas, priorityLevels } from '../bootstrap/flow-control.ts'
import type { ObjectAccess } from '../registry/services.ts'
import type { ServerLogger } from '../server/log.ts'
import type { FlowControl } from './flow-control.ts'

const group = 'flowcontrol.apiserver.k8s.io'
const schemas = { group, plural: 'flowschemas' }
const levels = { group, plural: 'prioritylevelconfigurations' }
/** Whom the conditions are put down to. */
const manager = 'api-priority-and-fairness-config-consumer-v1'
/** These must be there whatever anybody deletes. */
const mandatory = new Set(['catch-all', 'exempt'])

export interface DanglingCondition {
  type: 'Dangling'
  status: 'True' | 'False'
  reason: 'NotFound' | 'Found'
  message: string
}

export function danglingOf(schema: V1FlowSchema, isThere: (level: string) => boolean): DanglingCondition {
  const name = schema.spec?.priorityLevelConfiguration.name ?? ''
  const found = isThere(name)
  const what = `This FlowSchema references the PriorityLevelConfiguration object named ${JSON.stringify(name)}`
  return {
    type: 'Dangling',
    status: found ? 'False' : 'True',
    reason: found ? 'Found' : 'NotFound',
    message: `${what} ${found ? 'and it exists' : 'but there is no such object'}`,
  }
}

const ownedFields = {
  'f:status': {
    'f:conditions': {
      'k:{"type":"Dangling"}': {
        '.': {},
        'f:lastTransitionTime': {},
        'f:message': {},
        'f:reason': {},
        'f:status': {},
        'f:type': {},
      },
    },
  },
}

export interface ConfigurationOptions {
  objects: ObjectAccess
  control: FlowControl
  now: () => Date
  log: ServerLogger
  closing: AbortSignal
}

/** Keeps flow control as the objects say, tells which schemas dangle, and brings back what must not be missing. */
export function followConfiguration(options: ConfigurationOptions): void {
  const { objects, control, log, closing } = options
  const knownSchemas = new Map<string, V1FlowSchema>()
  const knownLevels = new Map<string, V1PriorityLevelConfiguration>()
  let isPending = false

  const fail = (error: unknown): void => {
    if (!closing.aborted) log.warn('flow control could not be brought up to date', { error: String(error) })
  }

  async function tell(name: string, wanted: DanglingCondition): Promise<void> {
    const lastTransitionTime = rfc3339(options.now())
    await objects.update<V1FlowSchema>(
      schemas,
      { name },
      (stored) => {
        const old = stored.status?.conditions?.find(({ type }) => type === 'Dangling')
        const others = (stored.status?.conditions ?? []).filter(({ type }) => type !== 'Dangling')
        const since = old?.status === wanted.status ? old.lastTransitionTime : lastTransitionTime
        const condition = { ...wanted, lastTransitionTime: since }
        stored.status = {
          ...stored.status,
          conditions: [...others, condition] as NonNullable<V1FlowSchema['status']>['conditions'],
        }
        const entry = {
          manager,
          operation: 'Apply',
          apiVersion: `${group}/v1`,
          time: lastTransitionTime,
          fieldsType: 'FieldsV1',
          fieldsV1: ownedFields,
          subresource: 'status',
        }
        const metadata = (stored.metadata ??= {})
        const kept = (metadata.managedFields ?? []).filter((one) => one.manager !== manager)
        metadata.managedFields = [entry, ...kept] as NonNullable<typeof metadata.managedFields>
      },
      { raw: true },
    )
  }

  function settle(): void {
    isPending = false
    if (closing.aborted) return
    control.configure([...knownLevels.values()], [...knownSchemas.values()])
    for (const [name, schema] of knownSchemas) {
      const wanted = danglingOf(schema, (level) => knownLevels.has(level))
      const current = schema.status?.conditions?.find(({ type }) => type === 'Dangling')
      if (current?.status === wanted.status && current.message === wanted.message) continue
      tell(name, wanted).catch((error: unknown) => {
        if (!isReason(error, 'NotFound')) fail(error)
      })
    }
  }
  const changed = (): void => {
    if (isPending) return
    isPending = true
    setImmediate(settle)
  }

  objects.follow<V1PriorityLevelConfiguration>(levels, (name, object) => {
    if (object !== undefined) knownLevels.set(name, object)
    else {
      knownLevels.delete(name)
      const lost = mandatory.has(name) ? priorityLevels.find(({ metadata }) => metadata?.name === name) : undefined
      if (lost !== undefined && !closing.aborted) ensureExists(objects, levels, lost).catch(fail)
    }
    changed()
  })
  objects.follow<V1FlowSchema>(schemas, (name, object) => {
    if (object !== undefined) knownSchemas.set(name, object)
    else {
      knownSchemas.delete(name)
      const lost = mandatory.has(name) ? flowSchemas.find(({ metadata }) => metadata?.name === name) : undefined
      if (lost !== undefined && !closing.aborted) ensureExists(objects, schemas, lost).catch(fail)
    }
    changed()
  })
}
