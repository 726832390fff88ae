import type { V1Job, V1JobSpec } from '@kapell/openapi/types'
import { invalid, required, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { dns1123Label, domainPrefixedPath } from '@kapell/openapi/meta/names'
import { validatePodTemplate, validateTemplateLabels } from '../common/pod-template.ts'
import { internalView, mapView, selectorView } from '../common/internal-view.ts'
import {
  nameErrors,
  nonNegative,
  sameJson,
  unchanged,
  unchangedSelector,
  unsupported,
  validateLabelSelector,
} from '../common/validation.ts'
import { validateFailurePolicy, validateSuccessPolicy } from './job-policies.ts'

/** Source: Job v1 batch; "Jobs". */

const maxCompletions = 1_000_000_000
const maxParallelism = 100_000
/** Of Jobs with more completions than that whose indexes fail one by one. */
const maxFailed = 10_000

export function validateJobSpec(spec: V1JobSpec, at: FieldPath): FieldError[] {
  const errors = [
    ...nonNegative(at.child('parallelism'), spec.parallelism),
    ...nonNegative(at.child('completions'), spec.completions),
    ...nonNegative(at.child('activeDeadlineSeconds'), spec.activeDeadlineSeconds),
    ...nonNegative(at.child('backoffLimit'), spec.backoffLimit),
    ...nonNegative(at.child('ttlSecondsAfterFinished'), spec.ttlSecondsAfterFinished),
    ...nonNegative(at.child('backoffLimitPerIndex'), spec.backoffLimitPerIndex),
    ...nonNegative(at.child('maxFailedIndexes'), spec.maxFailedIndexes),
  ]
  errors.push(...validateManagedBy(spec.managedBy, at.child('managedBy')), ...validateMode(spec, at))
  const replaces = spec.podFailurePolicy === undefined ? ['Failed', 'TerminatingOrFailed'] : ['Failed']
  if (spec.podReplacementPolicy !== undefined && !replaces.includes(spec.podReplacementPolicy)) {
    errors.push(unsupported(at.child('podReplacementPolicy'), spec.podReplacementPolicy, replaces))
  }
  if (spec.podFailurePolicy !== undefined) {
    errors.push(...validateFailurePolicy(spec.podFailurePolicy, spec, at.child('podFailurePolicy')))
  }
  errors.push(...validateSuccessPolicy(spec, at.child('successPolicy')))
  errors.push(...validatePodTemplate(spec.template, at.child('template')))
  const policyAt = at.child('template', 'spec', 'restartPolicy')
  const policy = spec.template?.spec?.restartPolicy ?? ''
  if (policy === 'Always' || policy === '') errors.push(required(policyAt, 'valid values: "OnFailure", "Never"'))
  else if (policy !== 'OnFailure' && policy !== 'Never')
    errors.push(unsupported(policyAt, policy, ['OnFailure', 'Never']))
  else if (spec.podFailurePolicy !== undefined && policy !== 'Never') {
    errors.push(invalid(policyAt, policy, 'only "Never" is supported when podFailurePolicy is specified'))
  }
  return errors
}

function validateManagedBy(managedBy: string | undefined, at: FieldPath): FieldError[] {
  if (managedBy === undefined) return []
  if (managedBy === '') return [required(at)]
  return [
    ...nameErrors(at, managedBy, domainPrefixedPath),
    ...(managedBy.length > 63
      ? [{ type: 'FieldValueTooLong' as const, field: at.text, detail: 'may not be more than 63 bytes' }]
      : []),
  ]
}

function validateMode(spec: V1JobSpec, at: FieldPath): FieldError[] {
  const mode = spec.completionMode
  if (mode !== undefined && mode !== 'NonIndexed' && mode !== 'Indexed')
    return [unsupported(at.child('completionMode'), mode, ['NonIndexed', 'Indexed'])]
  const errors: FieldError[] = []
  if (spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined) {
    errors.push(required(at.child('backoffLimitPerIndex'), 'when maxFailedIndexes is specified'))
  }
  if (mode !== 'Indexed') {
    for (const field of ['backoffLimitPerIndex', 'maxFailedIndexes'] as const)
      if (spec[field] !== undefined)
        errors.push(invalid(at.child(field), spec[field], 'requires indexed completion mode'))
    return errors
  }
  if (spec.completions === undefined) {
    errors.push(required(at.child('completions'), 'when completion mode is Indexed'))
  } else if (spec.completions > maxCompletions) {
    errors.push(invalid(at.child('completions'), spec.completions, `must be less than or equal to ${maxCompletions}`))
  }
  if ((spec.parallelism ?? 0) > maxParallelism) {
    errors.push(
      invalid(
        at.child('parallelism'),
        spec.parallelism,
        `must be less than or equal to ${maxParallelism} when completion mode is Indexed`,
      ),
    )
  }
  const isLarge = (spec.completions ?? 0) > maxParallelism && spec.backoffLimitPerIndex !== undefined
  if (isLarge) {
    const why = `must be less than or equal to ${maxFailed} when completions are above ${maxParallelism} and used with backoff limit per index`
    if (spec.maxFailedIndexes === undefined) {
      errors.push(
        required(at.child('maxFailedIndexes'), `must be specified when completions is above ${maxParallelism}`),
      )
    }
    for (const field of ['parallelism', 'maxFailedIndexes'] as const)
      if ((spec[field] ?? 0) > maxFailed) errors.push(invalid(at.child(field), spec[field], why))
  }
  if (
    spec.maxFailedIndexes !== undefined &&
    spec.completions !== undefined &&
    spec.maxFailedIndexes > spec.completions
  ) {
    errors.push(
      invalid(at.child('maxFailedIndexes'), spec.maxFailedIndexes, 'must be less than or equal to completions'),
    )
  }
  return errors
}

/** A Job's own spec: with its selector, which the template must match. */
function validateSelectedSpec(spec: V1JobSpec, at: FieldPath): FieldError[] {
  return [
    ...(spec.selector === undefined
      ? [required(at.child('selector'))]
      : validateLabelSelector(spec.selector, at.child('selector'))),
    ...(validateTemplateLabels(spec, at) ?? []),
    ...validateJobSpec(spec, at),
  ]
}

export function validateJob(job: V1Job, root: FieldPath): FieldError[] {
  const spec = job.spec
  const at = root.child('spec')
  if (spec === undefined) return [required(at.child('template'))]
  const errors: FieldError[] = []
  const name = job.metadata?.name ?? ''
  if (spec.completionMode === 'Indexed' && (spec.completions ?? 0) > 0) {
    const last = `${name}-${(spec.completions ?? 1) - 1}`
    if (dns1123Label(last).length > 0) {
      const text = 'will not able to create pod with invalid DNS label: ' + last
      errors.push(invalid(root.child('metadata', 'name'), name, text))
    }
  }
  errors.push(...validateGeneratedSelector(job, spec, at), ...validateSelectedSpec(spec, at))
  return errors
}

/** The selector is the generated one, unless the Job brings its own and says so. */
function validateGeneratedSelector(job: V1Job, spec: V1JobSpec, at: FieldPath): FieldError[] {
  if (spec.manualSelector === true || spec.selector === undefined) return []
  const errors: FieldError[] = []
  const labels = spec.template?.metadata?.labels ?? {}
  const labelsAt = at.child('template', 'metadata', 'labels')
  const uid = job.metadata?.uid ?? ''
  const name = job.metadata?.name ?? ''
  const known: [key: string, value: string, isNew: boolean][] = [
    ['controller-uid', uid, false],
    ['job-name', name, false],
    ['batch.kubernetes.io/controller-uid', uid, true],
    ['batch.kubernetes.io/job-name', name, true],
  ]
  for (const [key, value, isNew] of known) {
    const given = labels[key]
    // Jobs from before the new names have the old ones alone.
    if (given === undefined && !isNew) errors.push(required(labelsAt.key(key), `must be '${value}'`))
    else if (given !== undefined && given !== value) {
      errors.push(invalid(labelsAt.key(key), mapView(labels), `must be '${value}'`))
    }
  }
  const isGenerated = ['controller-uid', 'batch.kubernetes.io/controller-uid'].some((key) =>
    sameJson(spec.selector, { matchLabels: { [key]: uid } }),
  )
  if (!isGenerated)
    errors.push(invalid(at.child('selector'), selectorView(spec.selector), '`selector` not auto-generated'))
  return errors
}

const fixedFields = [
  ['podFailurePolicy', 'batch.v1.PodFailurePolicy'],
  ['backoffLimitPerIndex', ''],
  ['managedBy', ''],
  ['successPolicy', 'batch.v1.SuccessPolicy'],
] as const

/** The original looks at the new spec twice, and says all that is wrong with it twice. */
export function validateJobUpdate(next: V1Job, previous: V1Job, root: FieldPath): FieldError[] {
  const at = root.child('spec')
  const now = next.spec
  const before = previous.spec
  const errors = now === undefined ? [] : validateSelectedSpec(now, at)
  errors.push(...validateCompletionsUpdate(now, before, at.child('completions')))
  errors.push(...unchangedSelector(at.child('selector'), now?.selector, before?.selector))
  errors.push(...validateTemplateUpdate(now, before, previous, at.child('template')))
  errors.push(...unchanged(at.child('completionMode'), now?.completionMode, before?.completionMode))
  for (const [field, definition] of fixedFields) {
    if (sameJson(now?.[field], before?.[field])) continue
    const value = now?.[field]
    const shown = typeof value === 'object' ? internalView(definition, value) : (value ?? null)
    errors.push(invalid(at.child(field), shown, 'field is immutable'))
  }
  return errors
}

/** A Job that was suspended before it ever started may change where its pods go. */
function validateTemplateUpdate(
  now: V1JobSpec | undefined,
  before: V1JobSpec | undefined,
  job: V1Job,
  at: FieldPath,
): FieldError[] {
  const neverStarted = job.spec?.suspend === true && job.status?.startTime === undefined
  if (!neverStarted) {
    return sameJson(now?.template, before?.template)
      ? []
      : [invalid(at, internalView('core.v1.PodTemplateSpec', now?.template), 'field is immutable')]
  }
  return sameJson(fixedPart(now), fixedPart(before))
    ? []
    : [invalid(at.child('spec'), internalView('core.v1.PodSpec', now?.template?.spec), 'field is immutable')]
}

/** An indexed Job may grow or shrink, if its parallelism goes along. */
function validateCompletionsUpdate(
  now: V1JobSpec | undefined,
  before: V1JobSpec | undefined,
  at: FieldPath,
): FieldError[] {
  if (now?.completions === before?.completions) return []
  const elastic =
    now?.completionMode === 'Indexed' &&
    now.completions !== undefined &&
    before?.completions !== undefined &&
    now.completions === now.parallelism
  const text =
    now?.completionMode === 'Indexed' ? 'can only be modified in tandem with spec.parallelism' : 'field is immutable'
  return elastic ? [] : [invalid(at, now?.completions ?? null, text)]
}

/** What stays in the template of a suspended Job: its labels, annotations and directives for scheduling may not. */
function fixedPart(spec: V1JobSpec | undefined): unknown {
  const { metadata, spec: pod } = spec?.template ?? {}
  const { annotations: _annotations, labels: _labels, ...meta } = metadata ?? {}
  const {
    nodeSelector: _nodeSelector,
    tolerations: _tolerations,
    schedulingGates: _gates,
    affinity,
    ...rest
  } = pod ?? { containers: [] }
  const { nodeAffinity: _nodeAffinity, ...otherAffinity } = affinity ?? {}
  return {
    metadata: meta,
    spec: {
      ...rest,
      affinity: otherAffinity,
      containers: (rest.containers ?? []).map((c) => ({ ...c, resources: {} })),
    },
  }
}
