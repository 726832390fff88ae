import { controllerReference } from '@kapell/controllers/machinery/owner-refs'
import { statefulSets } from '@kapell/openapi/meta/refs'
import type { V1PersistentVolumeClaim, V1Pod, V1PodTemplateSpec, V1StatefulSet, V1Volume } from '@kapell/openapi/types'
import { revisionHashLabel } from '../shared/controller-revisions.ts'
import { podFromTemplate } from '../shared/pod-from-template.ts'

/** Names, labels and claims of a StatefulSet's pods. Source: concepts page "StatefulSets", "Pod Identity". */
const nameLabel = 'statefulset.kubernetes.io/pod-name'
const indexLabel = 'apps.kubernetes.io/pod-index'

export const startOrdinal = (set: V1StatefulSet): number => set.spec?.ordinals?.start ?? 0
export const wantedReplicas = (set: V1StatefulSet): number => set.spec?.replicas ?? 1

/** The pod's number; undefined when it is not one of this set's names. */
export function ordinalOf(set: V1StatefulSet, pod: V1Pod): number | undefined {
  const match = /^(.*)-(0|[1-9][0-9]*)$/.exec(pod.metadata?.name ?? '')
  return match !== null && match[1] === set.metadata?.name ? Number(match[2]) : undefined
}

export const revisionOfPod = (pod: V1Pod): string => pod.metadata?.labels?.[revisionHashLabel] ?? ''

const claimName = (template: V1PersistentVolumeClaim, podName: string): string =>
  `${template.metadata?.name ?? ''}-${podName}`

/** The pod of an ordinal, of a revision's template. */
export function newPod(
  set: V1StatefulSet,
  ordinal: number,
  revision: { name: string; template: V1PodTemplateSpec },
): V1Pod {
  const name = `${set.metadata?.name}-${ordinal}`
  const pod = podFromTemplate({
    template: revision.template,
    namespace: set.metadata?.namespace ?? '',
    owner: controllerReference(set, statefulSets),
    name,
  })
  const claims = set.spec?.volumeClaimTemplates ?? []
  const volumes: V1Volume[] = claims.map((template) => ({
    name: template.metadata?.name ?? '',
    persistentVolumeClaim: { claimName: claimName(template, name) },
  }))
  const own = new Set(volumes.map((volume) => volume.name))
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      labels: {
        ...pod.metadata?.labels,
        [nameLabel]: name,
        [indexLabel]: String(ordinal),
        [revisionHashLabel]: revision.name,
      },
    },
    spec: {
      ...pod.spec,
      containers: pod.spec?.containers ?? [],
      hostname: name,
      ...(set.spec?.serviceName === undefined ? {} : { subdomain: set.spec.serviceName }),
      ...(volumes.length === 0
        ? {}
        : { volumes: [...volumes, ...(pod.spec?.volumes ?? []).filter((volume) => !own.has(volume.name))] }),
    },
  }
}

/** The claims of a pod of this name, from the set's templates. */
export function claimsFor(set: V1StatefulSet, podName: string): V1PersistentVolumeClaim[] {
  return (set.spec?.volumeClaimTemplates ?? []).map((template) => ({
    ...template,
    metadata: {
      ...template.metadata,
      name: claimName(template, podName),
      ...(set.metadata?.namespace === undefined ? {} : { namespace: set.metadata.namespace }),
      labels: { ...template.metadata?.labels, ...set.spec?.selector?.matchLabels },
    },
  }))
}
