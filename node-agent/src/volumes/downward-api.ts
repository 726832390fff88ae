import { writeAtomically } from './atomic-writer.ts'
import { downwardFiles } from './files.ts'
import { fsGroupOf, type VolumePlugin } from './plugin.ts'

export const downwardApi: VolumePlugin = {
  name: 'kubernetes.io~downward-api',
  inMemory: true,
  matches: (volume) => volume.downwardAPI !== undefined,
  setUp: async (context) => {
    const { pod, volume, dir } = context
    const files = downwardFiles(context, volume.downwardAPI?.items, volume.downwardAPI?.defaultMode ?? 0o644)
    await writeAtomically({ dir, files, fsGroup: fsGroupOf(pod) })
    return dir
  },
}
