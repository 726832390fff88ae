import { chmod, chown, mkdir } from 'node:fs/promises'
import { parseQuantity } from '@kapell/openapi/meta/quantity'
import { isMountPoint, mountTmpfs } from './mounts.ts'
import { fsGroupOf, type VolumePlugin } from './plugin.ts'

/** A directory that lives as long as the pod: on disk, or in memory. */
export const emptyDir: VolumePlugin = {
  name: 'kubernetes.io~empty-dir',
  inMemory: false,
  matches: (volume) => volume.emptyDir !== undefined,
  setUp: async ({ pod, volume, dir }) => {
    const made = await mkdir(dir, { recursive: true })
    const memory = volume.emptyDir?.medium === 'Memory'
    if (memory && !(await isMountPoint(dir))) {
      const limit = volume.emptyDir?.sizeLimit
      await mountTmpfs(dir, limit === undefined ? undefined : parseQuantity(limit).value())
    } else if (made === undefined) {
      return dir
    }
    const group = fsGroupOf(pod)
    if (group !== undefined) await chown(dir, -1, group)
    await chmod(dir, group === undefined ? 0o777 : 0o2777)
    return dir
  },
}
