import type { V1StatefulSet, V1StatefulSetSpec } from '@kapell/openapi/types'
import { forbidden, invalid, required, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { dns1123Label } from '@kapell/openapi/meta/names'
import { validatePodTemplate, validateTemplateLabels, validateWorkloadSelector } from '../common/pod-template.ts'
import { validateAnnotations, validateLabels } from '../../registry/metadata-validation.ts'
import { templateWarningsOnChange } from '../common/template-warnings.ts'
import { internalView, selectorView } from '../common/internal-view.ts'
import { nameErrors, nonNegative, sameJson, unsupported } from '../common/validation.ts'
import { storageWarnings } from '../common/volumes.ts'
import { validateClaimSpec } from '../core/claim-validation.ts'
import { defaultPodTemplate } from '../core/pods/defaults.ts'
import { defaultClaimSpec } from '../core/pods/volume-defaults.ts'

/** Source: StatefulSet v1 apps. */
export function defaultStatefulSet(statefulSet: V1StatefulSet): void {
  const spec = statefulSet.spec
  if (spec === undefined) return
  if ((spec.podManagementPolicy ?? '') === '') spec.podManagementPolicy = 'OrderedReady'
  const strategy = (spec.updateStrategy ??= {})
  if ((strategy.type ?? '') === '') {
    strategy.type = 'RollingUpdate'
    strategy.rollingUpdate ??= {}
  }
  // A strategy that was named and not said more of stays so.
  if (strategy.type === 'RollingUpdate' && strategy.rollingUpdate !== undefined) strategy.rollingUpdate.partition ??= 0
  spec.persistentVolumeClaimRetentionPolicy ??= {}
  const retention = spec.persistentVolumeClaimRetentionPolicy
  if ((retention.whenDeleted ?? '') === '') retention.whenDeleted = 'Retain'
  if ((retention.whenScaled ?? '') === '') retention.whenScaled = 'Retain'
  spec.replicas ??= 1
  spec.revisionHistoryLimit ??= 10
  spec.serviceName ??= ''
  defaultPodTemplate(spec.template)
  for (const claim of spec.volumeClaimTemplates ?? []) {
    claim.apiVersion = 'v1'
    claim.kind = 'PersistentVolumeClaim'
    claim.metadata ??= {}
    if (claim.spec !== undefined) defaultClaimSpec(claim.spec)
    claim.status ??= {}
    claim.status.phase ??= 'Pending'
  }
}

/** A field of a feature that is off in this release. */
export function dropMaxUnavailable(statefulSet: V1StatefulSet): void {
  const rolling = statefulSet.spec?.updateStrategy?.rollingUpdate
  if (rolling !== undefined) delete rolling.maxUnavailable
}

const retentions = ['Retain', 'Delete']

function validateStrategy(spec: V1StatefulSetSpec, at: FieldPath): FieldError[] {
  const { type = '', rollingUpdate } = spec.updateStrategy ?? {}
  const rollingAt = at.child('rollingUpdate')
  switch (type) {
    case 'OnDelete': {
      if (rollingUpdate === undefined) return []
      const shown = { Partition: rollingUpdate.partition ?? 0, MaxUnavailable: rollingUpdate.maxUnavailable ?? null }
      return [invalid(rollingAt, shown, "only allowed for updateStrategy 'RollingUpdate'")]
    }
    case 'RollingUpdate':
      return nonNegative(rollingAt.child('partition'), rollingUpdate?.partition)
    case '':
      return [required(at)]
    default:
      return [
        invalid(
          at,
          internalView('apps.v1.StatefulSetUpdateStrategy', spec.updateStrategy),
          "must be 'RollingUpdate' or 'OnDelete'",
        ),
      ]
  }
}

export function validateStatefulSet(statefulSet: V1StatefulSet, root: FieldPath): FieldError[] {
  const spec = statefulSet.spec
  const at = root.child('spec')
  if (spec === undefined) return [required(at.child('selector'))]
  const errors: FieldError[] = []
  const management = spec.podManagementPolicy ?? ''
  if (management === '') errors.push(required(at.child('podManagementPolicy')))
  else if (management !== 'OrderedReady' && management !== 'Parallel') {
    errors.push(invalid(at.child('podManagementPolicy'), management, "must be 'OrderedReady' or 'Parallel'"))
  }
  errors.push(...validateStrategy(spec, at.child('updateStrategy')))
  for (const field of ['whenDeleted', 'whenScaled'] as const) {
    const policy = spec.persistentVolumeClaimRetentionPolicy?.[field] ?? ''
    if (!retentions.includes(policy)) {
      errors.push(unsupported(at.child('persistentVolumeClaimRetentionPolicy', field), policy, retentions))
    }
  }
  errors.push(...nonNegative(at.child('replicas'), spec.replicas))
  errors.push(...nonNegative(at.child('minReadySeconds'), spec.minReadySeconds))
  errors.push(...nonNegative(at.child('ordinals', 'start'), spec.ordinals?.start))
  errors.push(...validateWorkloadSelector(spec, 'statefulset', at))
  const labels = validateTemplateLabels(spec, at)
  if (labels === undefined) return [...errors, invalid(at.child('selector'), selectorView(spec.selector), '')]
  errors.push(...labels)
  const template = at.child('template')
  // Said twice by the original.
  errors.push(...validateLabels(spec.template?.metadata?.labels, template.child('labels').text))
  errors.push(...validateAnnotations(spec.template?.metadata?.annotations, template.child('annotations').text))
  errors.push(...validatePodTemplate(withoutNames(withClaims(spec)), template, { restartPolicies: ['Always'] }))
  if (spec.template?.spec?.activeDeadlineSeconds !== undefined) {
    errors.push(
      forbidden(
        at.child('template', 'spec', 'activeDeadlineSeconds'),
        'activeDeadlineSeconds in StatefulSet is not Supported',
      ),
    )
  }
  return errors
}

/** Its claims are volumes that the template may mount, in place of its own of the same name. */
function withClaims(spec: V1StatefulSetSpec): V1StatefulSetSpec['template'] {
  const names = new Set((spec.volumeClaimTemplates ?? []).map((claim) => claim.metadata?.name ?? ''))
  if (names.size === 0 || spec.template?.spec === undefined) return spec.template
  const claims = [...names].map((name) => ({ name, persistentVolumeClaim: { claimName: name } }))
  const own = (spec.template.spec.volumes ?? []).filter((volume) => !names.has(volume.name))
  return { ...spec.template, spec: { ...spec.template.spec, volumes: [...claims, ...own] } }
}

/** The set gives its pods their names: those in its template are not looked at. */
function withoutNames(template: V1StatefulSetSpec['template']): V1StatefulSetSpec['template'] {
  if (template?.spec === undefined) return template
  const { hostname: _hostname, subdomain: _subdomain, ...spec } = template.spec
  return { ...template, spec }
}

const mutable = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
] as const

