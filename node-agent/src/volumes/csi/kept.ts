import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { NodePaths } from '../../pods/paths.ts'

/** Kept beside each published volume: what is needed to take it back, whatever has become of the API's objects. */
export interface Kept {
  driver: string
  volumeId: string
  /** Absent: was not staged. */
  staging?: string
  /** Published as a device, not as a directory. */
  block?: boolean
  /** It was attached to the node first, and must not be detached while it is here. */
  attached?: boolean
}

/** Below a pod's volumes, as upstream names it. */
export const pluginDir = 'kubernetes.io~csi'
const keptFile = 'vol_data.json'

export const sha = (text: string): string => createHash('sha256').update(text).digest('hex')

export async function keep(dir: string, kept: Kept): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o750 })
  await writeFile(join(dir, keptFile), JSON.stringify(kept), { mode: 0o600 })
}

export async function keptIn(dir: string): Promise<Kept | undefined> {
  try {
    return JSON.parse(await readFile(join(dir, keptFile), 'utf8')) as Kept
  } catch {
    return undefined
  }
}

/** Where a volume of this directory is published: a file for a device. */
export const targetOf = (dir: string, kept: Pick<Kept, 'block'>): string =>
  join(dir, kept.block === true ? 'device' : 'mount')

/** The directories of a pod's CSI volumes. */
export async function volumeDirs(paths: NodePaths, uid: string): Promise<string[]> {
  const root = join(paths.volumes(uid), pluginDir)
  return (await readdir(root).catch(() => [])).map((name) => join(root, name))
}

/** Of every pod on this node. */
export async function allVolumeDirs(paths: NodePaths): Promise<string[]> {
  const uids = await readdir(paths.pods).catch(() => [])
  return (await Promise.all(uids.map((uid) => volumeDirs(paths, uid)))).flat()
}
