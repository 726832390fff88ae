import type {
  V1AppArmorProfile,
  V1LabelSelector,
  V1ObjectMeta,
  V1Pod,
  V1PodAffinityTerm,
  V1PodSpec,
} from '@kapell/openapi/types'
import { rfc3339 } from '@kapell/openapi/meta/time'
import type { StrategyContext } from '../../../registry/definition.ts'
import { keepField, keepStatus } from '../../common/status.ts'
import { defaultPodSpec } from './defaults.ts'
import { qosClassOf } from './qos.ts'
import { appArmorPrefix } from './validation/annotations.ts'

/** What the server, and not the client, decides about a new pod. */
export function preparePod(pod: V1Pod, { now }: Pick<StrategyContext, 'now'>): void {
  dropDisabled(pod)
  dropOldAnnotations(pod.metadata)
  takeAppArmorAnnotations(pod)
  // A class that the client gives is believed.
  const { qosClass = '' } = pod.status ?? {}
  pod.status = { phase: 'Pending', qosClass: qosClass === '' ? qosClassOf(pod) : qosClass }
  if ((pod.spec?.schedulingGates ?? []).length > 0) {
    pod.status.conditions = [
      {
        type: 'PodScheduled',
        status: 'False',
        lastProbeTime: null as unknown as string,
        lastTransitionTime: rfc3339(now),
        reason: 'SchedulingGated',
        message: 'Scheduling is blocked due to non-empty scheduling gates',
      },
    ]
  }
  const labels = pod.metadata?.labels ?? {}
  for (const term of podTerms(pod.spec)) mergeTermKeys(term, labels)
  for (const constraint of pod.spec?.topologySpreadConstraints ?? []) {
    constraint.labelSelector = withKeys(constraint.labelSelector, constraint.matchLabelKeys, 'In', labels)
    if (constraint.labelSelector === undefined) delete constraint.labelSelector
  }
}

const oldAnnotations = [
  'pod.beta.kubernetes.io/init-containers',
  'pod.alpha.kubernetes.io/init-containers',
  'pod.beta.kubernetes.io/init-container-statuses',
  'pod.alpha.kubernetes.io/init-container-statuses',
]

/** Init containers were annotations once; what is left of them is not kept. */
function dropOldAnnotations(metadata: V1ObjectMeta | undefined): void {
  for (const key of oldAnnotations) if (metadata?.annotations?.[key] !== undefined) delete metadata.annotations[key]
}

/** AppArmor profiles were annotations once: each becomes the field, where that is not set. */
function takeAppArmorAnnotations(pod: V1Pod): void {
  const annotations = pod.metadata?.annotations
  if (annotations === undefined || pod.spec?.os?.name === 'windows') return
  for (const container of [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])]) {
    const value = annotations[`${appArmorPrefix}${container.name}`]
    const profile = value === undefined ? undefined : appArmorProfile(value)
    if (profile === undefined || container.securityContext?.appArmorProfile !== undefined) continue
    container.securityContext = { ...container.securityContext, appArmorProfile: profile }
  }
}

function appArmorProfile(annotation: string): V1AppArmorProfile | undefined {
  if (annotation === 'unconfined') return { type: 'Unconfined' }
  if (annotation === 'runtime/default') return { type: 'RuntimeDefault' }
  const name = annotation.startsWith('localhost/') ? annotation.slice('localhost/'.length) : ''
  return name === '' ? undefined : { type: 'Localhost', localhostProfile: name }
}

/** The same of the pods of a template. */
export function dropDisabledOfTemplate(template: { spec?: V1PodSpec } | undefined): void {
  if (template?.spec !== undefined) dropDisabled({ spec: template.spec })
}

/** Fields of features that are off in this release. */
export function dropDisabled(pod: V1Pod): void {
  delete pod.spec?.schedulingGroup
  for (const source of (pod.spec?.volumes ?? []).flatMap((v) => v.projected?.sources ?? [])) {
    delete source.clusterTrustBundle
    delete source.podCertificate
  }
  for (const container of [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])]) {
    const lifecycle = container.lifecycle
    if (lifecycle?.stopSignal === undefined) continue
    delete lifecycle.stopSignal
    if (Object.keys(lifecycle).length === 0) delete container.lifecycle
  }
}

