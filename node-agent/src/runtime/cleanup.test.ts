import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { Writable } from 'node:stream'
import { alive, goneWithin } from './cleanup.ts'

describe('alive', () => {
  it('knows a process that runs', () => {
    expect(alive(process.pid)).toBe(true)
  })

  it('takes a process that has ended, but that its parent never collects, for gone', async () => {
    // The shell starts a child, says which, and turns into a program that collects nobody.
    const script = 'cat <&3 & echo $!; exec sleep 60'
    const parent = spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore', 'pipe'] })
    const [line] = (await once(parent.stdout!, 'data')) as [Buffer]
    const pid = Number(line.toString())
    while (readFileSync(`/proc/${parent.pid}/comm`, 'utf8') !== 'sleep\n') await new Promise(setImmediate)
    expect(alive(pid)).toBe(true)
    ;(parent.stdio[3] as Writable).end()
    try {
      expect(await goneWithin(pid, 10_000)).toBe(true)
      expect(readFileSync(`/proc/${pid}/stat`, 'utf8')).toContain(') Z ')
    } finally {
      parent.kill()
      await once(parent, 'exit')
    }
  })

  it('knows that nobody has the number', () => {
    expect(alive(4_194_305)).toBe(false)
  })
})
