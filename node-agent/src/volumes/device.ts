import { execFile } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { promisify } from 'node:util'
import { isMountPoint } from './mounts.ts'

const run = promisify(execFile)
/** Formatting a large disk takes its time. */
const formatMs = 10 * 60_000

export interface DeviceMount {
  device: string
  /** Where to mount it; made when missing. */
  dir: string
  /** What an empty device is formatted with: "ext4", "xfs"… */
  fsType: string
  options: readonly string[]
  readOnly: boolean
}

/**
 * Mounts a disk, formatted first when nothing at all is on it. One that holds anything else than what is wanted is never
 * formatted: mounting it fails, and says so.
 */
export async function mountDevice({ device, dir, fsType, options, readOnly }: DeviceMount): Promise<string> {
  if (await isMountPoint(dir)) return dir
  if (!/^[a-z0-9]+$/.test(fsType)) throw new Error(`not the name of a file system: ${JSON.stringify(fsType)}`)
  await mkdir(dir, { recursive: true, mode: 0o750 })
  if (!readOnly && (await contentOf(device)) === undefined) {
    const quiet = fsType.startsWith('ext') ? ['-F', '-m0'] : []
    await tool(`mkfs.${fsType}`, [...quiet, '--', device], formatMs)
  }
  const all = [...(readOnly ? ['ro'] : []), ...options]
  await tool('mount', ['-t', fsType, ...(all.length === 0 ? [] : ['-o', all.join(',')]), '--', device, dir])
  return dir
}

/** What kind of data is on a device; undefined when there is none. Source: blkid(8), low-level probing. */
async function contentOf(device: string): Promise<string | undefined> {
  try {
    const { stdout } = await run('blkid', ['-p', '-s', 'TYPE', '-s', 'PTTYPE', '-o', 'export', '--', device])
    return stdout.trim() === '' ? 'unknown' : stdout.trim()
  } catch (error) {
    // It found nothing; any other failure must not lead to formatting.
    if ((error as { code?: unknown }).code === 2) return undefined
    throw error
  }
}

async function tool(name: string, args: string[], timeoutMs = 30_000): Promise<void> {
  try {
    await run(name, args, { timeout: timeoutMs })
  } catch (error) {
    const { stderr = '' } = error as { stderr?: string }
    throw new Error(`${name} ${args.join(' ')}: ${stderr.trim() || (error as Error).message}`)
  }
}
