import type { V1Deployment, V1DeploymentStrategy } from '@kapell/openapi/types'
import { forbidden, invalid, required, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { validateSelectedTemplate, validateWorkloadSelector } from '../common/pod-template.ts'
import { internalView } from '../common/internal-view.ts'
import { isZero, nonNegative, nonNegativeIntOrPercent, notAbove100Percent, unsupported } from '../common/validation.ts'
import { defaultPodTemplate } from '../core/pods/defaults.ts'

/** Source: "Deployments"; Deployment v1 apps. */
export function defaultDeployment(deployment: V1Deployment): void {
  const spec = deployment.spec
  if (spec === undefined) return
  spec.replicas ??= 1
  spec.revisionHistoryLimit ??= 10
  spec.progressDeadlineSeconds ??= 600
  const strategy = (spec.strategy ??= {})
  if ((strategy.type ?? '') === '') strategy.type = 'RollingUpdate'
  if (strategy.type === 'RollingUpdate') {
    strategy.rollingUpdate ??= {}
    strategy.rollingUpdate.maxUnavailable ??= '25%'
    strategy.rollingUpdate.maxSurge ??= '25%'
  }
  defaultPodTemplate(spec.template)
}

function validateStrategy(strategy: V1DeploymentStrategy | undefined, at: FieldPath): FieldError[] {
  const rolling = strategy?.rollingUpdate
  const rollingAt = at.child('rollingUpdate')
  switch (strategy?.type) {
    case 'Recreate':
      return rolling === undefined
        ? []
        : [forbidden(rollingAt, "may not be specified when strategy `type` is 'Recreate'")]
    case 'RollingUpdate': {
      if (rolling === undefined) return [required(rollingAt, 'this should be defaulted and never be nil')]
      const { maxUnavailable = 0, maxSurge = 0 } = rolling
      const errors = nonNegativeIntOrPercent(rollingAt.child('maxUnavailable'), maxUnavailable)
      errors.push(...nonNegativeIntOrPercent(rollingAt.child('maxSurge'), maxSurge))
      if (isZero(maxUnavailable) && isZero(maxSurge)) {
        errors.push(invalid(rollingAt.child('maxUnavailable'), maxUnavailable, 'may not be 0 when `maxSurge` is 0'))
      }
      errors.push(...notAbove100Percent(rollingAt.child('maxUnavailable'), maxUnavailable))
      return errors
    }
    default: {
      return [unsupported(at, internalView('apps.v1.DeploymentStrategy', strategy), ['Recreate', 'RollingUpdate'])]
    }
  }
}

export function validateDeployment(deployment: V1Deployment, root: FieldPath): FieldError[] {
  const spec = deployment.spec
  const at = root.child('spec')
  if (spec === undefined) return [required(at.child('selector'))]
  const errors = nonNegative(at.child('replicas'), spec.replicas)
  errors.push(...validateWorkloadSelector(spec, 'deployment', at))
  errors.push(...validateSelectedTemplate(spec, at, { restartPolicies: ['Always'], noDeadline: 'ReplicaSet' }))
  errors.push(...validateStrategy(spec.strategy, at.child('strategy')))
  errors.push(...nonNegative(at.child('minReadySeconds'), spec.minReadySeconds))
  errors.push(...nonNegative(at.child('revisionHistoryLimit'), spec.revisionHistoryLimit))
  const deadline = spec.progressDeadlineSeconds
  if (deadline !== undefined) {
    errors.push(...nonNegative(at.child('progressDeadlineSeconds'), deadline))
    if (deadline <= (spec.minReadySeconds ?? 0)) {
      errors.push(invalid(at.child('progressDeadlineSeconds'), deadline, 'must be greater than minReadySeconds'))
    }
  }
  return errors
}
