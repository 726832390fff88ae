import { readdir, rmdir } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** Removes the (then empty) cgroups of a pod in every hierarchy and QoS class. What is still busy is left. */
export async function removePodCgroups(cgroupRoot: string, uid: string, mountPoint = '/sys/fs/cgroup'): Promise<void> {
  const hierarchies = existsSync(join(mountPoint, 'cgroup.controllers'))
    ? [mountPoint]
    : (await readdir(mountPoint).catch(() => [])).map((name) => join(mountPoint, name))
  for (const hierarchy of hierarchies) {
    for (const qos of ['', 'burstable', 'besteffort']) {
      const dir = join(hierarchy, cgroupRoot, 'kubepods', qos, `pod${uid}`)
      if (existsSync(dir)) await removeTree(dir)
    }
  }
}

async function removeTree(dir: string): Promise<void> {
  const entries = await readdir(dir, { withFileTypes: true }).catch(() => [])
  for (const entry of entries) if (entry.isDirectory()) await removeTree(join(dir, entry.name))
  await rmdir(dir).catch(() => {})
}
