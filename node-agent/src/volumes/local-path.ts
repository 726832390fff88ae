import { chmod, mkdir, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/** On the Node: where this agent keeps local volumes, for the provisioner to make paths of. */
export const directoryAnnotation = 'kapell.io/local-path-directory'

/** The directories of dynamically provisioned local volumes on this node. */
export interface LocalVolumes {
  /** Absolute. */
  readonly root: string
  /** Makes the directory of a volume that has none yet; paths that are not directly below the root are not ours. */
  ensure(path: string): Promise<void>
  /** Removes a volume's directory with all that is in it. Throws for what cannot be the name of one. */
  remove(name: string): Promise<void>
}

export function createLocalVolumes(dataDir: string): LocalVolumes {
  const root = join(dataDir, 'local-volumes')
  return {
    root,
    ensure: async (path) => {
      if (dirname(path) !== root || !isName(basename(path))) return
      const made = await mkdir(path, { recursive: true })
      // Containers run as any user; whoever has an fsGroup narrows it.
      if (made !== undefined) await chmod(path, 0o777)
    },
    remove: async (name) => {
      if (!isName(name)) throw new Error(`not the name of a local volume: ${JSON.stringify(name)}`)
      await rm(join(root, name), { recursive: true, force: true })
    },
  }
}

const isName = (name: string): boolean => /^pvc-[A-Za-z0-9._-]{1,1024}$/.test(name)
