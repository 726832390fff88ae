import type { V1DaemonSet, V1DaemonSetUpdateStrategy } from '@kapell/openapi/types'
import { invalid, required, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { validatePodTemplate, validateTemplateLabels, validateWorkloadSelector } from '../common/pod-template.ts'
import { internalView } from '../common/internal-view.ts'
import {
  isZero,
  nonNegative,
  nonNegativeIntOrPercent,
  notAbove100Percent,
  sameJson,
  unsupported,
} from '../common/validation.ts'
import { defaultPodTemplate } from '../core/pods/defaults.ts'

/** The template's own generation, which old clients still read. */
const templateGeneration = 'deprecated.daemonset.template.generation'

/** Source: DaemonSet v1 apps. */
export function defaultDaemonSet(daemonSet: V1DaemonSet): void {
  const spec = daemonSet.spec
  if (spec === undefined) return
  spec.revisionHistoryLimit ??= 10
  const strategy = (spec.updateStrategy ??= {})
  if ((strategy.type ?? '') === '') strategy.type = 'RollingUpdate'
  if (strategy.type === 'RollingUpdate') {
    strategy.rollingUpdate ??= {}
    strategy.rollingUpdate.maxUnavailable ??= 1
    strategy.rollingUpdate.maxSurge ??= 0
  }
  defaultPodTemplate(spec.template)
  // Not counted yet: whoever writes the object anew owns the annotation, as if written by them.
  const metadata = (daemonSet.metadata ??= {})
  metadata.annotations = { [templateGeneration]: '0', ...metadata.annotations }
}

export function startTemplateCount(daemonSet: V1DaemonSet): void {
  daemonSet.metadata ??= {}
  const given = Number(daemonSet.metadata.annotations?.[templateGeneration])
  const count = Number.isInteger(given) && given >= 1 ? given : 1
  daemonSet.metadata.annotations = { ...daemonSet.metadata.annotations, [templateGeneration]: String(count) }
}

export function countTemplate(next: V1DaemonSet, previous: V1DaemonSet): void {
  const before = Math.max(1, Number(previous.metadata?.annotations?.[templateGeneration] ?? '1'))
  const changed = !sameJson(next.spec?.template, previous.spec?.template)
  next.metadata ??= {}
  next.metadata.annotations = { ...next.metadata.annotations, [templateGeneration]: String(before + (changed ? 1 : 0)) }
}

/** Of a status write the count stays what it was, as all that is not status does. */
export function keepTemplateCount(next: V1DaemonSet, previous: V1DaemonSet): void {
  const count = previous.metadata?.annotations?.[templateGeneration]
  next.metadata ??= {}
  if (count !== undefined) next.metadata.annotations = { ...next.metadata.annotations, [templateGeneration]: count }
}

function validateStrategy(strategy: V1DaemonSetUpdateStrategy | undefined, at: FieldPath): FieldError[] {
  if (strategy?.type === 'OnDelete') return []
  if (strategy?.type !== 'RollingUpdate') {
    return [unsupported(at, internalView('apps.v1.DaemonSetUpdateStrategy', strategy), ['RollingUpdate', 'OnDelete'])]
  }
  const here = at.child('rollingUpdate')
  if (strategy.rollingUpdate === undefined) return [required(here)]
  const { maxUnavailable = 0, maxSurge = 0 } = strategy.rollingUpdate
  const errors = [
    ...nonNegativeIntOrPercent(here.child('maxUnavailable'), maxUnavailable),
    ...nonNegativeIntOrPercent(here.child('maxSurge'), maxSurge),
    ...notAbove100Percent(here.child('maxUnavailable'), maxUnavailable),
    ...notAbove100Percent(here.child('maxSurge'), maxSurge),
  ]
  if (!isZero(maxUnavailable) && !isZero(maxSurge)) {
    errors.push(invalid(here.child('maxSurge'), maxSurge, 'may not be set when maxUnavailable is non-zero'))
  } else if (isZero(maxUnavailable) && isZero(maxSurge)) {
    errors.push(required(here.child('maxUnavailable'), 'cannot be 0 when maxSurge is 0'))
  }
  return errors
}

export function validateDaemonSet(daemonSet: V1DaemonSet, root: FieldPath): FieldError[] {
  const spec = daemonSet.spec
  const at = root.child('spec')
  if (spec === undefined) return [required(at.child('selector'))]
  return [
    ...validateWorkloadSelector(spec, 'daemonset', at),
    ...(validateTemplateLabels(spec, at) ?? []),
    ...validatePodTemplate(spec.template, at.child('template'), {
      restartPolicies: ['Always'],
      noDeadline: 'DaemonSet',
    }),
    ...nonNegative(at.child('minReadySeconds'), spec.minReadySeconds),
    ...validateStrategy(spec.updateStrategy, at.child('updateStrategy')),
    ...nonNegative(at.child('revisionHistoryLimit'), spec.revisionHistoryLimit),
  ]
}
