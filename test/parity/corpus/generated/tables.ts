import type { ParityCases } from '../../case.ts'
import { get } from '../build.ts'

/** How tables are headed: names, types, formats, priorities and descriptions of columns. */

const Accept = 'application/json;as=Table;v=v1;g=meta.k8s.io'
const core = [
  'bindings', 'componentstatuses', 'configmaps', 'endpoints', 'events', 'limitranges', 'namespaces', 'nodes',
  'persistentvolumeclaims', 'persistentvolumes', 'pods', 'podtemplates', 'replicationcontrollers', 'resourcequotas',
  'secrets', 'serviceaccounts', 'services',
] // prettier-ignore
const clusterScoped = new Set(['componentstatuses', 'namespaces', 'nodes', 'persistentvolumes'])
const grouped: Record<string, string[]> = {
  'apps/v1': ['controllerrevisions', 'daemonsets', 'deployments', 'replicasets', 'statefulsets'],
  'batch/v1': ['cronjobs', 'jobs'],
  'autoscaling/v1': ['horizontalpodautoscalers'],
  'autoscaling/v2': ['horizontalpodautoscalers'],
  'policy/v1': ['poddisruptionbudgets'],
}

const paths = [
  ...core.map((plural) => (clusterScoped.has(plural) ? `/api/v1/${plural}` : `/api/v1/namespaces/{{ns}}/${plural}`)),
  ...Object.entries(grouped).flatMap(([gv, plurals]) =>
    plurals.map((plural) => `/apis/${gv}/namespaces/{{ns}}/${plural}`),
  ),
]

export const tables: ParityCases = Object.fromEntries(
  paths.map((path) => [
    `columns of ${path}`,
    { keepsNothing: true, steps: [get(path, { headers: { Accept }, ignore: ['rows', 'metadata'] })] },
  ]),
)
