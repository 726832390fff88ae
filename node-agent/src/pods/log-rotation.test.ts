import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { rotate } from './log-rotation.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kapell-rotate-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

it('puts the log aside and keeps so many files and no more', async () => {
  const path = join(dir, '0.log')
  writeFileSync(join(dir, '1.log'), 'another')
  for (let i = 0; i < 5; i++) {
    writeFileSync(path, `log ${i}`)
    await rotate(path, 3, new Date(Date.UTC(2026, 0, 1, 0, 0, i)))
  }
  writeFileSync(path, 'now')
  expect(readdirSync(dir).sort()).toEqual(['0.log', '0.log.20260101-000003', '0.log.20260101-000004', '1.log'])
  expect(readFileSync(join(dir, '0.log.20260101-000004'), 'utf8')).toBe('log 4')
})
