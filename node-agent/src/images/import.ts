import type { Logger } from '@kapell/controllers/machinery/log'
import { createReadStream, createWriteStream, watch, type FSWatcher } from 'node:fs'
import { mkdir, open, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { createGunzip } from 'node:zlib'
import type { ContainerdRuntime } from '../runtime/containerd.ts'
import { run } from '../runtime/exec.ts'
import { criKnowsImage, RawCri } from '../runtime/probe.ts'
import { buildImageArchive } from './build.ts'
import { archiveNames } from './names.ts'
import { pauseProgram } from './pause.ts'
import { readTarMembers } from './tar.ts'

type ImportTarget = Pick<
  ContainerdRuntime,
  'socket' | 'namespace' | 'ctr' | 'snapshotter' | 'version' | 'paths' | 'pauseImage'
>

const archivePattern = /\.(tar|tgz|tar\.gz)$/
const importTimeoutMs = 10 * 60_000

/** Makes the image of every pod's first process known to the runtime; quick when it is known already. */
export async function ensurePauseImage(runtime: ImportTarget): Promise<void> {
  const cri = new RawCri(runtime.socket)
  try {
    if (await criKnowsImage(cri, runtime.pauseImage)) return
    const file = join(runtime.paths.baseDir, 'pause.tar')
    const machine = process.arch === 'arm64' ? 'arm64' : 'x64'
    await buildImageArchive(
      {
        name: runtime.pauseImage,
        files: { '/pause': { content: pauseProgram(machine), mode: 0o755 } },
        entrypoint: ['/pause'],
        labels: { 'io.cri-containerd.pinned': 'pinned' },
      },
      file,
    )
    await importArchive(runtime, file)
    await rm(file, { force: true })
    await untilKnown(cri, runtime.pauseImage)
  } finally {
    cri.close()
  }
}

/**
 * Imports one archive (docker or OCI, plain or gzipped) and answers the names of its images, once CRI knows them.
 * Errors: not an archive, no names in it, containerd refuses it.
 */
export async function importArchive(runtime: ImportTarget, file: string): Promise<string[]> {
  const unpacked = await plainTar(file, runtime.paths.baseDir)
  const cri = new RawCri(runtime.socket)
  try {
    const names = await namesIn(unpacked.file, basename(file))
    if (names.length === 0) throw new Error('the archive names no image')
    const ctr = (args: string[]) =>
      run(runtime.ctr, ['-a', runtime.socket, '-n', runtime.namespace, 'images', ...args], {
        timeoutMs: importTimeoutMs,
      })
    const needTags = names.filter((each) => each.needsTag)
    // From 2.0 on ctr would let the server read the archive, and name what it finds in another way.
    const local = Number(runtime.version.split('.')[0]) >= 2 ? ['--local'] : []
    const digests = needTags.length > 0 ? ['--digests'] : []
    const said = await ctr(['import', ...local, ...digests, '--snapshotter', runtime.snapshotter, unpacked.file])
    if (needTags.length > 0) {
      const imported = [...said.matchAll(/^unpacking (\S+) \((sha256:[0-9a-f]+)\)/gm)].map((each) => ({
        name: each[1]!,
        digest: each[2]!,
      }))
      for (const { name, digest } of needTags) {
        const source = imported.find((each) => each.digest === digest)
        if (source === undefined) throw new Error(`containerd did not import ${name}`)
        if (source.name !== name) await ctr(['tag', '--force', source.name, name])
      }
      const temporary = imported.map((each) => each.name).filter((name) => name.startsWith('import-'))
      if (temporary.length > 0) await ctr(['rm', ...new Set(temporary)])
    }
    for (const { name } of names) await untilKnown(cri, name)
    return names.map((each) => each.name)
  } finally {
    cri.close()
    if (unpacked.temporary) await rm(unpacked.file, { force: true })
  }
}

/** CRI learns of imported images from containerd's events, a moment after the import. */
async function untilKnown(cri: RawCri, name: string): Promise<void> {
  const end = Date.now() + 10_000
  while (!(await criKnowsImage(cri, name))) {
    if (Date.now() > end) throw new Error(`the runtime does not show the imported image ${name}`)
    await sleep(10)
  }
}

async function plainTar(file: string, workDir: string): Promise<{ file: string; temporary: boolean }> {
  const handle = await open(file)
  const magic = Buffer.alloc(2)
  await handle.read(magic, 0, 2, 0)
  await handle.close()
  if (magic[0] !== 0x1f || magic[1] !== 0x8b) return { file, temporary: false }
  const plain = join(workDir, `import-${process.pid}-${Math.random().toString(36).slice(2)}.tar`)
  try {
    await pipeline(createReadStream(file), createGunzip(), createWriteStream(plain))
  } catch (error) {
    await rm(plain, { force: true })
    throw error
  }
  return { file: plain, temporary: true }
}

async function namesIn(file: string, fileName: string) {
  const handle = await open(file)
  try {
    const members = await readTarMembers(handle, ['index.json', 'manifest.json'])
    const text = (name: string) => (members.has(name) ? Buffer.from(members.get(name)!).toString() : undefined)
    return archiveNames({ indexJson: text('index.json'), manifestJson: text('manifest.json'), fileName })
  } finally {
    await handle.close()
  }
}

interface ImportRecord {
  sizeBytes: number
  mtimeMs: number
  names: string[]
}

/**
 * Imports every archive of a directory that is new or changed since the last time, or whose images the runtime has
 * lost. A bad archive is logged and passed over. Answers the names that are now known; a missing directory is empty.
 */
export async function importImages(runtime: ImportTarget, dir: string, log: Logger): Promise<string[]> {
  const recordFile = join(runtime.paths.baseDir, 'imported.json')
  const records = new Map<string, ImportRecord>(Object.entries(await readRecords(recordFile)))
  const files = (await readdir(dir).catch(() => [])).filter((name) => archivePattern.test(name)).sort()
  const known: string[] = []
  const cri = new RawCri(runtime.socket)
  try {
    for (const name of files) {
      const file = join(dir, name)
      const info = await stat(file).catch(() => undefined)
      if (info === undefined || !info.isFile()) continue
      const before = records.get(file)
      const unchanged = before !== undefined && before.sizeBytes === info.size && before.mtimeMs === info.mtimeMs
      if (unchanged && (await Promise.all(before.names.map((each) => criKnowsImage(cri, each)))).every(Boolean)) {
        known.push(...before.names)
        continue
      }
      try {
        const names = await importArchive(runtime, file)
        records.set(file, { sizeBytes: info.size, mtimeMs: info.mtimeMs, names })
        known.push(...names)
        log.info('imported images', { file, names })
      } catch (error) {
        log.error('cannot import the image archive', {
          file,
          error: error instanceof Error ? error.message : String(error),
        })
      }
    }
  } finally {
    cri.close()
  }
  const kept = [...records].filter(([file]) => files.includes(basename(file)) && file === join(dir, basename(file)))
  await writeRecords(recordFile, Object.fromEntries(kept))
  return known
}

async function readRecords(file: string): Promise<Record<string, ImportRecord>> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Record<string, ImportRecord>
  } catch {
    // Absent or damaged: everything is imported again, which does no harm.
    return {}
  }
}

