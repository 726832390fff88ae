import type { V1Namespace, V1Pod, V1PodTemplateSpec } from '@kapell/openapi/types'
import type { KubeObject } from '@kapell/openapi/meta/object'
import { forbiddenError, invalidObject } from '@kapell/openapi/meta/status'
import type { Services } from '../../registry/services.ts'
import { sameJson } from '../../resources/common/validation.ts'
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts'
import { about, named, refusedName } from '../matching.ts'
import { baselineChecks } from './baseline.ts'
import { isStricter, labelErrors, policyOf, titleOf, type LevelVersion } from './policy.ts'
import { restrictedChecks } from './restricted.ts'
import type { Subject, Violation } from './subject.ts'

/** Holds pods to the level their namespace asks for. Source: "Pod Security Admission". */

const namespaces = { group: '', plural: 'namespaces' }
const pods = { group: '', plural: 'pods' }
/** More pods than this are not looked at when a namespace is tightened. */
const maxExisting = 3000

/** Kinds that make pods, and where they keep the template: warned about, never refused. */
const templates: Readonly<Record<string, (object: KubeObject) => V1PodTemplateSpec | undefined>> = {
  '/podtemplates': (o) => (o as { template?: V1PodTemplateSpec }).template,
  '/replicationcontrollers': ofSpec,
  'apps/deployments': ofSpec,
  'apps/replicasets': ofSpec,
  'apps/statefulsets': ofSpec,
  'apps/daemonsets': ofSpec,
  'batch/jobs': ofSpec,
  'batch/cronjobs': (o) =>
    (o as { spec?: { jobTemplate?: { spec?: { template?: V1PodTemplateSpec } } } }).spec?.jobTemplate?.spec?.template,
}

function ofSpec(object: KubeObject): V1PodTemplateSpec | undefined {
  return (object as { spec?: { template?: V1PodTemplateSpec } }).spec?.template
}

const keyOf = (a: AdmissionAttributes): string => `${a.resource.group}/${a.resource.plural}`

export function evaluate(subject: Subject, policy: LevelVersion): Violation[] {
  if (policy.level === 'privileged') return []
  const checks = policy.level === 'baseline' ? baselineChecks : restrictedChecks
  return checks.flatMap((check) => check(subject) ?? [])
}

const describe = (violations: readonly Violation[]): string =>
  violations.map(({ reason, detail }) => (detail === '' ? reason : `${reason} (${detail})`)).join(', ')

export const podSecurity: AdmissionPlugin = {
  name: 'PodSecurity',
  handles: (a) => {
    if (a.operation !== 'CREATE' && a.operation !== 'UPDATE') return false
    if (about(a, '', 'pods') || about(a, '', 'pods', 'ephemeralcontainers') || about(a, '', 'namespaces')) return true
    return a.subresource === '' && templates[keyOf(a)] !== undefined
  },
  validate: (attributes, services) => {
    if (attributes.resource.plural === 'namespaces') return checkNamespace(attributes, services)
    const labels = services.objects.get<V1Namespace>(namespaces, { name: attributes.namespace })?.metadata?.labels
    const subject = subjectOf(attributes)
    if (subject === undefined) return
    if (attributes.resource.plural === 'pods') {
      const policy = policyOf(labels, 'enforce')
      const violations = evaluate(subject, policy)
      if (violations.length > 0) {
        const why = `violates PodSecurity "${titleOf(policy)}": ${describe(violations)}`
        throw forbiddenError(named(attributes), refusedName(attributes), why)
      }
    }
    const policy = policyOf(labels, 'warn')
    const violations = evaluate(subject, policy)
    if (violations.length > 0)
      attributes.warn(`would violate PodSecurity "${titleOf(policy)}": ${describe(violations)}`)
  },
}

/** undefined when the request changes nothing that the checks look at. */
function subjectOf(attributes: AdmissionAttributes): Subject | undefined {
  if (attributes.resource.plural === 'pods') {
    const pod = attributes.object as V1Pod
    const old = attributes.oldObject as V1Pod | undefined
    if (pod.spec === undefined || (old !== undefined && sameJson(pod.spec, old.spec))) return undefined
    return { metadata: pod.metadata, spec: pod.spec }
  }
  const template = attributes.object === undefined ? undefined : templates[keyOf(attributes)]?.(attributes.object)
  return template?.spec === undefined ? undefined : { metadata: template.metadata, spec: template.spec }
}

function checkNamespace(attributes: AdmissionAttributes, services: Services): void {
  if (attributes.subresource !== '') return
  const next = attributes.object as V1Namespace
  const errors = labelErrors(next.metadata?.labels)
  if (errors.length > 0) throw invalidObject({ group: '', kind: 'Namespace' }, next.metadata?.name, errors)
  if (attributes.operation !== 'UPDATE') return
  const policy = policyOf(next.metadata?.labels, 'enforce')
  const before = policyOf(attributes.oldObject?.metadata?.labels, 'enforce')
  if (!isStricter(policy, before)) return
  const lines = existingViolations(services, next.metadata?.name ?? '', policy)
  if (lines.length === 0) return
  attributes.warn(
    `existing pods in namespace "${next.metadata?.name ?? ''}" violate the new PodSecurity enforce level "${titleOf(policy)}"`,
  )
  for (const line of lines) attributes.warn(line)
}

/** Pods with the same faults together: "a (and 2 other pods): host namespaces". */
function existingViolations(services: Services, namespace: string, policy: LevelVersion): string[] {
  const byReasons = new Map<string, string[]>()
  for (const pod of services.objects.list<V1Pod>(pods, { namespace }).slice(0, maxExisting)) {
    if (pod.spec === undefined) continue
    const violations = evaluate({ metadata: pod.metadata, spec: pod.spec }, policy)
    if (violations.length === 0) continue
    const reasons = violations.map((v) => v.reason).join(', ')
    byReasons.set(reasons, [...(byReasons.get(reasons) ?? []), pod.metadata?.name ?? ''])
  }
  return [...byReasons]
    .map(([reasons, names]) => {
      const [first = '', ...others] = names.sort()
      const more = others.length === 0 ? '' : ` (and ${others.length} other ${others.length === 1 ? 'pod' : 'pods'})`
      return `${first}${more}: ${reasons}`
    })
    .sort()
}
