import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort, startKapell } from '../e2e/support/kapell.ts'
import { startRegistry } from './registry.ts'

/**
 * `npm run conformance -- [--machines N] [--focus REGEX] [--skip REGEX] [--nodes N] [--out DIR]`: starts a cluster of
 * its own, of N machines (one if not said), and runs upstream's conformance suite against it with so many at once as
 * `--nodes` says, by the kit that builds that suite. Without the kit it says so and ends well.
 */
const kit = resolve(
  process.env['KAPELL_UPSTREAM_KIT'] ?? fileURLToPath(new URL('../../../shared/upstream', import.meta.url)),
)
const script = join(kit, 'conformance.sh')
const images = join(process.env['KAPELL_UPSTREAM'] ?? join(homedir(), '.cache', 'kapell-upstream'), '1.36.3', 'images')

/** Takes `--machines N` out of the arguments: the others are the suite's. */
function machinesOf(args: readonly string[]): { machines: string[]; others: string[] } {
  const at = args.indexOf('--machines')
  if (at < 0) return { machines: [], others: [...args] }
  return { machines: ['--nodes', args[at + 1] ?? ''], others: args.toSpliced(at, 2) }
}

async function main(args: readonly string[]): Promise<number> {
  if (!existsSync(script)) {
    console.log(`The conformance suite's kit is not here (${kit}); set KAPELL_UPSTREAM_KIT to its folder to run it.`)
    return 0
  }
  const dataDir = mkdtempSync(join(tmpdir(), 'kapell-conformance-'))
  mkdirSync(join(dataDir, 'images'), { recursive: true })
  for (const archive of existsSync(images) ? readdirSync(images) : [])
    if (archive.endsWith('.tar')) symlinkSync(join(images, archive), join(dataDir, 'images', archive))
  // A range and a port of its own: another cluster may be running on this machine.
  const apart = ['--pod-cidr', '10.245.0.0/16', '--service-cluster-ip-range', '10.97.0.0/16', '--agent-port', '0']
  const { machines, others } = machinesOf(args)
  const cluster = await startKapell({ dataDir, port: await freePort(), args: [...apart, ...machines] })
  let closeRegistry = (): void => {}
  try {
    closeRegistry = await startRegistry({ program: join(kit, 'registry.py'), images, dataDir })
    const suite = spawn('bash', [script, cluster.kubeconfig, ...others], {
      stdio: 'inherit',
      detached: true,
    })
    // The suite and all it started end; then the cluster is stopped.
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.on(signal, () => suite.pid !== undefined && process.kill(-suite.pid, 'SIGKILL'))
    await once(suite, 'exit')
    return suite.exitCode ?? 1
  } finally {
    closeRegistry()
    await cluster.stop()
    rmSync(dataDir, { recursive: true, force: true })
  }
}

process.exitCode = await main(process.argv.slice(2))
