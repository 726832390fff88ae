import type { V1Job, V1JobSpec, V1PodFailurePolicy } from '@kapell/openapi/types'
import { invalid, noValue, required, tooMany, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { dns1123Label, domainPrefixedPath, qualifiedName } from '@kapell/openapi/meta/names'
import { validatePodTemplate, validateTemplateLabels } from '../common/pod-template.ts'
import {
  nameErrors,
  nonNegative,
  sameJson,
  unchanged,
  unsupported,
  validateLabelSelector,
} from '../common/validation.ts'

/** Source: Job v1 batch; "Jobs". */

const maxCompletions = 1_000_000_000
const maxParallelism = 100_000

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
  if (
    spec.podReplacementPolicy !== undefined &&
    !['TerminatingOrFailed', 'Failed'].includes(spec.podReplacementPolicy)
  ) {
    errors.push(
      unsupported(at.child('podReplacementPolicy'), spec.podReplacementPolicy, ['Failed', 'TerminatingOrFailed']),
    )
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
  return [
    ...nameErrors(at, managedBy, domainPrefixedPath),
    ...(managedBy.length > 63
      ? [{ type: 'FieldValueTooLong' as const, field: at.text, detail: 'may not be more than 63 bytes' }]
      : []),
  ]
}

function validateMode(spec: V1JobSpec, at: FieldPath): FieldError[] {
  const mode = spec.completionMode
  if (mode === undefined) return []
  if (mode !== 'NonIndexed' && mode !== 'Indexed')
    return [unsupported(at.child('completionMode'), mode, ['NonIndexed', 'Indexed'])]
  if (mode !== 'Indexed') {
    return spec.backoffLimitPerIndex === undefined
      ? []
      : [invalid(at.child('backoffLimitPerIndex'), spec.backoffLimitPerIndex, 'requires indexed completion mode')]
  }
  const errors: FieldError[] = []
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

const actions = ['Count', 'FailIndex', 'FailJob', 'Ignore']
const maxRules = 20
const maxValues = 255

function validateFailurePolicy(policy: V1PodFailurePolicy, spec: V1JobSpec, at: FieldPath): FieldError[] {
  const rulesAt = at.child('rules')
  const rules = policy.rules ?? []
  if (rules.length > maxRules) return [tooMany(rulesAt, rules.length, maxRules)]
  const names = new Set(
    [...(spec.template?.spec?.containers ?? []), ...(spec.template?.spec?.initContainers ?? [])].map((c) => c.name),
  )
  return rules.flatMap((rule, i) => {
    const here = rulesAt.index(i)
    const errors: FieldError[] = []
    if (rule.action === '')
      errors.push(required(here.child('action'), `valid values: ${actions.map((a) => JSON.stringify(a)).join(', ')}`))
    else if (rule.action === 'FailIndex' && spec.backoffLimitPerIndex === undefined) {
      errors.push(invalid(here.child('action'), rule.action, 'requires the backoffLimitPerIndex to be set'))
    } else if (!actions.includes(rule.action)) errors.push(unsupported(here.child('action'), rule.action, actions))
    const codes = rule.onExitCodes
    if (codes !== undefined) {
      const codesAt = here.child('onExitCodes')
      if (codes.operator !== 'In' && codes.operator !== 'NotIn') {
        errors.push(unsupported(codesAt.child('operator'), codes.operator, ['In', 'NotIn']))
      }
      if (codes.containerName !== undefined && !names.has(codes.containerName)) {
        errors.push(
          invalid(
            codesAt.child('containerName'),
            codes.containerName,
            'must be one of the container or initContainer names in the pod template',
          ),
        )
      }
      const values = codes.values ?? []
      if (values.length === 0) errors.push(required(codesAt.child('values'), 'at least one value is required'))
      else if (values.length > maxValues) errors.push(tooMany(codesAt.child('values'), values.length, maxValues))
      for (const [j, value] of values.entries()) {
        if (value === 0 && codes.operator === 'In') {
          errors.push(invalid(codesAt.child('values').index(j), value, 'must not be 0 for the In operator'))
        } else if (values.indexOf(value) < j) {
          errors.push({
            type: 'FieldValueDuplicate',
            field: codesAt.child('values').index(j).text,
            badValue: value,
            detail: '',
          })
        }
      }
    }
    const conditions = rule.onPodConditions ?? []
    for (const [j, pattern] of conditions.entries()) {
      const conditionAt = here.child('onPodConditions').index(j)
      errors.push(...nameErrors(conditionAt.child('type'), pattern.type, qualifiedName))
      if (!['False', 'True', 'Unknown'].includes(pattern.status ?? '')) {
        errors.push(unsupported(conditionAt.child('status'), pattern.status ?? '', ['False', 'True', 'Unknown']))
      }
    }
    const both = codes !== undefined && conditions.length > 0
    if (both) errors.push(invalid(here, noValue, 'specifying both OnExitCodes and OnPodConditions is not supported'))
    if (codes === undefined && conditions.length === 0) {
      errors.push(invalid(here, noValue, 'specifying one of OnExitCodes and OnPodConditions is required'))
    }
    return errors
  })
}

function validateSuccessPolicy(spec: V1JobSpec, at: FieldPath): FieldError[] {
  if (spec.successPolicy === undefined) return []
  if (spec.completionMode !== 'Indexed') return [invalid(at, spec.successPolicy, 'requires indexed completion mode')]
  const rules = spec.successPolicy.rules ?? []
  if (rules.length === 0) return [required(at.child('rules'), 'at least one rules must be specified')]
  return rules.flatMap((rule, i) => {
    const here = at.child('rules').index(i)
    if (rule.succeededCount === undefined && rule.succeededIndexes === undefined) {
      return [required(here, 'at least one of succeededCount or succeededIndexes must be specified')]
    }
    return rule.succeededCount !== undefined && spec.completions !== undefined && rule.succeededCount > spec.completions
      ? [
          invalid(
            here.child('succeededCount'),
            rule.succeededCount,
            `must be less than or equal to ${spec.completions} (the number of specified completions)`,
          ),
        ]
      : []
  })
}

export function validateJob(job: V1Job, root: FieldPath): FieldError[] {
  const spec = job.spec
  const at = root.child('spec')
  if (spec === undefined) return [required(at.child('template'))]
  const errors: FieldError[] = []
  if (spec.completionMode === 'Indexed' && (spec.completions ?? 0) > 0) {
    const last = `${job.metadata?.name ?? ''}-${(spec.completions ?? 1) - 1}`
    if (dns1123Label(last).length > 0 && dns1123Label(job.metadata?.name ?? '').length === 0) {
      errors.push(
        invalid(
          root.child('metadata', 'name'),
          job.metadata?.name ?? '',
          'will not able to create pod with invalid DNS label: ' + last,
        ),
      )
    }
  }
  if (spec.selector === undefined) errors.push(required(at.child('selector')))
  else errors.push(...validateLabelSelector(spec.selector, at.child('selector')))
  errors.push(...validateJobSpec(spec, at))
  return errors
}

const uidLabels = ['controller-uid', 'batch.kubernetes.io/controller-uid']
const nameLabels = ['job-name', 'batch.kubernetes.io/job-name']

/** The selector is the generated one, unless the Job brings its own and says so. */
export function validateGeneratedSelector(job: V1Job, root: FieldPath): FieldError[] {
  const spec = job.spec
  const at = root.child('spec')
  if (spec?.selector === undefined) return []
  const errors: FieldError[] = []
  if (spec.manualSelector !== true) {
    const labels = spec.template?.metadata?.labels ?? {}
    const wanted: [string, string][] = [
      ...uidLabels.map((key): [string, string] => [key, job.metadata?.uid ?? '']),
      ...nameLabels.map((key): [string, string] => [key, job.metadata?.name ?? '']),
    ]
    for (const [key, value] of wanted) {
      if (labels[key] !== value)
        errors.push(
          invalid(at.child('template', 'metadata', 'labels').key(key), labels[key] ?? '', `must be '${value}'`),
        )
    }
    const generated = { matchLabels: { [uidLabels[1] ?? '']: job.metadata?.uid ?? '' } }
    const legacy = { matchLabels: { [uidLabels[0] ?? '']: job.metadata?.uid ?? '' } }
    if (!sameJson(spec.selector, generated) && !sameJson(spec.selector, legacy)) {
      errors.push(invalid(at.child('selector'), spec.selector, '`selector` not auto-generated'))
    }
  }
  errors.push(...validateTemplateLabels(spec, at))
  return errors
}

export function validateJobUpdate(next: V1Job, previous: V1Job, root: FieldPath): FieldError[] {
  const at = root.child('spec')
  const now = next.spec
  const before = previous.spec
  const errors: FieldError[] = []
  errors.push(...validateCompletionsUpdate(now, before, at.child('completions')))
  errors.push(...unchanged(at.child('selector'), now?.selector, before?.selector))
  errors.push(...unchanged(at.child('template'), templateOf(now, previous), templateOf(before, previous)))
  errors.push(...unchanged(at.child('completionMode'), now?.completionMode, before?.completionMode))
  for (const field of ['podFailurePolicy', 'backoffLimitPerIndex', 'managedBy', 'successPolicy'] as const) {
    errors.push(...unchanged(at.child(field), now?.[field], before?.[field]))
  }
  return errors
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
  return elastic ? [] : [invalid(at, now?.completions ?? null, 'field is immutable')]
}

/** What a suspended Job's template may change is left out of the comparison. */
function templateOf(spec: V1JobSpec | undefined, job: V1Job): unknown {
  const neverStarted = job.spec?.suspend === true && job.status?.startTime === undefined
  if (!neverStarted || spec?.template === undefined) return spec?.template
  const { metadata, spec: pod } = spec.template
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
    spec: { ...rest, affinity: otherAffinity, containers: rest.containers.map((c) => ({ ...c, resources: {} })) },
  }
}

export function validateJobStatus(next: V1Job, previous: V1Job, root: FieldPath): FieldError[] {
  const at = root.child('status')
  const status = next.status ?? {}
  const has = (type: string): boolean => (status.conditions ?? []).some((c) => c.type === type && c.status === 'True')
  const errors: FieldError[] = []
  for (const field of ['active', 'succeeded', 'failed', 'ready', 'terminating'] as const) {
    errors.push(...nonNegative(at.child(field), status[field]))
  }
  const complete = has('Complete')
  const finished = complete || has('Failed')
  const had = (previous.status?.conditions ?? []).some(
    (c) => (c.type === 'Complete' || c.type === 'Failed') && c.status === 'True',
  )
  if (had || !finished) {
    if (status.completionTime !== undefined && !complete) {
      errors.push(
        invalid(
          at.child('completionTime'),
          status.completionTime,
          'cannot set completionTime when there is no Complete=True condition',
        ),
      )
    }
    return errors
  }
  if (complete && status.completionTime === undefined) {
    errors.push(required(at.child('completionTime'), 'completionTime is required for Complete jobs'))
  }
  if (complete && has('Failed')) {
    errors.push(invalid(at.child('conditions'), noValue, 'cannot set both Complete=True and Failed=True conditions'))
  }
  if (complete && !has('SuccessCriteriaMet')) {
    errors.push(
      invalid(
        at.child('conditions'),
        noValue,
        'cannot set Complete=True condition without the SuccessCriteriaMet=true condition',
      ),
    )
  }
  if (has('Failed') && !has('FailureTarget')) {
    errors.push(
      invalid(
        at.child('conditions'),
        noValue,
        'cannot set Failed=True condition without the FailureTarget=true condition',
      ),
    )
  }
  if ((status.active ?? 0) > 0)
    errors.push(invalid(at.child('active'), status.active, 'active>0 is invalid for finished job'))
  if (status.startTime === undefined)
    errors.push(required(at.child('startTime'), 'startTime is required for finished job'))
  return errors
}
