import type { V1IPAddress } from '@kapell/openapi/types'
import { column, defineResource } from '../../registry/definition.ts'
import { nameColumn } from '../common/columns.ts'

function parentCell(o: V1IPAddress): string {
  const p = o.spec?.parentRef
  if (p === undefined) return '<none>'
  return [p.group, p.resource, p.namespace, p.name].filter((s) => s !== undefined && s !== '').join('/')
}

export const ipAddresses = defineResource<V1IPAddress>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'IPAddress',
  plural: 'ipaddresses',
  shortNames: ['ip'],
  namespaced: false,
  storagePrefix: 'ipaddresses',
  hasGeneration: false,
  columns: [nameColumn, column('ParentRef', 'string', parentCell)],
})
