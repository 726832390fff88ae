import type { V1NodeSelectorTerm, V1Pod, V1PodSpec, V1Toleration } from '@kapell/openapi/types'
import { forbidden, invalid, required, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { sameJson } from '../../../common/validation.ts'
import { internalDiff, internalView } from '../../../common/internal-view.ts'
import { qosClassOf } from '../qos.ts'
import { validateAppArmorUpdate, validatePodAnnotations } from './annotations.ts'
import { validatePodSpec } from './spec.ts'

/** What may change in a pod that is there. Source: "Pod update and replacement". */

const onlyThese =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)'

export function validatePodUpdate(next: V1Pod, previous: V1Pod, at: FieldPath): FieldError[] {
  const spec = at.child('spec')
  const now = next.spec ?? { containers: [] }
  const before = previous.spec ?? { containers: [] }
  if ((now.containers ?? []).length !== (before.containers ?? []).length) {
    return [forbidden(spec.child('containers'), 'pod updates may not add or remove containers')]
  }
  if ((now.initContainers ?? []).length !== (before.initContainers ?? []).length) {
    return [forbidden(spec.child('initContainers'), 'pod updates may not add or remove containers')]
  }
  const errors: FieldError[] = []
  for (const field of ['containers', 'initContainers'] as const) {
    for (const [i, container] of (now[field] ?? []).entries()) {
      if ((container.image ?? '') === '') errors.push(required(spec.child(field).index(i).child('image')))
    }
  }
  const deadline = validateDeadlineUpdate(now, before, spec.child('activeDeadlineSeconds'))
  if (deadline.length > 0) return [...errors, ...deadline]
  errors.push(...validateTolerationsUpdate(now.tolerations ?? [], before.tolerations ?? [], spec.child('tolerations')))
  errors.push(...validateGatesUpdate(now, before, spec.child('schedulingGates')))
  if ((before.schedulingGates ?? []).length > 0) errors.push(...validateGatedUpdate(now, before, spec))

  const munged = withMutableFields(now, before)
  // What is wrong with annotations is told of twice: of the pod, and of its change.
  const notes = validatePodAnnotations(next, at.child('metadata', 'annotations'))
  errors.push(...notes, ...validateAppArmorUpdate(next, previous, at.child('metadata', 'annotations')), ...notes)
  if (!sameJson(munged, before)) {
    errors.push(forbidden(spec, `${onlyThese}\n${internalDiff('core.v1.PodSpec', before, munged)}`))
  }
  return errors
}

function validateDeadlineUpdate(now: V1PodSpec, before: V1PodSpec, at: FieldPath): FieldError[] {
  if (now.activeDeadlineSeconds !== undefined) {
    if (before.activeDeadlineSeconds !== undefined && now.activeDeadlineSeconds > before.activeDeadlineSeconds) {
      return [invalid(at, now.activeDeadlineSeconds, 'must be less than or equal to previous value')]
    }
    return []
  }
  return before.activeDeadlineSeconds === undefined
    ? []
    : [invalid(at, null, 'must not update from a positive integer to nil value')]
}

const withoutSeconds = ({ tolerationSeconds: _seconds, ...rest }: V1Toleration): V1Toleration => rest

function validateTolerationsUpdate(
  now: readonly V1Toleration[],
  before: readonly V1Toleration[],
  at: FieldPath,
): FieldError[] {
  const kept = before.every((old) => now.some((t) => sameJson(withoutSeconds(t), withoutSeconds(old))))
  return kept ? [] : [forbidden(at, 'existing toleration can not be modified except its tolerationSeconds')]
}

function validateGatesUpdate(now: V1PodSpec, before: V1PodSpec, at: FieldPath): FieldError[] {
  const had = new Set((before.schedulingGates ?? []).map((g) => g.name))
  return (now.schedulingGates ?? []).flatMap((gate, i) =>
    had.has(gate.name)
      ? []
      : [
          forbidden(
            at.index(i).child('name'),
            `only deletion is allowed, but found new scheduling gate '${gate.name}'`,
          ),
        ],
  )
}

/** `now` with what may change put back to what it was: the rest must be equal. */
function withMutableFields(now: V1PodSpec, before: V1PodSpec): V1PodSpec {
  const munged: V1PodSpec = { ...now }
  const back = <K extends keyof V1PodSpec>(field: K): void => {
    if (before[field] === undefined) delete munged[field]
    else munged[field] = before[field]
  }
  const images = (list: V1PodSpec['containers'] | undefined, old: V1PodSpec['containers'] | undefined) =>
    list?.map((container, i) => {
      const image = old?.[i]?.image
      return image === undefined ? container : { ...container, image }
    })
  munged.containers = images(now.containers, before.containers) ?? []
  const init = images(now.initContainers, before.initContainers)
  if (init !== undefined) munged.initContainers = init
  back('activeDeadlineSeconds')
  back('tolerations')
  back('schedulingGates')
  if ((before.terminationGracePeriodSeconds ?? 0) < 0 && now.terminationGracePeriodSeconds === 1) {
    back('terminationGracePeriodSeconds')
  }
  if ((before.schedulingGates ?? []).length > 0) {
    back('nodeSelector')
    // Node affinity has been looked at; what is left of affinity may not change.
    const { nodeAffinity: _nodeAffinity, ...rest } = now.affinity ?? {}
    const affinity =
      before.affinity?.nodeAffinity === undefined ? rest : { ...rest, nodeAffinity: before.affinity.nodeAffinity }
    if (Object.keys(affinity).length > 0 || before.affinity !== undefined) munged.affinity = affinity
    else delete munged.affinity
  }
  return munged
}

