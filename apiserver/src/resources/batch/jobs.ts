import type { V1Job } from '@kapell/openapi/types'
import { humanDuration } from '@kapell/openapi/meta/time'
import { dropDisabledOfTemplate } from '../core/pods/prepare.ts'
import { column, defineResource } from '../../registry/definition.ts'
import { ageColumn, containerColumns, formatLabelSelector, nameColumn } from '../common/columns.ts'
import { jobWarnings } from './job-warnings.ts'
import { keepStatus, startStatus, statusView } from '../common/status.ts'

import { defaultJob, generateSelector, wearTemplateLabels } from './job-defaults.ts'
import { validateJobStatus } from './job-status.ts'
import { validateJob, validateJobUpdate } from './job-validation.ts'

const has = (job: V1Job, type: string): boolean =>
  (job.status?.conditions ?? []).some((c) => c.type === type && c.status === 'True')

function statusCell(job: V1Job): string {
  if (has(job, 'Complete')) return 'Complete'
  if (has(job, 'Failed')) return 'Failed'
  if (job.metadata?.deletionTimestamp !== undefined) return 'Terminating'
  for (const type of ['Suspended', 'FailureTarget', 'SuccessCriteriaMet']) if (has(job, type)) return type
  return 'Running'
}

function completionsCell(job: V1Job): string {
  const succeeded = job.status?.succeeded ?? 0
  if (job.spec?.completions !== undefined) return `${succeeded}/${job.spec.completions}`
  const parallelism = job.spec?.parallelism ?? 0
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`
}

function durationCell(job: V1Job, now: Date): string {
  const { startTime, completionTime } = job.status ?? {}
  if (startTime === undefined) return ''
  const end = completionTime === undefined ? now.getTime() : Date.parse(completionTime)
  return humanDuration(end - Date.parse(startTime))
}

export const jobs = defineResource<V1Job>({
  group: 'batch',
  version: 'v1',
  kind: 'Job',
  plural: 'jobs',
  categories: ['all'],
  namespaced: true,
  storagePrefix: 'jobs',
  hasGeneration: true,
  columns: [
    nameColumn,
    column('Status', 'string', statusCell),
    column('Completions', 'string', completionsCell),
    column('Duration', 'string', durationCell),
    ageColumn,
    ...containerColumns<V1Job>((o) => o.spec?.template.spec),
    column('Selector', 'string', (o) => formatLabelSelector(o.spec?.selector), { priority: 1 }),
  ],
  selectableFields: { 'status.successful': (o) => String(o.status?.succeeded ?? 0) },
  unselectable: (field) => `field label ${JSON.stringify(field)} not supported for Job`,
  default: defaultJob,
  prepareForCreate: (o) => {
    dropDisabledOfTemplate(o.spec?.template)
    startStatus(o)
    generateSelector(o)
  },
  prepareForUpdate: (next, previous) => {
    dropDisabledOfTemplate(next.spec?.template)
    keepStatus(next, previous)
  },
  settle: wearTemplateLabels,
  validate: validateJob,
  validateUpdate: validateJobUpdate,
  warnings: jobWarnings,
  deletion: { orphanByDefault: true },
  subresources: { status: statusView({ validate: validateJobStatus }) },
})
