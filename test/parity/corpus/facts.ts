import { resources } from '@kapell/apiserver/resources/index'
import { apiVersionOf } from '@kapell/openapi/meta/object'
import type { ParityCase, ParityCases } from '../case.ts'
import { get } from './build.ts'

/**
 * What the server says of every resource it serves: discovery in both its forms, the columns of its tables, and the
 * fields that its objects can be selected by.
 */

const groupVersions = [...new Set(resources.map(({ definition: d }) => apiVersionOf(d)))].sort()
const groups = [...new Set(resources.map(({ definition: d }) => d.group))].filter((group) => group !== '').sort()
const rootOf = (apiVersion: string): string => (apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`)

const asked = (path: string, accept = 'application/json', ignore: string[] = []): ParityCase => ({
  keepsNothing: true,
  keep: ['storageVersionHash'],
  steps: [get(path, { headers: { Accept: accept }, ignore })],
})

const aggregated = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'
const discovery: ParityCases = {
  '/api': asked('/api', 'application/json', ['serverAddressByClientCIDRs']),
  '/apis': asked('/apis'),
  '/api, aggregated': asked('/api', aggregated),
  '/apis, aggregated': asked('/apis', aggregated),
  ...Object.fromEntries(groups.map((group) => [`/apis/${group}`, asked(`/apis/${group}`)])),
  ...Object.fromEntries(groupVersions.map((gv) => [rootOf(gv), asked(rootOf(gv))])),
}

interface Listed {
  title: string
  path: string
}

const listed: Listed[] = resources
  .map(({ definition: d }) => d)
  .filter((d) => d.verbs?.includes('list') ?? true)
  .map((d) => ({ title: `${d.plural}.${apiVersionOf(d)}`, path: `${rootOf(apiVersionOf(d))}/${d.plural}` }))

const table = 'application/json;as=Table;v=v1;g=meta.k8s.io'
/** What columns are described as is prose, and ours is ours. */
const prose = Array.from({ length: 20 }, (_, i) => `columnDefinitions.${i}.description`)
const columns: ParityCases = Object.fromEntries(
  listed.map(({ title, path }) => [
    `columns of ${title}`,
    asked(`${path}?limit=1`, table, ['rows', 'metadata', ...prose]),
  ]),
)

/** Whatever any kind can be selected by, and what none can. */
const fields = [
  'metadata.name', 'metadata.namespace', 'metadata.labels.a', 'metadata.uid',
  'involvedObject.apiVersion', 'involvedObject.fieldPath', 'involvedObject.kind', 'involvedObject.name',
  'involvedObject.namespace', 'involvedObject.resourceVersion', 'involvedObject.uid', 'reason', 'regarding.kind',
  'regarding.name', 'regarding.namespace', 'regarding.uid', 'regarding.apiVersion', 'regarding.resourceVersion',
  'regarding.fieldPath', 'deprecatedSource.component', 'spec.resourceName', 'spec.containers', 'status.hostIP', 'reportingComponent', 'reportingController', 'source', 'spec.clusterIP',
  'spec.driver', 'spec.hostNetwork', 'spec.nodeName', 'spec.podName', 'spec.restartPolicy', 'spec.schedulerName',
  'spec.serviceAccountName', 'spec.signerName', 'spec.type', 'spec.unschedulable', 'spec.pool.name', 'spec.group',
  'status.nominatedNodeName', 'status.phase', 'status.podIP', 'status.podIPs', 'status.replicas', 'status.successful',
  'type',
] // prettier-ignore

const selectable: ParityCases = Object.fromEntries(
  listed.map(({ title, path }) => [
    `selectable fields of ${title}`,
    {
      keepsNothing: true,
      steps: fields.map((field) =>
        get(`${path}?limit=1&fieldSelector=${field}=none-has-this`, { ignore: ['metadata'] }),
      ),
    },
  ]),
)

export const facts: ParityCases = { ...discovery, ...columns, ...selectable }
