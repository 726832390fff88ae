import type { EventsV1Event } from '@kapell/openapi/types'
import { defineResource } from '../../registry/definition.ts'
import { newEventColumns, toCoreEvent, toNewEvent } from './event.ts'
import { defaultNewEvent, eventTtlSeconds, validateNewEvent, validateNewEventUpdate } from './event-rules.ts'

export const newEvents = defineResource<EventsV1Event>({
  group: 'events.k8s.io',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  shortNames: ['ev'],
  namespaced: true,
  storagePrefix: 'events',
  hasGeneration: false,
  allowCreateOnUpdate: true,
  conversion: {
    storedAs: { group: '', version: 'v1', plural: 'events' },
    fromStored: toNewEvent,
    toStored: toCoreEvent,
  },
  reportedAs: { group: '', kind: 'Event' },
  default: defaultNewEvent,
  validateCreate: validateNewEvent,
  validateUpdate: validateNewEventUpdate,
  ttlSeconds: () => eventTtlSeconds,
  columns: newEventColumns,
  selectableFields: {
    'regarding.kind': (e) => e.regarding?.kind ?? '',
    'regarding.namespace': (e) => e.regarding?.namespace ?? '',
    'regarding.name': (e) => e.regarding?.name ?? '',
    'regarding.uid': (e) => e.regarding?.uid ?? '',
    'regarding.apiVersion': (e) => e.regarding?.apiVersion ?? '',
    'regarding.resourceVersion': (e) => e.regarding?.resourceVersion ?? '',
    'regarding.fieldPath': (e) => e.regarding?.fieldPath ?? '',
    reason: (e) => e.reason ?? '',
    reportingController: (e) => e.reportingController ?? '',
    type: (e) => e.type ?? '',
  },
})