function podTerms(spec: V1PodSpec | undefined): V1PodAffinityTerm[] {
  return [spec?.affinity?.podAffinity, spec?.affinity?.podAntiAffinity].flatMap((terms) => [
    ...(terms?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ...(terms?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((t) => t.podAffinityTerm),
  ])
}

function mergeTermKeys(term: V1PodAffinityTerm, labels: Readonly<Record<string, string>>): void {
  if (term.labelSelector === undefined) return
  term.labelSelector = withKeys(term.labelSelector, term.matchLabelKeys, 'In', labels) ?? {}
  term.labelSelector = withKeys(term.labelSelector, term.mismatchLabelKeys, 'NotIn', labels) ?? {}
}

/** The selector narrowed to the pod's own values of these labels. Source: "matchLabelKeys". */
function withKeys(
  selector: V1LabelSelector | undefined,
  keys: readonly string[] | undefined,
  operator: 'In' | 'NotIn',
  labels: Readonly<Record<string, string>>,
): V1LabelSelector | undefined {
  const added = (keys ?? []).flatMap((key) => {
    const value = labels[key]
    return value === undefined ? [] : [{ key, operator, values: [value] }]
  })
  if (selector === undefined || added.length === 0) return selector
  return { ...selector, matchExpressions: [...(selector.matchExpressions ?? []), ...added] }
}

/** `/ephemeralcontainers` takes over the debug containers and nothing else. */
export function takeEphemeralContainers(next: V1Pod, previous: V1Pod): void {
  const given = next.spec?.ephemeralContainers
  keepField(next, previous, 'spec')
  keepStatus(next, previous)
  if (next.spec === undefined) return
  const spec: V1PodSpec = { ...next.spec }
  if (given === undefined || given.length === 0) delete spec.ephemeralContainers
  else spec.ephemeralContainers = given
  defaultPodSpec(spec)
  next.spec = spec
}

/** `/resize` takes over the resources of containers and how they are resized. */
export function takeResources(next: V1Pod, previous: V1Pod): void {
  const wanted = next.spec?.containers
  const given = new Map(
    [...(next.spec?.containers ?? []), ...(next.spec?.initContainers ?? [])].map((c) => [c.name, c]),
  )
  keepField(next, previous, 'spec')
  keepStatus(next, previous)
  if (next.spec === undefined) return
  // Containers that come or go are refused by validation: they are left for it to see.
  const names = (list: readonly { name: string }[] | undefined): string => (list ?? []).map((c) => c.name).join()
  if (names(wanted) !== names(next.spec.containers)) {
    next.spec = { ...next.spec, containers: wanted ?? [] }
    return
  }
  const take = (containers: V1PodSpec['containers']): V1PodSpec['containers'] =>
    containers.map((container) => {
      const resized = given.get(container.name)
      if (resized === undefined) return container
      return {
        ...container,
        resources: resized.resources ?? {},
        ...(resized.resizePolicy === undefined ? {} : { resizePolicy: resized.resizePolicy }),
      }
    })
  next.spec = {
    ...next.spec,
    containers: take(next.spec.containers ?? []),
    ...(next.spec.initContainers === undefined ? {} : { initContainers: take(next.spec.initContainers) }),
  }
}

/**
 * How long a pod gets to end. Without a node, or when it has finished, there is nobody to wait for.
 * Source: "Termination of Pods".
 */
export function podGracePeriod(pod: V1Pod, requested: number | undefined): number {
  let seconds = requested ?? pod.spec?.terminationGracePeriodSeconds ?? 30
  if ((pod.spec?.nodeName ?? '') === '') seconds = 0
  if (pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded') seconds = 0
  return seconds < 0 ? 1 : seconds
}

/** The old field and the first of the list are one address; where they disagree, the old one leads. */
export function pairAddresses({ status }: V1Pod): void {
  if (status === undefined) return
  const { podIP = '', podIPs = [] } = status
  if (podIP !== '' && podIPs[0]?.ip !== podIP) status.podIPs = [{ ip: podIP }]
  else if (podIP === '' && podIPs.length > 0) status.podIP = podIPs[0]?.ip ?? ''
}
