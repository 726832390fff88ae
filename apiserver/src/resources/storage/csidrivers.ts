import type { V1CSIDriver } from '@kapell/openapi/types'
import { column, defineResource } from '../../registry/definition.ts'
import { ageColumn, nameColumn } from '../common/columns.ts'
import { sameJson } from '../common/validation.ts'
import { driverWarnings, validateDriver, validateDriverUpdate } from './driver-rules.ts'

function defaultDriver(driver: V1CSIDriver): void {
  const spec = (driver.spec ??= {})
  spec.attachRequired ??= true
  spec.podInfoOnMount ??= false
  spec.storageCapacity ??= false
  spec.fsGroupPolicy ??= 'ReadWriteOnceWithFSType'
  if ((spec.volumeLifecycleModes ?? []).length === 0) spec.volumeLifecycleModes = ['Persistent']
  spec.requiresRepublish ??= false
  spec.seLinuxMount ??= false
}

/** Behind a gate that is off. */
function dropGated(driver: V1CSIDriver): void {
  delete driver.spec?.preventPodSchedulingIfMissing
}

const list = (entries: readonly string[] | undefined, none: string): string =>
  entries === undefined || entries.length === 0 ? none : entries.join(',')

export const csiDrivers = defineResource<V1CSIDriver>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'CSIDriver',
  plural: 'csidrivers',
  allowUnconditionalUpdate: false,
  namespaced: false,
  storagePrefix: 'csidrivers',
  hasGeneration: false,
  default: defaultDriver,
  prepareForCreate: dropGated,
  prepareForUpdate: (next, previous) => {
    dropGated(next)
    // The original starts to count at the first change only.
    const changed = !sameJson(next.spec, previous.spec)
    const generation = (previous.metadata?.generation ?? 0) + (changed ? 1 : 0)
    if (next.metadata !== undefined && generation > 0) next.metadata.generation = generation
  },
  validate: validateDriver,
  validateUpdate: validateDriverUpdate,
  warnings: (o, previous) => (previous === undefined ? driverWarnings(o) : []),
  columns: [
    nameColumn,
    column('AttachRequired', 'boolean', (o) => o.spec.attachRequired ?? true),
    column('PodInfoOnMount', 'boolean', (o) => o.spec.podInfoOnMount ?? false),
    column('StorageCapacity', 'boolean', (o) => o.spec.storageCapacity ?? false),
    column('TokenRequests', 'string', (o) =>
      list(
        o.spec.tokenRequests?.map((t) => t.audience),
        '<unset>',
      ),
    ),
    column('RequiresRepublish', 'boolean', (o) => o.spec.requiresRepublish ?? false),
    column('Modes', 'string', (o) => list(o.spec.volumeLifecycleModes, '<none>')),
    ageColumn,
  ],
})
