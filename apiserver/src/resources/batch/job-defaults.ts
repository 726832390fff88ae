import type { V1Job, V1JobSpec } from '@kapell/openapi/types'
import { defaultPodTemplate } from '../core/pods/defaults.ts'

const maxInt32 = 2147483647

/** Source: Job v1 batch. */
export function defaultJob(job: V1Job): void {
  const spec = job.spec
  if (spec === undefined) return
  spec.completionMode ??= 'NonIndexed'
  if (spec.completions === undefined && spec.parallelism === undefined) {
    spec.completions = 1
    spec.parallelism = 1
  }
  spec.parallelism ??= 1
  spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? 6 : maxInt32
  spec.suspend ??= false
  spec.manualSelector ??= false
  spec.podReplacementPolicy ??= spec.podFailurePolicy === undefined ? 'TerminatingOrFailed' : 'Failed'
  defaultPatterns(spec)
  defaultPodTemplate(spec.template)
  wearTemplateLabels(job)
}

/** A Job as a CronJob's template: its own defaults come when it is made. */
export function defaultJobTemplateSpec(spec: V1JobSpec | undefined): void {
  defaultPatterns(spec)
  defaultPodTemplate(spec?.template)
}

function defaultPatterns(spec: V1JobSpec | undefined): void {
  for (const rule of spec?.podFailurePolicy?.rules ?? []) {
    for (const pattern of rule.onPodConditions ?? []) if ((pattern.status ?? '') === '') pattern.status = 'True'
  }
}

const controllerUid = 'batch.kubernetes.io/controller-uid'

/** A Job finds its pods by its own uid, unless it says that it brings a selector along. */
export function generateSelector(job: V1Job): void {
  const spec = job.spec
  if (spec === undefined || spec.manualSelector === true || spec.template === undefined) return
  const uid = job.metadata?.uid ?? ''
  const name = job.metadata?.name ?? ''
  const generated = {
    [controllerUid]: uid,
    'controller-uid': uid,
    'batch.kubernetes.io/job-name': name,
    'job-name': name,
  }
  spec.template.metadata ??= {}
  const given = spec.template.metadata.labels ?? {}
  const labels = { ...generated, ...given }
  spec.template.metadata.labels = labels
  job.metadata ??= {}
  // A Job without labels of its own wears its template's, the generated ones included; see `wearTemplateLabels`.
  if (worn.has(job.metadata.labels ?? {})) job.metadata.labels = { ...labels }
  spec.selector ??= {}
  spec.selector.matchLabels = { ...spec.selector.matchLabels, [controllerUid]: labels[controllerUid] ?? uid }
}

/** Labels that are the template's, not the Job's own: two that are given alike stay apart. */
const worn = new WeakSet<object>()

/** A template without labels has the generated ones alone: its Job wears them once it is stored, so no rule sees them. */
export function wearTemplateLabels(job: V1Job): void {
  const labels = job.spec?.template?.metadata?.labels
  job.metadata ??= {}
  if (labels === undefined || Object.keys(job.metadata.labels ?? {}).length > 0) return
  job.metadata.labels = { ...labels }
  worn.add(job.metadata.labels)
}
