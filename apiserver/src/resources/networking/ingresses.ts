import type { V1Ingress } from '@kapell/openapi/types'
import { column, defineResource } from '../../registry/definition.ts'
import { ageColumn, listSome, nameColumn } from '../common/columns.ts'
import { validateIngress } from './ingress-rules.ts'
import { keepStatus, startStatus, statusView } from '../common/status.ts'

function hostsCell(ingress: V1Ingress): string {
  const hosts = (ingress.spec?.rules ?? []).flatMap((r) => (r.host === undefined || r.host === '' ? [] : [r.host]))
  return hosts.length === 0 ? '*' : listSome(hosts)
}

const addressCell = (ingress: V1Ingress): string =>
  (ingress.status?.loadBalancer?.ingress ?? []).map((i) => i.ip ?? i.hostname ?? '').join(',')

export const ingresses = defineResource<V1Ingress>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'Ingress',
  plural: 'ingresses',
  singular: 'ingress',
  shortNames: ['ing'],
  namespaced: true,
  storagePrefix: 'ingress',
  hasGeneration: true,
  columns: [
    nameColumn,
    column('Class', 'string', (o) => o.spec?.ingressClassName ?? '<none>'),
    column('Hosts', 'string', hostsCell),
    column('Address', 'string', addressCell),
    column('Ports', 'string', (o) => ((o.spec?.tls ?? []).length > 0 ? '80, 443' : '80')),
    ageColumn,
  ],
  validate: validateIngress,
  prepareForCreate: (o) => startStatus(o, { loadBalancer: {} }),
  prepareForUpdate: keepStatus,
  subresources: { status: statusView() },
})