async function writeRecords(file: string, records: Record<string, ImportRecord>): Promise<void> {
  const temporary = `${file}.part`
  await writeFile(temporary, JSON.stringify(records))
  await rename(temporary, file)
}

export interface ImageWatch {
  /** Resolves when the archives present at the start were imported. */
  first: Promise<string[]>
  /** Of all images in archives there: no registry may have them. */
  names(): ReadonlySet<string>
  close(): Promise<void>
}

/** Imports what is in the directory (made when missing) and then whatever appears in it. */
export function watchImages(options: {
  runtime: ImportTarget
  dir: string
  log: Logger
  settleMs?: number
}): ImageWatch {
  const { runtime, dir, log } = options
  const settleMs = options.settleMs ?? 500
  let closed = false
  let watcher: FSWatcher | undefined
  let timer: NodeJS.Timeout | undefined
  let running: Promise<unknown> = Promise.resolve()
  let names: ReadonlySet<string> = new Set()
  const scan = () => {
    const next = running.then(async () => {
      if (closed) return []
      const found = await importImages(runtime, dir, log)
      names = new Set(found)
      return found
    })
    running = next.catch((error: unknown) => log.error('cannot look for image archives', { error: String(error) }))
    return next
  }
  const begin = async () => {
    await mkdir(dir, { recursive: true })
    // A file that is being copied makes many events: wait until there are no more.
    watcher = watch(dir, () => {
      clearTimeout(timer)
      timer = setTimeout(() => void scan().catch(() => undefined), settleMs)
      timer.unref()
    })
    watcher.on('error', (error) => log.warn('cannot watch for image archives', { dir, error: error.message }))
    return scan()
  }
  return {
    first: begin(),
    names: () => names,
    close: async () => {
      closed = true
      clearTimeout(timer)
      watcher?.close()
      await running
    },
  }
}
