import type { V1Pod } from '@kapell/openapi/types'
import { defineResource } from '../../../registry/definition.ts'
import { keepField, keepStatus, startStatus, statusView } from '../../common/status.ts'
import { bindPod } from './binding.ts'
import { podColumns } from './columns.ts'
import { evictPod } from './eviction.ts'

export const pods = defineResource<V1Pod>({
  group: '',
  version: 'v1',
  kind: 'Pod',
  plural: 'pods',
  shortNames: ['po'],
  categories: ['all'],
  namespaced: true,
  storagePrefix: 'pods',
  hasGeneration: true,
  columns: podColumns,
  selectableFields: {
    'spec.nodeName': (o) => o.spec?.nodeName ?? '',
    'spec.restartPolicy': (o) => o.spec?.restartPolicy ?? '',
    'spec.schedulerName': (o) => o.spec?.schedulerName ?? '',
    'spec.serviceAccountName': (o) => o.spec?.serviceAccountName ?? '',
    'spec.hostNetwork': (o) => String(o.spec?.hostNetwork ?? false),
    'status.phase': (o) => o.status?.phase ?? '',
    'status.podIP': (o) => o.status?.podIPs?.[0]?.ip ?? o.status?.podIP ?? '',
    'status.podIPs': (o) => o.status?.podIPs?.[0]?.ip ?? o.status?.podIP ?? '',
    'status.nominatedNodeName': (o) => o.status?.nominatedNodeName ?? '',
  },
  prepareForCreate: (o) => startStatus(o, { phase: 'Pending' }),
  prepareForUpdate: keepStatus,
  subresources: {
    status: statusView({ keep: ['ownerReferences', 'deletionTimestamp'] }),
    ephemeralcontainers: {
      type: 'view',
      verbs: ['get', 'update', 'patch'],
      prepareForUpdate: (next, previous) => {
        const given = next.spec?.ephemeralContainers
        keepField(next, previous, 'spec')
        keepStatus(next, previous)
        if (next.spec !== undefined && given !== undefined) next.spec = { ...next.spec, ephemeralContainers: given }
      },
    },
    resize: {
      type: 'view',
      verbs: ['get', 'update', 'patch'],
      prepareForUpdate: (next, previous) => {
        const given = new Map((next.spec?.containers ?? []).map((c) => [c.name, c]))
        keepField(next, previous, 'spec')
        keepStatus(next, previous)
        if (next.spec === undefined) return
        next.spec = {
          ...next.spec,
          containers: next.spec.containers.map((c) => {
            const resized = given.get(c.name)
            if (resized === undefined) return c
            return { ...c, resources: resized.resources ?? {} }
          }),
        }
      },
    },
    binding: { type: 'action', kind: { group: '', version: 'v1', kind: 'Binding' }, create: bindPod },
    eviction: { type: 'action', kind: { group: 'policy', version: 'v1', kind: 'Eviction' }, create: evictPod },
    log: { type: 'connect', kind: 'Pod', methods: ['GET'], verbs: ['get'], handler: 'pod-log' },
    exec: {
      type: 'connect',
      kind: 'PodExecOptions',
      methods: ['GET', 'POST'],
      verbs: ['create', 'get'],
      handler: 'pod-exec',
    },
    attach: {
      type: 'connect',
      kind: 'PodAttachOptions',
      methods: ['GET', 'POST'],
      verbs: ['create', 'get'],
      handler: 'pod-attach',
    },
    portforward: {
      type: 'connect',
      kind: 'PodPortForwardOptions',
      methods: ['GET', 'POST'],
      verbs: ['create', 'get'],
      handler: 'pod-portforward',
    },
    proxy: {
      type: 'connect',
      kind: 'PodProxyOptions',
      methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'],
      verbs: ['create', 'delete', 'get', 'patch', 'update'],
      handler: 'pod-proxy',
    },
  },
})
