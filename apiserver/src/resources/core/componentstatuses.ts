import type { KubeObject } from '@kapell/openapi/meta/object'
import { notFound } from '@kapell/openapi/meta/status'
import { column, defineVirtual } from '../../registry/definition.ts'
import { nameColumn } from '../common/columns.ts'

interface Condition {
  type: string
  status: string
  message?: string
  error?: string
}

const conditionOf = (o: KubeObject): Condition | undefined =>
  (o as KubeObject & { conditions?: Condition[] }).conditions?.find((c) => c.type === 'Healthy')

/** The store answered, or this request had not come so far; the others report through their Leases. */
function storeStatus(): KubeObject {
  const conditions: Condition[] = [{ type: 'Healthy', status: 'True', message: 'ok' }]
  return { apiVersion: 'v1', kind: 'ComponentStatus', metadata: { name: 'etcd-0' }, conditions } as KubeObject
}

/** Deprecated since 1.19, still asked for by old tools. */
export const componentStatuses = defineVirtual({
  group: '',
  version: 'v1',
  kind: 'ComponentStatus',
  plural: 'componentstatuses',
  singular: 'componentstatus',
  shortNames: ['cs'],
  namespaced: false,
  verbs: ['get', 'list'],
  deprecationWarning: 'v1.19+',
  columns: [
    nameColumn,
    column('Status', 'string', (o) => (conditionOf(o)?.status === 'True' ? 'Healthy' : 'Unhealthy')),
    column('Message', 'string', (o) => conditionOf(o)?.message ?? ''),
    column('Error', 'string', (o) => conditionOf(o)?.error ?? ''),
  ],
  get: ({ name }) => {
    const status = storeStatus()
    return name === status.metadata?.name
      ? Promise.resolve(status)
      : Promise.reject(notFound({ group: '', plural: 'componentstatus' }, name))
  },
  list: () => Promise.resolve([storeStatus()]),
})
