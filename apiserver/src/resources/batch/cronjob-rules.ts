import type { V1CronJob } from '@kapell/openapi/types'
import { invalid, required, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { selectorView } from '../common/internal-view.ts'
import { nonNegative, unsupported } from '../common/validation.ts'
import { cronScheduleError } from './cron-schedule.ts'
import { defaultJobTemplateSpec } from './job-defaults.ts'
import { validateJobSpec } from './job-validation.ts'

/** Source: CronJob v1 batch. */
export function defaultCronJob(cronJob: V1CronJob): void {
  const spec = cronJob.spec
  if (spec === undefined) return
  if ((spec.concurrencyPolicy ?? '') === '') spec.concurrencyPolicy = 'Allow'
  spec.suspend ??= false
  spec.successfulJobsHistoryLimit ??= 3
  spec.failedJobsHistoryLimit ??= 1
  spec.jobTemplate ??= {}
  spec.jobTemplate.metadata ??= {}
  defaultJobTemplateSpec(spec.jobTemplate.spec)
}

const policies = ['Allow', 'Forbid', 'Replace']

export function validateCronJob(cronJob: V1CronJob, root: FieldPath): FieldError[] {
  const spec = cronJob.spec
  const at = root.child('spec')
  if (spec === undefined) return [required(at.child('schedule'))]
  const errors: FieldError[] = []
  if ((spec.schedule ?? '') === '') errors.push(required(at.child('schedule')))
  else if (/TZ/.test(spec.schedule)) {
    errors.push(
      invalid(at.child('schedule'), spec.schedule, 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead'),
    )
  } else {
    const wrong = cronScheduleError(spec.schedule)
    if (wrong !== undefined) errors.push(invalid(at.child('schedule'), spec.schedule, wrong))
  }
  errors.push(...nonNegative(at.child('startingDeadlineSeconds'), spec.startingDeadlineSeconds))
  errors.push(...validateTimeZone(spec.timeZone, at.child('timeZone')))
  const policy = spec.concurrencyPolicy ?? ''
  if (policy === '') errors.push(required(at.child('concurrencyPolicy')))
  else if (!policies.includes(policy)) errors.push(unsupported(at.child('concurrencyPolicy'), policy, policies))
  errors.push(...nonNegative(at.child('successfulJobsHistoryLimit'), spec.successfulJobsHistoryLimit))
  errors.push(...nonNegative(at.child('failedJobsHistoryLimit'), spec.failedJobsHistoryLimit))
  const job = spec.jobTemplate.spec
  const jobAt = at.child('jobTemplate', 'spec')
  if (job === undefined) return [...errors, required(jobAt.child('template'))]
  if (job.selector !== undefined)
    errors.push(invalid(jobAt.child('selector'), selectorView(job.selector), '`selector` will be auto-generated'))
  if (job.manualSelector === true) errors.push(unsupported(jobAt.child('manualSelector'), true, ['nil', 'false']))
  errors.push(...validateJobSpec(job, jobAt))
  return errors
}

function validateTimeZone(zone: string | undefined, at: FieldPath): FieldError[] {
  if (zone === undefined) return []
  if (zone === '') return [invalid(at, '', 'timeZone must be nil or non-empty string')]
  if (zone.toLowerCase() === 'local') {
    return [invalid(at, zone, 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones')]
  }
  try {
    const known = new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone
    // Names are told apart by case, which Intl does not.
    const isMiscased = zone !== known && (zone.toLowerCase() === known.toLowerCase() || /^[a-z]+\//.test(zone))
    return isMiscased ? [invalid(at, zone, `unknown time zone ${zone}`)] : []
  } catch {
    return [invalid(at, zone, `unknown time zone ${zone}`)]
  }
}
