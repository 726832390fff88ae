import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface EtcdServer {
  endpoint: string
  /** SIGKILL, and start again on the same data and port. */
  restart(): Promise<void>
  stop(): Promise<void>
}

async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

/** PEM texts. With them, clients need a certificate of the same authority. */
export interface EtcdServerTls {
  ca: string
  cert: string
  key: string
}

/** A real etcd of its own, without fsync: what is tested is not etcd. Fails with what to install when there is none. */
export async function startEtcd(options: { tls?: EtcdServerTls } = {}): Promise<EtcdServer> {
  if (spawnSync('etcd', ['--version']).error !== undefined) {
    throw new Error('etcd is not installed: apt-get install etcd-server (or put an etcd binary on the PATH)')
  }
  const directory = await mkdtemp(join(tmpdir(), 'kapell-etcd-'))
  const [clientPort, peerPort] = [await freePort(), await freePort()]
  const { tls } = options
  const endpoint = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${clientPort}`
  const metrics = `http://127.0.0.1:${await freePort()}`
  const peer = `http://127.0.0.1:${peerPort}`
  let child: ChildProcess
  const start = async (): Promise<void> => {
    child = spawn(
      'etcd',
      [
        ...['--data-dir', directory, '--name', 'test', '--logger', 'zap', '--log-level', 'error'],
        ...['--listen-client-urls', endpoint, '--advertise-client-urls', endpoint],
        ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer, '--initial-cluster', `test=${peer}`],
        ...['--heartbeat-interval', '20', '--election-timeout', '200', '--unsafe-no-fsync'],
        ...['--listen-metrics-urls', metrics],
        ...(tls === undefined ? [] : await tlsArguments(directory, tls)),
      ],
      { stdio: 'ignore' },
    )
    await answers(metrics, child)
  }
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  await start()
  return {
    endpoint,
    restart: async () => {
      await kill()
      await start()
    },
    stop: async () => {
      await kill()
      for (const path of [directory, `${directory}.ca`, `${directory}.crt`, `${directory}.key`]) {
        await rm(path, { recursive: true, force: true })
      }
    },
  }
}

async function tlsArguments(directory: string, tls: EtcdServerTls): Promise<string[]> {
  const paths = { ca: `${directory}.ca`, cert: `${directory}.crt`, key: `${directory}.key` }
  await Promise.all((['ca', 'cert', 'key'] as const).map((name) => writeFile(paths[name], tls[name], { mode: 0o600 })))
  return ['--client-cert-auth', '--trusted-ca-file', paths.ca, '--cert-file', paths.cert, '--key-file', paths.key]
}

async function answers(endpoint: string, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + 20_000
  for (;;) {
    if (child.exitCode !== null) throw new Error(`etcd ended with code ${child.exitCode}`)
    const healthy = await fetch(`${endpoint}/health`).then(
      async (response) => (await response.text()).includes('true'),
      () => false,
    )
    if (healthy) return
    if (Date.now() > deadline) throw new Error(`etcd does not answer at ${endpoint}`)
    await new Promise((resolve) => setTimeout(resolve, 30))
  }
}
