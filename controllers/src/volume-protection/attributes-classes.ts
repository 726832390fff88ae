import type { ApiClient } from '@kapell/controllers/machinery/client'
import { defineController } from '@kapell/controllers/machinery/controller'
import { keyOf, type Lister } from '@kapell/controllers/machinery/store'
import { persistentVolumeClaims, persistentVolumes, volumeAttributesClasses } from '@kapell/openapi/meta/refs'
import { isReason } from '@kapell/openapi/meta/status'
import type { V1PersistentVolume, V1PersistentVolumeClaim, V1VolumeAttributesClass } from '@kapell/openapi/types'
import { isDeleting } from '../shared/pods.ts'
import { withFinalizer } from './finalizer.ts'

const finalizer = 'kubernetes.io/vac-protection'

interface Dependencies {
  client: ApiClient
  classes: Lister<V1VolumeAttributesClass>
  claims: Lister<V1PersistentVolumeClaim>
  volumes: Lister<V1PersistentVolume>
}

const named = (...names: (string | undefined)[]): string[] => [
  ...new Set(names.filter((name): name is string => name !== undefined && name !== '')),
]

/** The classes a claim has, wants, or is on its way to. */
export function classesOfClaim({ spec, status }: V1PersistentVolumeClaim): string[] {
  return named(
    spec?.volumeAttributesClassName,
    status?.currentVolumeAttributesClassName,
    status?.modifyVolumeStatus?.targetVolumeAttributesClassName,
  )
}

export const classesOfVolume = ({ spec }: V1PersistentVolume): string[] => named(spec?.volumeAttributesClassName)

/** Keeps classes that claims or volumes name from going away. Source: "Volume Attributes Classes". */
export const attributesClassProtectionController = defineController<Dependencies, V1VolumeAttributesClass>({
  name: 'volumeattributesclass-protection-controller',
  queue: 'vacprotection',
  primary: volumeAttributesClasses,
  setup: ({ client, informer, lister, queue }) => {
    const claims = informer(persistentVolumeClaims, { indexers: { class: classesOfClaim } })
    const volumes = informer(persistentVolumes, { indexers: { class: classesOfVolume } })
    const wake = (names: readonly string[]): void => {
      for (const name of names) queue.add(name)
    }
    claims.onChange({
      update: (before) => wake(classesOfClaim(before)),
      delete: (claim) => wake(classesOfClaim(claim)),
    })
    volumes.onChange({
      update: (before) => wake(classesOfVolume(before)),
      delete: (volume) => wake(classesOfVolume(volume)),
    })
    return { client, classes: lister(volumeAttributesClasses), claims: claims.lister, volumes: volumes.lister }
  },
  reconcile: async (name, { client, classes, claims, volumes }) => {
    const found = classes.get(name)
    if (found === undefined) return
    const inUse = claims.byIndex('class', keyOf(found)).length > 0 || volumes.byIndex('class', keyOf(found)).length > 0
    const next = withFinalizer(found, finalizer, !isDeleting(found) || inUse)
    if (next === undefined) return
    try {
      await client.resource(volumeAttributesClasses).update(next)
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error
    }
  },
})
