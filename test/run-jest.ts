import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** Runs jest with the flags its ESM support needs; arguments are jest's own. */
const root = fileURLToPath(new URL('..', import.meta.url))
const jest = fileURLToPath(new URL('../node_modules/jest/bin/jest.js', import.meta.url))
const run = spawnSync(
  process.execPath,
  ['--experimental-vm-modules', '--no-warnings', jest, '--maxWorkers=2', ...process.argv.slice(2)],
  { cwd: root, stdio: 'inherit' },
)
process.exitCode = run.status ?? 1
