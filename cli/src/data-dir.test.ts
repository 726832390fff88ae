import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDataDir } from './data-dir.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'kapell-data-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

describe('openDataDir', () => {
  it('makes what a cluster keeps, and gives its lock back', () => {
    const held = openDataDir(join(root, 'a', 'b'))
    expect(existsSync(join(root, 'a', 'b', 'images'))).toBe(true)
    held.release()
    expect(existsSync(join(root, 'a', 'b', 'kapell.pid'))).toBe(false)
  })

  it('refuses a directory that a living process uses', () => {
    openDataDir(root)
    writeFileSync(join(root, 'kapell.pid'), `${process.ppid}\n`)
    expect(() => openDataDir(root)).toThrow(`a kapell with process id ${process.ppid} already uses ${root}`)
  })

  it('takes over the lock of a process that was killed', () => {
    const dead = spawnSync('true').pid
    writeFileSync(join(root, 'kapell.pid'), `${dead} 1\n`)
    openDataDir(root).release()
  })

  it('does not mistake a reused process id for the holder', () => {
    writeFileSync(join(root, 'kapell.pid'), `${process.ppid} 1\n`)
    openDataDir(root).release()
  })

  it('says what to do when the path cannot be a directory', () => {
    writeFileSync(join(root, 'file'), '')
    expect(() => openDataDir(join(root, 'file', 'x'))).toThrow(/cannot write to the data directory .* --data-dir/)
  })
})
