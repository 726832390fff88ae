import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/**
 * Runs jest with the flags its ESM support needs: `run-jest.ts [--selectProjects NAME…] [FLAG…] [PATH-REGEX…]`.
 * jest itself would take every word after --selectProjects for a project's name.
 */
const root = fileURLToPath(new URL('..', import.meta.url))
const jest = fileURLToPath(new URL('../node_modules/jest/bin/jest.js', import.meta.url))
const projects = new Set(['unit', 'parity', 'integration', 'e2e'])

function arrange(args: readonly string[]): string[] {
  const words = args.filter((arg) => arg !== '--selectProjects')
  const names = args.includes('--selectProjects') ? words.filter((word) => projects.has(word)) : []
  const rest = words.filter((word) => !names.includes(word))
  const flags = rest.filter((word) => word.startsWith('-'))
  const paths = rest.filter((word) => !word.startsWith('-'))
  return [...paths, ...flags, ...(names.length > 0 ? ['--selectProjects', ...names] : [])]
}

const args = arrange(process.argv.slice(2))
const workers = args.includes('--runInBand') ? [] : ['--maxWorkers=2']
const run = spawnSync(process.execPath, ['--experimental-vm-modules', '--no-warnings', jest, ...workers, ...args], {
  cwd: root,
  stdio: 'inherit',
})
process.exitCode = run.status ?? 1
