import { constants } from 'node:fs'
import { mkdir, open, realpath, stat, writeFile, type FileHandle } from 'node:fs/promises'
import { dirname, relative, sep } from 'node:path'
import { bindMount, isMountPoint } from './mounts.ts'

const { O_RDONLY, O_NOFOLLOW, O_DIRECTORY } = constants
/** Linux: a handle that names a file and cannot read it; Node does not export it. */
const O_PATH = 0o10000000

export interface SubPathRequest {
  /** The volume on the host. */
  volume: string
  subPath: string
  /** Where to mount what is found: below the pod's own directory. */
  target: string
}

/**
 * Gives containers one directory or file of a volume. Whoever can write to the volume may swap any part of the path
 * for a link at any time, so the path is walked with handles that follow no link, and the very thing that was found is
 * what gets mounted. A missing part is made as a directory. Throws when the path leads out of the volume.
 */
export async function mountSubPath({ volume, subPath, target }: SubPathRequest): Promise<string> {
  if (subPath.startsWith('/') || subPath.split('/').includes('..')) {
    throw new Error(`subPath must be relative and must not contain '..': ${subPath}`)
  }
  if (await isMountPoint(target)) return target
  const root = await realpath(volume)
  const wanted = `${root}/${subPath}`
  // Links inside of the volume are allowed: resolve them first, then walk what they led to.
  const resolved = await deepestExisting(wanted)
  const inside = relative(root, resolved)
  if (inside === '..' || inside.startsWith(`..${sep}`)) throw new Error(`subpath ${subPath} is outside of the volume`)

  let handle = await open(root, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
  try {
    for (const part of inside.split('/').filter((name) => name !== '' && name !== '.')) {
      const next = await step(handle, part)
      await handle.close()
      handle = next
    }
    const found = await stat(`/proc/self/fd/${handle.fd}`)
    await mkdir(dirname(target), { recursive: true, mode: 0o750 })
    if (found.isDirectory()) await mkdir(target, { recursive: true, mode: 0o750 })
    else await writeFile(target, '', { flag: 'a' })
    await bindMount(`/proc/${process.pid}/fd/${handle.fd}`, target)
    return target
  } finally {
    await handle.close()
  }
}

/** One part of the way, made when missing; fails when it is a link. */
async function step(from: FileHandle, part: string): Promise<FileHandle> {
  const path = `/proc/self/fd/${from.fd}/${part}`
  const flags = O_PATH | O_NOFOLLOW
  const reach = async (): Promise<FileHandle> => {
    const handle = await open(path, flags)
    if ((await handle.stat()).isSymbolicLink()) {
      await handle.close()
      throw new Error(`subpath changed while it was being mounted: ${part} is a link`)
    }
    return handle
  }
  try {
    return await reach()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    await mkdir(path, { mode: 0o750 })
    return reach()
  }
}

/** The real path of as much as exists, followed by the rest. */
async function deepestExisting(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    const parent = dirname(path)
    return `${await deepestExisting(parent)}/${path.slice(parent.length + 1)}`
  }
}
