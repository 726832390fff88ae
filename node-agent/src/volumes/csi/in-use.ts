import type { NodePaths } from '../../pods/paths.ts'
import { allVolumeDirs, keptIn } from './kept.ts'

/** What the node's status calls an attached volume. */
export const inUseName = (driver: string, volumeId: string): string => `kubernetes.io/csi/${driver}^${volumeId}`

/** The attached volumes that this node works with: as long as the Node names one, nobody detaches it. */
export interface InUse {
  /** Learns what an agent before this one had. */
  open(): Promise<void>
  /** Sorted. */
  names(): string[]
  /** From now on the volume of this directory is in use; resolves when the Node says so. */
  add(dir: string, name: string): Promise<void>
  /** What this directory or any below it stands for is no longer in use. */
  remove(dir: string): void
}

export function createInUse(options: {
  paths: NodePaths
  /** Brings the names to the Node. */
  tell(): Promise<void>
}): InUse {
  const byDir = new Map<string, string>()
  const names = (): string[] => [...new Set(byDir.values())].sort()
  return {
    open: async () => {
      for (const dir of await allVolumeDirs(options.paths)) {
        const kept = await keptIn(dir)
        if (kept?.attached === true) byDir.set(dir, inUseName(kept.driver, kept.volumeId))
      }
    },
    names,
    add: async (dir, name) => {
      const known = names().includes(name)
      byDir.set(dir, name)
      if (!known) await options.tell()
    },
    remove: (dir) => {
      const before = names().length
      for (const known of byDir.keys()) if (known === dir || known.startsWith(`${dir}/`)) byDir.delete(known)
      // Who waits for it looks again later: nobody here depends on it.
      if (names().length < before) options.tell().catch(() => {})
    },
  }
}
