import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import type { V1EndpointSlice, V1Node } from '@kapell/openapi/types'
import { freePort, type Kubectl } from '../support/kapell.ts'
import { until } from '../support/wait.ts'

export interface Sample {
  metric: Record<string, string>
  /** Seconds and value. */
  value: [number, string]
}

export interface Prometheus {
  /** An instant query. */
  query(expression: string): Promise<Sample[]>
  /** The rules it has, "unknown" before it first looked at one. */
  rules(): Promise<{ name: string; health: string; lastError?: string }[]>
  stop(): Promise<void>
}

interface ScrapeConfig {
  authorization: { credentials_file: string }
  tls_config: { ca_file: string }
  kubernetes_sd_configs?: { role: 'endpointslice' | 'node'; namespaces?: { names: string[] } }[]
  static_configs?: Target[]
}

interface Target {
  targets: string[]
  labels: Record<string, string>
}

/**
 * Starts the machine's Prometheus with scrape configurations that are meant for one inside the cluster. It reads its
 * credentials elsewhere; and as Debian's cannot ask Kubernetes for targets, it is told what it would have found.
 */
export async function startPrometheus(options: {
  directory: string
  scrape: string
  rules: string
  kubectl: Kubectl
  token: string
  ca: string
}): Promise<Prometheus> {
  const { directory } = options
  mkdirSync(directory, { recursive: true })
  const file = (name: string, text: string): string => {
    writeFileSync(join(directory, name), text)
    return join(directory, name)
  }
  const { scrape_configs } = parse(options.scrape) as { scrape_configs: ScrapeConfig[] }
  const caFile = file('ca.crt', options.ca)
  const tokenFile = file('token', options.token)
  for (const one of scrape_configs) {
    one.authorization.credentials_file = tokenFile
    one.tls_config.ca_file = caFile
    one.static_configs = []
    for (const { role } of one.kubernetes_sd_configs ?? [])
      one.static_configs.push(...(role === 'node' ? await nodes(options.kubectl) : await slices(options.kubectl)))
    delete one.kubernetes_sd_configs
  }
  const config = {
    global: { evaluation_interval: '1s' },
    rule_files: [file('rules.yml', options.rules)],
    scrape_configs,
  }
  const address = `127.0.0.1:${await freePort()}`
  const child = spawn(
    'prometheus',
    [
      `--config.file=${file('prometheus.yml', stringify(config))}`,
      `--storage.tsdb.path=${join(directory, 'data')}`,
      `--web.listen-address=${address}`,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const ended = once(child, 'exit')
  const ask = async (path: string): Promise<unknown> => {
    const answer = await fetch(`http://${address}/api/v1/${path}`)
    const { status, data, error } = (await answer.json()) as { status: string; data: unknown; error?: string }
    if (status !== 'success') throw new Error(error ?? `${path} answers ${answer.status}`)
    return data
  }
  await until('Prometheus', async () => {
    if (child.exitCode !== null) throw new Error(`prometheus exited with ${child.exitCode}:\n${said}`)
    return (await fetch(`http://${address}/-/ready`)).ok
  })
  return {
    query: async (expression) => {
      const data = await ask(`query?query=${encodeURIComponent(expression)}`)
      return (data as { result: Sample[] }).result
    },
    rules: async () => {
      const { groups } = (await ask('rules')) as { groups: { rules: { name: string; health: string }[] }[] }
      return groups.flatMap(({ rules }) => rules)
    },
    stop: async () => {
      child.kill('SIGTERM')
      await ended
    },
  }
}

/** What discovery by the role "node" finds. */
async function nodes(kubectl: Kubectl): Promise<Target[]> {
  const { items } = await kubectl.json<{ items: V1Node[] }>('get', 'nodes')
  return items.map(({ status }) => {
    const address = status?.addresses?.find(({ type }) => type === 'InternalIP')?.address
    return { targets: [`${address}:${status?.daemonEndpoints?.kubeletEndpoint?.Port}`], labels: {} }
  })
}

/** What discovery by the role "endpointslice" finds in the namespace "default": a target for each address and port. */
async function slices(kubectl: Kubectl): Promise<Target[]> {
  const { items } = await kubectl.json<{ items: V1EndpointSlice[] }>('get', 'endpointslices', '-n', 'default')
  return items.flatMap(({ metadata, endpoints = [], ports = [] }) =>
    ports.map(({ name = '', port }) => ({
      targets: endpoints.flatMap(({ addresses }) => addresses.map((address) => `${address}:${port}`)),
      labels: {
        __meta_kubernetes_service_name: metadata?.labels?.['kubernetes.io/service-name'] ?? '',
        __meta_kubernetes_endpointslice_port_name: name,
      },
    })),
  )
}
