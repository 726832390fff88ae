import { lchown, lstat, opendir, chmod } from 'node:fs/promises'
import { join } from 'node:path'

export interface FsGroupOptions {
  gid: number
  /** "OnRootMismatch" leaves a tree alone whose root has the right owner and mode. Default "Always". */
  policy?: string | undefined
  readOnly?: boolean
}

const setGid = 0o2000

/**
 * Gives a volume's files to the group: readable (and writable, unless read-only), directories hand the group on. Links
 * are never followed. Source: "Configure a Security Context", "fsGroup".
 */
export async function applyFsGroup(dir: string, options: FsGroupOptions): Promise<void> {
  const { gid, policy, readOnly = false } = options
  const fileBits = readOnly ? 0o440 : 0o660
  const directoryBits = fileBits | 0o110 | setGid
  if (policy === 'OnRootMismatch') {
    const root = await lstat(dir)
    if (root.gid === gid && (root.mode & directoryBits) === directoryBits) return
  }
  await own(dir)

  /** The root last: whoever is interrupted begins anew. */
  async function own(path: string): Promise<void> {
    const found = await lstat(path)
    if (found.isDirectory()) for await (const entry of await opendir(path)) await own(join(path, entry.name))
    if (found.gid !== gid) await lchown(path, found.uid, gid)
    if (found.isSymbolicLink()) return
    const wanted = (found.mode | (found.isDirectory() ? directoryBits : fileBits)) & 0o7777
    // A change of owner may have taken the bit away.
    if (wanted !== (found.mode & 0o7777) || found.gid !== gid) await chmod(path, wanted)
  }
}
