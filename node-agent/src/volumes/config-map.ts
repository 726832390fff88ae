import { writeAtomically } from './atomic-writer.ts'
import { configMapFiles } from './files.ts'
import { fsGroupOf, type VolumePlugin } from './plugin.ts'

export const configMap: VolumePlugin = {
  name: 'kubernetes.io~configmap',
  inMemory: false,
  matches: (volume) => volume.configMap !== undefined,
  setUp: async ({ pod, volume, dir, configMap: find }) => {
    const { name = '', items, optional = false, defaultMode = 0o644 } = volume.configMap ?? {}
    const files = configMapFiles(name, await find(name), { items, optional, defaultMode })
    await writeAtomically({ dir, files, fsGroup: fsGroupOf(pod) })
    return dir
  },
}
