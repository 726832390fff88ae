import { randomBytes } from 'node:crypto'
import {
  chmod,
  chown,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { dirname, join, normalize } from 'node:path'

export interface ProjectedFile {
  data: Uint8Array
  mode: number
  /** The user that owns it; default root. */
  owner?: number | undefined
}

export interface WriteOptions {
  dir: string
  /** By path below the volume. */
  files: ReadonlyMap<string, ProjectedFile>
  /** Owns the files and may read them. */
  fsGroup?: number | undefined
}

const dataLink = '..data'

/**
 * Makes a directory hold exactly these files, all at once: they live in a directory of their own, `..data` points to
 * it, and every visible name points through `..data`. A reader sees all old files or all new ones. Nothing is touched
 * when nothing changed. Source: the layout that containers see upstream.
 */
export async function writeAtomically({ dir, files, fsGroup }: WriteOptions): Promise<boolean> {
  for (const path of files.keys()) checkPath(path)
  await mkdir(dir, { recursive: true, mode: 0o755 })
  await share(dir, fsGroup, 0o777)
  const old = await readlink(join(dir, dataLink)).catch(() => undefined)
  if (old !== undefined && (await holds(join(dir, old), files))) return false

  const stamp = `..${new Date().toISOString().slice(0, 19).replace(/[-T:]/g, '_')}.${randomBytes(5).readUInt32LE() % 1_000_000_000}`
  const fresh = join(dir, stamp)
  await mkdir(fresh, { mode: 0o755 })
  await share(fresh, fsGroup, 0o755)
  for (const [path, { data, mode, owner }] of files) {
    const target = join(fresh, path)
    if (dirname(path) !== '.') {
      await mkdir(dirname(target), { recursive: true, mode: 0o755 })
      await share(dirname(target), fsGroup, 0o755)
    }
    await writeFile(target, data, { mode: 0o600 })
    if (fsGroup !== undefined || owner !== undefined) await chown(target, owner ?? -1, fsGroup ?? -1)
    await chmod(target, fsGroup === undefined ? mode : mode | 0o440)
  }
  await rm(join(dir, '..data_tmp'), { force: true })
  await symlink(stamp, join(dir, '..data_tmp'))
  await rename(join(dir, '..data_tmp'), join(dir, dataLink))

  const visible = new Set([...files.keys()].map((path) => normalize(path).split('/')[0]!))
  for (const name of visible) {
    const link = join(dir, name)
    if ((await lstat(link).catch(() => undefined)) === undefined) await symlink(join(dataLink, name), link)
  }
  for (const name of await readdir(dir)) {
    if (name === dataLink || name === stamp || visible.has(name)) continue
    await rm(join(dir, name), { recursive: true, force: true })
  }
  return true
}

/** New directories must be open to the group, and hand it on. */
async function share(path: string, fsGroup: number | undefined, mode: number): Promise<void> {
  if (fsGroup === undefined) {
    await chmod(path, mode)
    return
  }
  await chown(path, -1, fsGroup)
  await chmod(path, mode | 0o2770)
}

/** Throws unless the path stays below the volume. */
function checkPath(path: string): void {
  const parts = path.split('/')
  if (path === '' || path.startsWith('/') || parts.includes('..') || parts[0]!.startsWith('..')) {
    throw new Error(`invalid path: must be relative and may not contain or start with '..': ${path}`)
  }
}

async function holds(dir: string, files: ReadonlyMap<string, ProjectedFile>): Promise<boolean> {
  try {
    const names = await readdir(dir, { recursive: true, withFileTypes: true })
    if (names.filter((entry) => entry.isFile()).length !== files.size) return false
    for (const [path, { data }] of files) {
      if (!(await readFile(join(dir, path))).equals(data)) return false
    }
    return true
  } catch {
    return false
  }
}
