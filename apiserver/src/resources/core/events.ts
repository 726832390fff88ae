import type { CoreV1Event } from '@kapell/openapi/types'
import { pathSegmentName } from '@kapell/openapi/meta/names'
import { defineResource } from '../../registry/definition.ts'
import { coreEventColumns } from '../events/event.ts'
import { defaultCoreEvent, eventTtlSeconds, validateCoreEvent } from '../events/event-rules.ts'

export const events = defineResource<CoreV1Event>({
  group: '',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  shortNames: ['ev'],
  namespaced: true,
  storagePrefix: 'events',
  hasGeneration: false,
  allowCreateOnUpdate: true,
  validateName: (name) => pathSegmentName(name),
  default: defaultCoreEvent,
  validate: validateCoreEvent,
  ttlSeconds: () => eventTtlSeconds,
  columns: coreEventColumns,
  selectableFields: {
    'involvedObject.kind': (e) => e.involvedObject.kind ?? '',
    'involvedObject.namespace': (e) => e.involvedObject.namespace ?? '',
    'involvedObject.name': (e) => e.involvedObject.name ?? '',
    'involvedObject.uid': (e) => e.involvedObject.uid ?? '',
    'involvedObject.apiVersion': (e) => e.involvedObject.apiVersion ?? '',
    'involvedObject.resourceVersion': (e) => e.involvedObject.resourceVersion ?? '',
    'involvedObject.fieldPath': (e) => e.involvedObject.fieldPath ?? '',
    reason: (e) => e.reason ?? '',
    reportingComponent: (e) => e.reportingComponent ?? '',
    source: (e) => {
      const component = e.source?.component ?? ''
      return component === '' ? (e.reportingComponent ?? '') : component
    },
    type: (e) => e.type ?? '',
  },
})
