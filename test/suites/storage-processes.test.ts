import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { jest } from '@jest/globals'
import { openEmbeddedStore } from '@kapell/apiserver/storage/embedded/store'
import type { Revision, StoredEvent } from '@kapell/apiserver/storage/storage'
import { silentLog } from './silent-log.ts'
import { collect } from './storage-suite.ts'

jest.setTimeout(60_000)

interface Acknowledged {
  key: string
  revision: Revision
  length: number
}

/** Runs the writing process until it has had this many writes acknowledged, then kills it with SIGKILL. */
async function writeAndDie(options: { directory: string; name: string; writes: number }): Promise<Acknowledged[]> {
  const child: ChildProcess = spawn(
    process.execPath,
    [fileURLToPath(new URL('./store-writer.ts', import.meta.url)), options.directory, options.name],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let complaint = ''
  child.stderr?.on('data', (data: Buffer) => (complaint += data.toString()))
  const acknowledged: Acknowledged[] = []
  const exited = once(child, 'exit')
  if (child.stdout === null) throw new Error('no stdout')
  for await (const line of createInterface({ input: child.stdout })) {
    const [key = '', revision, length] = line.split(' ')
    // A line that the kill cut short proves nothing.
    if (length === undefined) continue
    acknowledged.push({ key, revision: Number(revision), length: Number(length) })
    if (acknowledged.length === options.writes) child.kill('SIGKILL')
  }
  await exited
  if (acknowledged.length < options.writes) throw new Error(`the writer stopped early: ${complaint}`)
  return acknowledged
}

describe('embedded store among processes', () => {
  let directory: string
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'kapell-store-'))
  })
  afterEach(async () => {
    await rm(directory, { recursive: true, force: true })
  })

  it('killed with SIGKILL while 16 writers write, again and again, it loses nothing acknowledged', async () => {
    const acknowledged: Acknowledged[] = []
    for (let round = 0; round < 4; round++) {
      acknowledged.push(...(await writeAndDie({ directory, name: `r${round}`, writes: 400 })))
    }
    const storage = await openEmbeddedStore({ directory, log: silentLog })
    const newest = await storage.revision()
    const events = await collect(storage, {
      prefix: '/registry/',
      after: 1,
      enough: (seen) => seen.at(-1)?.revision === newest,
    })
    // The log is whole: every revision once, each event with the value that was written.
    expect(events.map((event) => event.revision)).toEqual(Array.from({ length: newest - 1 }, (_, i) => i + 2))
    const byRevision = new Map(events.map((event) => [event.revision, event]))
    const lost = acknowledged.filter(({ key, revision, length }) => {
      const event = byRevision.get(revision)
      return event?.key !== key || event.value.length !== length
    })
    expect(lost).toEqual([])
    // What the keys hold agrees with the log's last word on each.
    const last = new Map(events.map((event) => [event.key, event.revision]))
    const { items } = await storage.list('/registry/')
    expect(new Map(items.map((item) => [item.key, item.revision]))).toEqual(last)
    await storage.close()
  })

  it('two processes write at once: one counter, and each hears of the other’s writes', async () => {
    const storage = await openEmbeddedStore({ directory, log: silentLog })
    const abort = new AbortController()
    const events: StoredEvent[] = []
    let told = (): void => undefined
    const watching = (async () => {
      for await (const batch of storage.watch('/registry/', 1, abort.signal)) {
        events.push(...batch.events)
        told()
      }
    })()
    let writing = true
    const mine: Acknowledged[] = []
    const writer = async (): Promise<void> => {
      for (let i = 0; writing; i++) {
        const key = `/registry/pods/mine/${i}`
        mine.push({ key, revision: await storage.create(key, Buffer.alloc(10)), length: 10 })
      }
    }
    const ours = writer()
    const theirs = await writeAndDie({ directory, name: 'theirs', writes: 300 })
    writing = false
    await ours
    const newest = await storage.revision()
    while (events.at(-1)?.revision !== newest) await new Promise<void>((resolve) => (told = resolve))
    abort.abort()
    await watching
    expect(events.map((event) => event.revision)).toEqual(Array.from({ length: newest - 1 }, (_, i) => i + 2))
    const byRevision = new Map(events.map((event) => [event.revision, event.key]))
    for (const { key, revision } of [...mine, ...theirs]) expect(byRevision.get(revision)).toBe(key)
    expect(mine.length).toBeGreaterThan(0)
    await storage.close()
  })

  const asRoot = process.getuid?.() === 0 ? it : it.skip
  asRoot('on a full disk, writes fail as such, reads go on, and so do deletions', async () => {
    spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', directory])
    try {
      const filler = fileURLToPath(new URL('./store-filler.ts', import.meta.url))
      const { stdout, stderr } = spawnSync(process.execPath, [filler, directory], { encoding: 'utf8' })
      if (stdout === '') throw new Error(stderr)
      const told = JSON.parse(stdout) as Record<string, unknown>
      expect(told).toMatchObject({ reason: 'full', read: true, again: ['full', 'full', 'full'], remove: 'ok' })
      expect(told['message']).toContain(`the store in ${directory} is full`)
    } finally {
      spawnSync('umount', [directory])
    }
  })
})
