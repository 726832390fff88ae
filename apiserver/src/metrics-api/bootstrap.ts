import type { V1APIService, V1ClusterRole } from '@kapell/openapi/types'
import { ensureExists } from '../bootstrap/ensure.ts'
import type { ObjectAccess } from '../registry/services.ts'
import { metricsGroup, metricsVersion } from './resources.ts'

/** As the add-on that serves this group elsewhere counts it. */
export const metricsPriority = 100

const apiService: V1APIService = {
  apiVersion: 'apiregistration.k8s.io/v1',
  kind: 'APIService',
  metadata: {
    name: `${metricsVersion}.${metricsGroup}`,
    labels: { 'kube-aggregator.kubernetes.io/automanaged': 'onstart' },
  },
  // Without a service this server answers; whoever installs another metrics server puts its Service here.
  spec: {
    group: metricsGroup,
    version: metricsVersion,
    groupPriorityMinimum: metricsPriority,
    versionPriority: metricsPriority,
  },
}

const aggregateTo = (role: string): [string, string] => [`rbac.authorization.k8s.io/aggregate-to-${role}`, 'true']

const readerRole: V1ClusterRole = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRole',
  metadata: {
    name: 'system:aggregated-metrics-reader',
    labels: Object.fromEntries(['admin', 'edit', 'view'].map(aggregateTo)),
  },
  rules: [{ apiGroups: [metricsGroup], resources: ['pods', 'nodes'], verbs: ['get', 'list', 'watch'] }],
}

/** What stands for the metrics API in a cluster, for who serves it without this server's own scraper. */
export const metricsApiObjects = { apiService, readerRole }

/** What stands for the metrics API in a cluster: its APIService, and the role that lets users of namespaces read it. */
export async function ensureMetricsApi(objects: ObjectAccess): Promise<void> {
  await Promise.all([
    ensureExists(objects, { group: 'apiregistration.k8s.io', plural: 'apiservices' }, apiService),
    ensureExists(objects, { group: 'rbac.authorization.k8s.io', plural: 'clusterroles' }, readerRole),
  ])
}
