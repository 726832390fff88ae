import type { V1CronJob, V1Job, V1JobSpec } from '@kapell/openapi/types'
import { nameWarnings } from '../common/name-warnings.ts'
import { isAnotherGeneration, templateWarnings } from '../common/template-warnings.ts'

const manyCompletions = 100_000
const manyAtOnce = 10_000

function sizeWarnings(spec: V1JobSpec | undefined, at: string): string[] {
  const isLarge =
    spec?.completionMode === 'Indexed' &&
    (spec.completions ?? 0) > manyCompletions &&
    (spec.parallelism ?? 0) > manyAtOnce
  return isLarge
    ? [
        `${at}: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail`,
      ]
    : []
}

/** Of its name when it is made, of its size and its pods also when they change. */
export function jobWarnings(job: V1Job, previous: V1Job | undefined): string[] {
  const named = previous === undefined ? nameWarnings(job.metadata?.name) : []
  if (!isAnotherGeneration(job, previous)) return named
  return [...named, ...sizeWarnings(job.spec, 'spec'), ...templateWarnings(job.spec?.template)]
}

export function cronJobWarnings(job: V1CronJob, previous: V1CronJob | undefined): string[] {
  const named = previous === undefined ? nameWarnings(job.metadata?.name) : []
  if (!isAnotherGeneration(job, previous)) return named
  const spec = job.spec?.jobTemplate.spec
  const at = 'spec.jobTemplate.spec'
  return [...named, ...sizeWarnings(spec, at), ...templateWarnings(spec?.template, `${at}.template`)]
}
