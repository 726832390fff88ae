import type { V1Pod } from '@kapell/openapi/types'
import { FieldPath } from '@kapell/openapi/meta/field-errors'
import { defineResource } from '../../../registry/definition.ts'
import { keepMetadata, keepStatus, statusView } from '../../common/status.ts'
import { bindPod } from './binding.ts'
import { podColumns, podRowConditions } from './columns.ts'
import { defaultPod } from './defaults.ts'
import { evictPod } from './eviction.ts'
import {
  dropDisabled,
  pairAddresses,
  podGracePeriod,
  preparePod,
  takeEphemeralContainers,
  takeResources,
} from './prepare.ts'
import { validateNewPod } from './validation/create.ts'
import { validateImages } from './validation/containers.ts'
import { validatePodSpec } from './validation/spec.ts'
import { validatePodStatusUpdate } from './validation/status.ts'
import { validateEphemeralUpdate, validatePodUpdate, validateResize } from './validation/update.ts'
import { podWarnings } from './warnings/index.ts'
import { nameWarnings } from '../../common/name-warnings.ts'

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
  rowConditions: podRowConditions,
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
  default: defaultPod,
  prepareForCreate: preparePod,
  prepareForUpdate: (next, previous) => {
    keepStatus(next, previous)
    dropDisabled(next)
  },
  validate: (pod, at) =>
    pod.spec === undefined
      ? []
      : [
          ...validatePodSpec(pod.spec, at.child('spec'), pod.metadata?.name),
          ...validateImages(pod.spec, at.child('spec')),
        ],
  validateCreate: validateNewPod,
  validateUpdate: validatePodUpdate,
  // Those who change pods are programs: only who makes one is told.
  warnings: (pod, previous) =>
    previous === undefined
      ? [
          ...nameWarnings(pod.metadata?.name, "the Pod's hostname"),
          ...podWarnings(pod.metadata, pod.spec, new FieldPath('spec')),
        ]
      : [],
  deletion: { gracePeriodSeconds: podGracePeriod },
  subresources: {
    status: statusView({
      keep: ['ownerReferences', 'deletionTimestamp'],
      prepare: (next, previous) => {
        // Its class was fixed when it was made; a client that leaves it out does not clear it.
        if (previous.status?.qosClass !== undefined)
          next.status = { qosClass: previous.status.qosClass, ...next.status }
        pairAddresses(next)
      },
      validate: validatePodStatusUpdate,
    }),
    ephemeralcontainers: {
      type: 'view',
      verbs: ['get', 'update', 'patch'],
      keeps: 'all',
      prepareForUpdate: (next, previous) => {
        keepMetadata(next, previous)
        takeEphemeralContainers(next, previous)
      },
      validateUpdate: validateEphemeralUpdate,
    },
    resize: {
      type: 'view',
      verbs: ['get', 'update', 'patch'],
      keeps: 'all',
      prepareForUpdate: (next, previous) => {
        keepMetadata(next, previous)
        takeResources(next, previous)
      },
      validateUpdate: validateResize,
    },
    binding: { type: 'action', kind: { group: '', version: 'v1', kind: 'Binding' }, create: bindPod },
    eviction: {
      type: 'action',
      kind: { group: 'policy', version: 'v1', kind: 'Eviction' },
      alsoVersions: ['v1beta1'],
      create: evictPod,
    },
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
