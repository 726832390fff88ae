import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { installPackages, missingPackages, testPackages } from '@kapell/cli/install/packages'

/**
 * `npm test`: what it needs installed, then lint, types, unit, parity, integration and end-to-end tests. Everything
 * runs even when something before failed, so that one run tells all; the last line is the sum of the runner's counts.
 */
const root = fileURLToPath(new URL('..', import.meta.url))
const node = process.execPath
const scratch = mkdtempSync(join(tmpdir(), 'kapell-test-'))
const totalsFile = join(scratch, 'totals')

function step(title: string, args: readonly string[]): boolean {
  console.log(`\n== ${title}`)
  const startedAt = performance.now()
  const env = { ...process.env, KAPELL_TEST_TOTALS: totalsFile }
  const run = spawnSync(node, args, { cwd: root, stdio: 'inherit', env })
  const ok = run.status === 0
  console.log(`== ${title}: ${ok ? 'ok' : 'FAILED'} (${((performance.now() - startedAt) / 1000).toFixed(0)} s)`)
  return ok
}

function totals(): { passed: number; failed: number; skipped: number } {
  const sum = { passed: 0, failed: 0, skipped: 0 }
  if (!existsSync(totalsFile)) return sum
  for (const line of readFileSync(totalsFile, 'utf8').trim().split('\n')) {
    const part = JSON.parse(line) as typeof sum
    sum.passed += part.passed
    sum.failed += part.failed
    sum.skipped += part.skipped
  }
  return sum
}

const missing = missingPackages(testPackages)
if (missing.length > 0) {
  console.log(`== installing ${missing.join(' ')}`)
  await installPackages(missing, { onLine: (line) => console.log(line) })
}

const bin = (path: string): string => join(root, 'node_modules', path)
const eslintCache = bin('.cache/eslint/')
const steps: [string, string[]][] = [
  ['generate', ['openapi/src/generate.ts']],
  ['types', [bin('tsc7/bin/tsc'), '--noEmit', '-p', 'tsconfig.json']],
  ['lint', [bin('eslint/bin/eslint.js'), '--cache', '--cache-location', eslintCache, '.']],
  ['format', [bin('prettier/bin/prettier.cjs'), '--check', '--log-level', 'warn', '.']],
  ['unit, parity and integration tests', ['test/run-jest.ts', '--selectProjects', 'unit', 'parity', 'integration']],
  ['end-to-end tests', ['test/run-jest.ts', '--selectProjects', 'e2e', '--runInBand']],
]
const failedSteps = steps.filter(([title, args]) => !step(title, args)).map(([title]) => title)
const sum = totals()
rmSync(scratch, { recursive: true, force: true })
if (failedSteps.length > 0) {
  console.log(`\nfailed: ${failedSteps.join(', ')}`)
  process.exitCode = 1
}
console.log(`\n${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`)
