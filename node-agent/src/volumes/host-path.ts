import { mkdir, open, stat } from 'node:fs/promises'
import type { Stats } from 'node:fs'
import type { V1HostPathVolumeSource } from '@kapell/openapi/types'
import type { VolumePlugin } from './plugin.ts'

type Check = { is: (stats: Stats) => boolean; what: string }
const checks: Record<string, Check> = {
  Directory: { is: (s) => s.isDirectory(), what: 'a directory' },
  DirectoryOrCreate: { is: (s) => s.isDirectory(), what: 'a directory' },
  File: { is: (s) => s.isFile(), what: 'a file' },
  FileOrCreate: { is: (s) => s.isFile(), what: 'a file' },
  Socket: { is: (s) => s.isSocket(), what: 'a socket file' },
  CharDevice: { is: (s) => s.isCharacterDevice(), what: 'a character device' },
  BlockDevice: { is: (s) => s.isBlockDevice(), what: 'a block device' },
}

/** A path of the node itself. Source: docs, "hostPath volume types". */
export const hostPath: VolumePlugin = {
  name: 'kubernetes.io~host-path',
  inMemory: false,
  matches: (volume) => volume.hostPath !== undefined,
  setUp: ({ volume }) => prepareHostPath(volume.hostPath ?? { path: '' }),
}

/** Makes what is to be made, and answers the path. Throws when what is there is of another type. */
export async function prepareHostPath({ path, type = '' }: V1HostPathVolumeSource): Promise<string> {
  if (path.split('/').includes('..')) throw new Error(`hostPath may not contain '..': ${path}`)
  const check = checks[type]
  if (check === undefined) return path
  let found = await stat(path).catch(() => undefined)
  if (found === undefined && type === 'DirectoryOrCreate') {
    await mkdir(path, { recursive: true, mode: 0o755 })
    found = await stat(path)
  }
  if (found === undefined && type === 'FileOrCreate') {
    await (await open(path, 'a', 0o644)).close()
    found = await stat(path)
  }
  if (found === undefined || !check.is(found))
    throw new Error(`hostPath type check failed: ${path} is not ${check.what}`)
  return path
}