export function validateStatefulSetUpdate(next: V1StatefulSet, previous: V1StatefulSet, at: FieldPath): FieldError[] {
  const fixed = (spec: V1StatefulSetSpec | undefined): object => {
    const rest: Record<string, unknown> = { ...spec }
    for (const field of mutable) delete rest[field]
    // Claims are claims, whatever they are called.
    rest['volumeClaimTemplates'] = (spec?.volumeClaimTemplates ?? []).map(
      ({ apiVersion: _version, kind: _kind, ...claim }) => claim,
    )
    return rest
  }
  return sameJson(fixed(next.spec), fixed(previous.spec))
    ? []
    : [
        forbidden(
          at.child('spec'),
          "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
        ),
      ]
}

/** The name of its Service is part of its pods' names in DNS; its claims will be made as they stand. */
export function validateNewStatefulSet({ spec }: V1StatefulSet, at: FieldPath): FieldError[] {
  const name = spec?.serviceName ?? ''
  const claimsAt = at.child('spec', 'volumeClaimTemplates')
  return [
    ...(name === '' ? [] : nameErrors(at.child('spec', 'serviceName'), name, dns1123Label)),
    ...(spec?.volumeClaimTemplates ?? []).flatMap((claim, i) =>
      validateClaimSpec(claim.spec ?? {}, claimsAt.index(i).child('spec')),
    ),
  ]
}

export function statefulSetWarnings(statefulSet: V1StatefulSet, previous: V1StatefulSet | undefined): string[] {
  const { spec } = statefulSet
  return [
    ...templateWarningsOnChange(statefulSet, previous),
    ...(spec?.volumeClaimTemplates ?? []).flatMap((claim, i) =>
      storageWarnings(claim.spec?.resources, `spec.volumeClaimTemplates[${i}].resources`),
    ),
    ...((spec?.revisionHistoryLimit ?? 0) < 0
      ? ['spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended']
      : []),
  ]
}
