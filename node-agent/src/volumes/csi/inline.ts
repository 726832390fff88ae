import { errorText } from '@kapell/controllers/machinery/log'
import type { V1CSIDriver, V1SecretReference } from '@kapell/openapi/types'
import { identityOf } from '../../pods/record.ts'
import type { VolumePlugin } from '../plugin.ts'
import { accessMode } from './access-mode.ts'
import type { Drivers } from './drivers.ts'
import { keep, pluginDir, sha, targetOf, type Kept } from './kept.ts'
import { podInfo } from './pod-info.ts'

function registered(drivers: Drivers, name: string): ReturnType<Drivers['get']> {
  try {
    return drivers.get(name)
  } catch (error) {
    throw new Error(`kubernetes.io/csi: mounter.SetUpAt failed to get CSI client: ${errorText(error)}`)
  }
}

/** Volumes that a pod describes itself, and that live as long as it. Source: "CSI ephemeral volumes". */
export function inlineVolume(options: {
  drivers: Drivers
  /** The driver's object, if there is one. */
  object(name: string): Promise<V1CSIDriver | undefined>
  secret(ref: V1SecretReference | undefined, namespace: string): Promise<Record<string, string>>
}): VolumePlugin {
  return {
    name: pluginDir,
    inMemory: false,
    once: true,
    matches: (volume) => volume.csi !== undefined,
    setUp: async ({ pod, volume, dir }) => {
      const { driver: name = '', volumeAttributes = {}, readOnly = false, fsType = '' } = volume.csi ?? {}
      const driver = registered(options.drivers, name)
      const declared = await options.object(name)
      const modes = declared?.spec.volumeLifecycleModes ?? ['Persistent']
      if (!modes.includes('Ephemeral'))
        throw new Error(
          `volume mode "Ephemeral" not supported by driver ${name} (only supports ${JSON.stringify(modes)})`,
        )
      const { uid, namespace } = identityOf(pod)
      const kept: Kept = { driver: name, volumeId: `csi-${sha(`${uid}${volume.name}`)}` }
      await keep(dir, kept)
      const path = targetOf(dir, kept)
      await driver.node.nodePublishVolume({
        volumeId: kept.volumeId,
        targetPath: path,
        volumeCapability: {
          accessType: { case: 'mount', value: { fsType } },
          accessMode: { mode: accessMode(['ReadWriteOnce']) },
        },
        readonly: readOnly,
        secrets: await options.secret(volume.csi?.nodePublishSecretRef, namespace),
        volumeContext: {
          ...volumeAttributes,
          ...(declared?.spec.podInfoOnMount === true ? podInfo(pod, true) : {}),
        },
      })
      return { path, readOnly }
    },
  }
}
