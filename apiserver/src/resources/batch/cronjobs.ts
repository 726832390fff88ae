import type { V1CronJob } from '@kapell/openapi/types'
import { dns1123Subdomain, maskTrailingDash } from '@kapell/openapi/meta/names'
import { dropDisabledOfTemplate } from '../core/pods/prepare.ts'
import { column, defineResource } from '../../registry/definition.ts'
import {
  ageColumn,
  containerColumns,
  formatFlag,
  formatLabelSelector,
  nameColumn,
  timeSince,
} from '../common/columns.ts'
import { cronJobWarnings } from './job-warnings.ts'
import { keepStatus, startStatus, statusView } from '../common/status.ts'

import { defaultCronJob, validateCronJob } from './cronjob-rules.ts'

export const cronJobs = defineResource<V1CronJob>({
  group: 'batch',
  version: 'v1',
  kind: 'CronJob',
  plural: 'cronjobs',
  shortNames: ['cj'],
  categories: ['all'],
  namespaced: true,
  storagePrefix: 'cronjobs',
  hasGeneration: true,
  columns: [
    nameColumn,
    column('Schedule', 'string', (o) => o.spec?.schedule ?? ''),
    column('Timezone', 'string', (o) => o.spec?.timeZone ?? '<none>'),
    column('Suspend', 'boolean', (o) => formatFlag(o.spec?.suspend)),
    column('Active', 'integer', (o) => (o.status?.active ?? []).length),
    column('Last Schedule', 'string', (o, now) =>
      o.status?.lastScheduleTime === undefined ? '<none>' : timeSince(o.status.lastScheduleTime, now),
    ),
    ageColumn,
    ...containerColumns<V1CronJob>((o) => o.spec?.jobTemplate.spec?.template.spec),
    column('Selector', 'string', (o) => formatLabelSelector(o.spec?.jobTemplate.spec?.selector), { priority: 1 }),
  ],
  default: defaultCronJob,
  validate: validateCronJob,
  warnings: cronJobWarnings,
  validateName: (name, prefix) => [
    ...dns1123Subdomain(prefix ? maskTrailingDash(name) : name),
    ...(name.length > 52 ? ['must be no more than 52 characters'] : []),
  ],
  prepareForCreate: (o) => {
    dropDisabledOfTemplate(o.spec?.jobTemplate.spec?.template)
    startStatus(o)
  },
  prepareForUpdate: (next, previous) => {
    dropDisabledOfTemplate(next.spec?.jobTemplate.spec?.template)
    keepStatus(next, previous)
  },
  subresources: { status: statusView() },
})
