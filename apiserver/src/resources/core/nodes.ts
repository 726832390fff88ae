import type { V1Node } from '@kapell/openapi/types'
import { column, defineResource } from '../../registry/definition.ts'
import { ageColumn, nameColumn } from '../common/columns.ts'
import { keepStatus, statusView } from '../common/status.ts'
import { defaultNode, validateNode, validateNodeUpdate, validateNodeStatus } from './node-rules.ts'

const rolePrefix = 'node-role.kubernetes.io/'

function statusCell(node: V1Node): string {
  const ready = (node.status?.conditions ?? []).find((c) => c.type === 'Ready')
  const parts = [ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady']
  if (node.spec?.unschedulable === true) parts.push('SchedulingDisabled')
  return parts.join(',')
}

function rolesCell(node: V1Node): string {
  const roles = new Set<string>()
  for (const [key, value] of Object.entries(node.metadata?.labels ?? {})) {
    if (key.startsWith(rolePrefix) && key.length > rolePrefix.length) roles.add(key.slice(rolePrefix.length))
    else if (key === 'kubernetes.io/role' && value !== '') roles.add(value)
  }
  return roles.size === 0 ? '<none>' : [...roles].sort().join(',')
}

const address = (node: V1Node, type: string): string =>
  (node.status?.addresses ?? []).find((a) => a.type === type)?.address ?? '<none>'
const orUnknown = (text: string | undefined): string => (text === undefined || text === '' ? '<unknown>' : text)

export const nodes = defineResource<V1Node>({
  group: '',
  version: 'v1',
  kind: 'Node',
  plural: 'nodes',
  shortNames: ['no'],
  namespaced: false,
  storagePrefix: 'minions',
  hasGeneration: false,
  columns: [
    nameColumn,
    column('Status', 'string', statusCell),
    column('Roles', 'string', rolesCell),
    ageColumn,
    column('Version', 'string', (o) => o.status?.nodeInfo?.kubeletVersion ?? ''),
    column('Internal-IP', 'string', (o) => address(o, 'InternalIP'), { priority: 1 }),
    column('External-IP', 'string', (o) => address(o, 'ExternalIP'), { priority: 1 }),
    column('OS-Image', 'string', (o) => orUnknown(o.status?.nodeInfo?.osImage), { priority: 1 }),
    column('Kernel-Version', 'string', (o) => orUnknown(o.status?.nodeInfo?.kernelVersion), { priority: 1 }),
    column('Container-Runtime', 'string', (o) => orUnknown(o.status?.nodeInfo?.containerRuntimeVersion), {
      priority: 1,
    }),
  ],
  selectableFields: { 'spec.unschedulable': (o) => String(o.spec?.unschedulable ?? false) },
  default: defaultNode,
  prepareForCreate: (o) => {
    o.spec ??= {}
  },
  prepareForUpdate: keepStatus,
  validate: validateNode,
  validateCreate: (o, at) => validateNodeStatus(o, undefined, at),
  validateUpdate: validateNodeUpdate,
  warnings: (o) =>
    (o.spec?.externalID ?? '') === '' ? [] : ['spec.externalID: this field is deprecated, and is unused by Kubernetes'],
  subresources: {
    status: statusView({ validate: validateNodeStatus }),
    proxy: {
      type: 'connect',
      kind: 'NodeProxyOptions',
      methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'],
      verbs: ['create', 'delete', 'get', 'patch', 'update'],
      handler: 'node-proxy',
    },
  },
})
