import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { PodDeps } from './deps.ts'

type LeftoverDeps = Pick<PodDeps, 'paths' | 'volumes'>

/** Uids of pods that have a directory on this node. */
export const podsOnDisk = (deps: LeftoverDeps): Promise<string[]> => readdir(deps.paths.pods).catch(() => [])

/** Removes directories and logs of pods that are gone from the API and from the runtime. */
export async function removeLeftovers(deps: LeftoverDeps, known: (uid: string) => boolean): Promise<void> {
  for (const uid of await podsOnDisk(deps)) {
    if (known(uid)) continue
    await deps.volumes.unmount(uid)
    await rm(deps.paths.pod(uid), { recursive: true, force: true })
  }
  for (const name of await readdir(deps.paths.logs).catch(() => [])) {
    const uid = name.slice(name.lastIndexOf('_') + 1)
    if (!known(uid)) await rm(join(deps.paths.logs, name), { recursive: true, force: true })
  }
}
