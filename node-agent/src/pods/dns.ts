import type { V1Pod } from '@kapell/openapi/types'

/** The content of a resolv.conf, as CRI takes it. */
export interface DnsConfig {
  servers: string[]
  searches: string[]
  options: string[]
}

/** Bounds of the resolver in libc, as upstream keeps them. */
const maxServers = 3
const maxSearches = 32

export function parseResolvConf(text: string): DnsConfig {
  const config: DnsConfig = { servers: [], searches: [], options: [] }
  for (const line of text.split('\n')) {
    const [keyword, ...values] = line
      .replace(/[#;].*$/, '')
      .trim()
      .split(/\s+/)
    if (keyword === 'nameserver' && values[0] !== undefined) config.servers.push(values[0])
    if (keyword === 'search' || keyword === 'domain') config.searches = values
    if (keyword === 'options') config.options = values
  }
  return config
}

export interface DnsSurroundings {
  host: DnsConfig
  clusterDns: readonly string[]
  clusterDomain: string
}

/** Source: docs, "Pod's DNS policy" and "Pod's DNS config". */
export function podDns(pod: V1Pod, around: DnsSurroundings): DnsConfig {
  const own = pod.spec?.dnsConfig
  const base = byPolicy(pod, around)
  const options = new Map(base.options.map((option) => [option.split(':')[0]!, option]))
  for (const { name = '', value } of own?.options ?? []) {
    options.set(name, value === undefined || value === '' ? name : `${name}:${value}`)
  }
  return {
    servers: unique([...base.servers, ...(own?.nameservers ?? [])]).slice(0, maxServers),
    searches: unique([...base.searches, ...(own?.searches ?? [])]).slice(0, maxSearches),
    options: [...options.values()],
  }
}

function byPolicy(pod: V1Pod, { host, clusterDns, clusterDomain }: DnsSurroundings): DnsConfig {
  const policy = pod.spec?.dnsPolicy ?? 'ClusterFirst'
  if (policy === 'None') return { servers: [], searches: [], options: [] }
  const cluster = policy === 'ClusterFirstWithHostNet' || (policy === 'ClusterFirst' && pod.spec?.hostNetwork !== true)
  if (!cluster || clusterDns.length === 0) return { ...host }
  const namespace = pod.metadata?.namespace ?? 'default'
  return {
    servers: [...clusterDns],
    searches: [`${namespace}.svc.${clusterDomain}`, `svc.${clusterDomain}`, clusterDomain, ...host.searches],
    options: ['ndots:5'],
  }
}

const unique = (values: readonly string[]): string[] => [...new Set(values)]
