import { writeAtomically } from './atomic-writer.ts'
import { secretFiles } from './files.ts'
import { fsGroupOf, type VolumePlugin } from './plugin.ts'

export const secret: VolumePlugin = {
  name: 'kubernetes.io~secret',
  inMemory: true,
  matches: (volume) => volume.secret !== undefined,
  setUp: async ({ pod, volume, dir, secret: find }) => {
    const { secretName = '', items, optional = false, defaultMode = 0o644 } = volume.secret ?? {}
    const files = secretFiles(secretName, await find(secretName), { items, optional, defaultMode })
    await writeAtomically({ dir, files, fsGroup: fsGroupOf(pod) })
    return dir
  },
}
