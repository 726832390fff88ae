import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../e2e/support/kapell.ts'

/**
 * Some tests pull images although they are there. The kit's read-only registry answers for every registry there is, on
 * the address at which the nodes reach this machine. The answer ends it.
 */
export async function startRegistry(options: {
  program: string
  images: string
  dataDir: string
}): Promise<() => void> {
  const { program, images, dataDir } = options
  if (!existsSync(program) || !existsSync(images)) return () => {}
  const nodesDir = join(dataDir, 'nodes')
  const entries = existsSync(nodesDir) ? readdirSync(nodesDir, { withFileTypes: true }) : []
  const nodes = entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(nodesDir, name))
  const configs = nodes.map((dir) => join(dir, 'node.json')).filter((file) => existsSync(file))
  const { server = '' } =
    configs.length === 0 ? {} : (JSON.parse(readFileSync(configs[0]!, 'utf8')) as { server?: string })
  const at = `${URL.parse(server)?.hostname ?? '127.0.0.1'}:${await freePort()}`
  const child = spawn('python3', [program, images, at], { stdio: 'ignore', detached: true })
  child.on('error', () => {})
  for (const dir of nodes.length === 0 ? [dataDir] : nodes) {
    const host = join(dir, 'containerd', 'certs.d', '_default')
    mkdirSync(host, { recursive: true })
    const lines = [`server = "http://${at}"`, `[host."http://${at}"]`, 'capabilities = ["pull", "resolve"]', '']
    writeFileSync(join(host, 'hosts.toml'), lines.join('\n'))
  }
  return () => void child.kill('SIGKILL')
}
