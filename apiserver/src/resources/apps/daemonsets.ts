import type { V1DaemonSet } from '@kapell/openapi/types'
import { dropDisabledOfTemplate } from '../core/pods/prepare.ts'
import { column, defineResource } from '../../registry/definition.ts'
import { ageColumn, containerColumns, formatLabels, formatLabelSelector, nameColumn } from '../common/columns.ts'
import { templateWarnings } from '../common/template-warnings.ts'
import { sameJson, unchangedSelector } from '../common/validation.ts'
import { validateCounts } from '../common/status-counts.ts'
import { keepStatus, startStatus, statusView } from '../common/status.ts'

import {
  countTemplate,
  defaultDaemonSet,
  keepTemplateCount,
  startTemplateCount,
  validateDaemonSet,
} from './daemonset-rules.ts'

export const daemonSets = defineResource<V1DaemonSet>({
  group: 'apps',
  version: 'v1',
  kind: 'DaemonSet',
  plural: 'daemonsets',
  shortNames: ['ds'],
  categories: ['all'],
  namespaced: true,
  storagePrefix: 'daemonsets',
  hasGeneration: true,
  columns: [
    nameColumn,
    column('Desired', 'integer', (o) => o.status?.desiredNumberScheduled ?? 0),
    column('Current', 'integer', (o) => o.status?.currentNumberScheduled ?? 0),
    column('Ready', 'integer', (o) => o.status?.numberReady ?? 0),
    column('Up-to-date', 'integer', (o) => o.status?.updatedNumberScheduled ?? 0),
    column('Available', 'integer', (o) => o.status?.numberAvailable ?? 0),
    column('Node Selector', 'string', (o) => formatLabels(o.spec?.template.spec?.nodeSelector)),
    ageColumn,
    ...containerColumns<V1DaemonSet>((o) => o.spec?.template.spec),
    column('Selector', 'string', (o) => formatLabelSelector(o.spec?.selector), { priority: 1 }),
  ],
  default: defaultDaemonSet,
  prepareForCreate: (o) => {
    dropDisabledOfTemplate(o.spec?.template)
    startTemplateCount(o)
    startStatus(o, { currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 })
  },
  prepareForUpdate: (next, previous) => {
    keepStatus(next, previous)
    dropDisabledOfTemplate(next.spec?.template)
    countTemplate(next, previous)
  },
  validate: validateDaemonSet,
  validateUpdate: (next, previous, at) =>
    unchangedSelector(at.child('spec', 'selector'), next.spec?.selector, previous.spec?.selector),
  warnings: (o, previous) =>
    sameJson(o.spec?.template, previous?.spec?.template) ? [] : templateWarnings(o.spec?.template),
  subresources: {
    status: statusView({
      prepare: keepTemplateCount,
      validate: validateCounts({
        fields: [
          'currentNumberScheduled',
          'numberMisscheduled',
          'desiredNumberScheduled',
          'numberReady',
          'observedGeneration',
          'updatedNumberScheduled',
          'numberAvailable',
          'numberUnavailable',
          'collisionCount',
        ],
        growing: ['collisionCount'],
      }),
    }),
  },
})