/** While it waits at a gate, a pod's choice of nodes may become narrower. Source: "Pod Scheduling Readiness". */
function validateGatedUpdate(now: V1PodSpec, before: V1PodSpec, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  if (!selectorOnlyNarrows(now.nodeSelector, before.nodeSelector)) {
    const text = 'only additions to spec.nodeSelector are allowed (no mutations or deletions)'
    errors.push(invalid(at.child('nodeSelector'), now.nodeSelector ?? null, text))
  }
  const required = (spec: V1PodSpec): V1NodeSelectorTerm[] =>
    spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []
  const had = required(before)
  const terms = required(now)
  const here = at.child(
    'affinity',
    'nodeAffinity',
    'requiredDuringSchedulingIgnoredDuringExecution',
    'nodeSelectorTerms',
  )
  if (had.length === 0) return errors
  if (terms.length !== had.length) {
    const text = 'no additions/deletions to non-empty NodeSelectorTerms list are allowed'
    return [...errors, invalid(here, terms.length === 0 ? null : terms, text)]
  }
  for (const [i, term] of terms.entries()) {
    const keeps = (['matchExpressions', 'matchFields'] as const).every((field) =>
      (had[i]?.[field] ?? []).every((old) => (term[field] ?? []).some((requirement) => sameJson(requirement, old))),
    )
    if (!keeps)
      errors.push(
        invalid(
          here.index(i),
          internalView('core.v1.NodeSelectorTerm', term),
          'only additions are allowed (no mutations or deletions)',
        ),
      )
  }
  return errors
}

function selectorOnlyNarrows(now: Record<string, string> = {}, before: Record<string, string> = {}): boolean {
  return Object.entries(before).every(([key, value]) => now[key] === value)
}

/** Debug containers can be added and never changed. */
export function validateEphemeralUpdate(next: V1Pod, previous: V1Pod, at: FieldPath): FieldError[] {
  const here = at.child('spec', 'ephemeralContainers')
  const errors = next.spec === undefined ? [] : validatePodSpec(next.spec, at.child('spec'))
  const now = new Map((next.spec?.ephemeralContainers ?? []).map((c) => [c.name, c]))
  for (const old of previous.spec?.ephemeralContainers ?? []) {
    const found = now.get(old.name)
    if (found === undefined) {
      errors.push(forbidden(here, `existing ephemeral containers ${JSON.stringify(old.name)} may not be removed\n`))
    } else if (!sameJson(found, old)) {
      const changes = internalDiff('core.v1.EphemeralContainer', old, found)
      errors.push(
        forbidden(here, `existing ephemeral containers ${JSON.stringify(old.name)} may not be changed\n${changes}`),
      )
    }
  }
  return errors
}

/** `/resize` changes cpu and memory of containers, within the pod's quality of service. */
export function validateResize(next: V1Pod, previous: V1Pod, at: FieldPath): FieldError[] {
  const here = at.child('spec')
  const errors = next.spec === undefined ? [] : validatePodSpec(next.spec, here)
  if (!sameJson(namesOf(next), namesOf(previous))) {
    return [...errors, forbidden(here.child('containers'), 'containers may not be added or removed on resize')]
  }
  const before = previous.status?.qosClass ?? qosClassOf(previous)
  if (qosClassOf(next) !== before) {
    errors.push(invalid(here, before, 'Pod QOS Class may not change as a result of resizing'))
  }
  if (next.spec !== undefined && !sameJson(withoutCpuAndMemory(next.spec), withoutCpuAndMemory(previous.spec))) {
    errors.push(forbidden(here, 'only cpu and memory resources are mutable'))
  }
  errors.push(...validateKept(next, previous, here))
  return errors
}

const namesOf = (pod: V1Pod): string[] => (pod.spec?.containers ?? []).map((container) => container.name)

/** What is asked for and limited may change, and not go away. */
function validateKept(next: V1Pod, previous: V1Pod, at: FieldPath): FieldError[] {
  return (['containers', 'initContainers'] as const).flatMap((list) =>
    (next.spec?.[list] ?? []).flatMap((container, i) =>
      (['requests', 'limits'] as const).flatMap((field) => {
        const had = Object.keys(previous.spec?.[list]?.[i]?.resources?.[field] ?? {})
        const isGone = had.some((name) => container.resources?.[field]?.[name] === undefined)
        const here = at.child(list).index(i).child('resources', field)
        return isGone ? [forbidden(here, `resource ${field} cannot be removed`)] : []
      }),
    ),
  )
}

function withoutCpuAndMemory(spec: V1PodSpec | undefined): unknown {
  const strip = (list: Record<string, string> | undefined): Record<string, string> | undefined => {
    const rest = Object.entries(list ?? {}).filter(([name]) => name !== 'cpu' && name !== 'memory')
    return rest.length === 0 ? undefined : Object.fromEntries(rest)
  }
  const of = (containers: V1PodSpec['containers'] | undefined) =>
    containers?.map((c) => ({
      ...c,
      resources: { ...c.resources, limits: strip(c.resources?.limits), requests: strip(c.resources?.requests) },
    }))
  return { ...spec, containers: of(spec?.containers), initContainers: of(spec?.initContainers) }
}
