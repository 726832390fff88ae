import type { V1Deployment } from '@kapell/openapi/types'
import { dropDisabledOfTemplate } from '../core/pods/prepare.ts'
import { column, defineResource } from '../../registry/definition.ts'
import { ageColumn, containerColumns, formatLabelSelector, labelSelectorText, nameColumn } from '../common/columns.ts'
import { namedTemplateWarnings } from '../common/template-warnings.ts'
import { sameJson, unchangedSelector } from '../common/validation.ts'
import { validateCounts } from '../common/status-counts.ts'
import { keepStatus, startStatus, statusView } from '../common/status.ts'

import { defaultDeployment, validateDeployment } from './deployment-rules.ts'

export const deployments = defineResource<V1Deployment>({
  group: 'apps',
  version: 'v1',
  kind: 'Deployment',
  plural: 'deployments',
  shortNames: ['deploy'],
  categories: ['all'],
  namespaced: true,
  storagePrefix: 'deployments',
  hasGeneration: true,
  generationCountsAnnotations: true,
  columns: [
    nameColumn,
    column('Ready', 'string', (o) => `${o.status?.readyReplicas ?? 0}/${o.spec?.replicas ?? 0}`),
    column('Up-to-date', 'string', (o) => o.status?.updatedReplicas ?? 0),
    column('Available', 'string', (o) => o.status?.availableReplicas ?? 0),
    ageColumn,
    ...containerColumns<V1Deployment>((o) => o.spec?.template.spec),
    column('Selector', 'string', (o) => formatLabelSelector(o.spec?.selector), { priority: 1 }),
  ],
  default: defaultDeployment,
  prepareForCreate: (o) => {
    dropDisabledOfTemplate(o.spec?.template)
    startStatus(o)
  },
  validate: validateDeployment,
  validateUpdate: (next, previous, at) =>
    unchangedSelector(at.child('spec', 'selector'), next.spec?.selector, previous.spec?.selector),
  warnings: namedTemplateWarnings,
  prepareForUpdate: (next, previous) => {
    keepStatus(next, previous)
    dropDisabledOfTemplate(next.spec?.template)
    // A change of annotations counts as well: rollouts copy them to their replica sets.
    const changed = !sameJson(next.metadata?.annotations ?? {}, previous.metadata?.annotations ?? {})
    if (changed && next.metadata !== undefined) next.metadata.generation = (previous.metadata?.generation ?? 0) + 1
  },
  subresources: {
    status: statusView({
      keep: ['labels'],
      validate: validateCounts({
        fields: [
          'observedGeneration',
          'replicas',
          'updatedReplicas',
          'readyReplicas',
          'availableReplicas',
          'unavailableReplicas',
          'collisionCount',
          'terminatingReplicas',
        ],
        parts: [
          ['updatedReplicas', 'replicas', 'status.replicas'],
          ['readyReplicas', 'replicas', 'status.replicas'],
          ['availableReplicas', 'replicas', 'status.replicas'],
          ['availableReplicas', 'readyReplicas', 'readyReplicas'],
        ],
        growing: ['collisionCount'],
      }),
    }),
    scale: {
      type: 'scale',
      getSpecReplicas: (o) => o.spec?.replicas ?? 0,
      setSpecReplicas: (o, replicas) => {
        if (o.spec !== undefined) o.spec.replicas = replicas
      },
      statusReplicas: (o) => o.status?.replicas ?? 0,
      selector: (o) => labelSelectorText(o.spec?.selector),
    },
  },
})
