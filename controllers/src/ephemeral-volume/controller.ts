import type { ApiClient } from '@kapell/controllers/machinery/client'
import { defineController } from '@kapell/controllers/machinery/controller'
import type { EventRecorder } from '@kapell/controllers/machinery/event-recorder'
import { errorText } from '@kapell/controllers/machinery/log'
import { controllerOf } from '@kapell/controllers/machinery/owner-refs'
import { claimNameOf } from '@kapell/controllers/machinery/placement/volumes'
import { keyOf, type Lister } from '@kapell/controllers/machinery/store'
import type { Counter } from '@kapell/controllers/machinery/metrics'
import { persistentVolumeClaims, pods } from '@kapell/openapi/meta/refs'
import type { V1PersistentVolumeClaim, V1Pod, V1Volume } from '@kapell/openapi/types'
import { isDeleting } from '../shared/pods.ts'

interface Dependencies {
  client: ApiClient
  events: EventRecorder
  pods: Lister<V1Pod>
  claims: Lister<V1PersistentVolumeClaim>
  made: Counter
  failed: Counter
}

const hasEphemeral = (pod: V1Pod): boolean =>
  pod.spec?.volumes?.some(({ ephemeral }) => ephemeral !== undefined) === true

/** Makes the claims of pods' ephemeral volumes; the pod owns them, so that they go with it. Source: "Ephemeral Volumes". */
export const ephemeralVolumeController = defineController<Dependencies, V1Pod>({
  name: 'ephemeral-volume-controller',
  component: 'ephemeral_volume',
  queue: 'ephemeral_volume',
  setup: ({ client, events, informer, queue, metrics }) => {
    const known = informer(pods)
    const look = (pod: V1Pod): void => {
      if (hasEphemeral(pod) && !isDeleting(pod)) queue.add(keyOf(pod))
    }
    known.onChange({ add: look })
    const claims = informer(persistentVolumeClaims)
    // Somebody took the claim away from under the pod.
    claims.onChange({
      delete: (claim) => {
        const owner = controllerOf(claim)
        if (owner?.kind === 'Pod') queue.add(`${claim.metadata?.namespace ?? ''}/${owner.name}`)
      },
    })
    const help = '[ALPHA] Claims asked for, for ephemeral volumes.'
    const made = metrics.counter('ephemeral_volume_controller_create_total', help, {})
    const why = '[ALPHA] Claims for ephemeral volumes that could not be made.'
    const failed = metrics.counter('ephemeral_volume_controller_create_failures_total', why, {})
    return { client, events, pods: known.lister, claims: claims.lister, made, failed }
  },
  reconcile: async (key, deps) => {
    const pod = deps.pods.get(key)
    if (pod === undefined || isDeleting(pod)) return
    for (const volume of pod.spec?.volumes ?? [])
      if (volume.ephemeral !== undefined) await ensureClaim(deps, pod, volume)
  },
})

async function ensureClaim(deps: Dependencies, pod: V1Pod, volume: V1Volume): Promise<void> {
  const { client, events, claims, made, failed } = deps
  const namespace = pod.metadata?.namespace ?? ''
  const name = claimNameOf(pod, volume) ?? ''
  const fail = (why: string): void =>
    events.event(pod, 'Warning', 'FailedBinding', `ephemeral volume ${volume.name}: ${why}`)
  const existing = claims.get(`${namespace}/${name}`)
  if (existing !== undefined) {
    if (controllerOf(existing)?.uid === pod.metadata?.uid) return
    const why = `PVC ${namespace}/${name} was not created for pod ${namespace}/${pod.metadata?.name ?? ''} (pod is not owner)`
    fail(why)
    throw new Error(why)
  }
  try {
    made.inc()
    await client.resource(persistentVolumeClaims, namespace).create(claimFor(pod, volume, name))
  } catch (error) {
    failed.inc()
    fail(`failed to create PVC ${namespace}/${name}: ${errorText(error)}`)
    throw error
  }
}

/** The claim of an ephemeral volume, as its template says. */
export function claimFor(pod: V1Pod, volume: V1Volume, name: string): V1PersistentVolumeClaim {
  const template = volume.ephemeral?.volumeClaimTemplate
  const { labels, annotations } = template?.metadata ?? {}
  return {
    metadata: {
      name,
      ...(labels === undefined ? {} : { labels: { ...labels } }),
      ...(annotations === undefined ? {} : { annotations: { ...annotations } }),
      ownerReferences: [
        {
          apiVersion: 'v1',
          kind: 'Pod',
          name: pod.metadata?.name ?? '',
          uid: pod.metadata?.uid ?? '',
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    ...(template?.spec === undefined ? {} : { spec: structuredClone(template.spec) }),
  }
}
