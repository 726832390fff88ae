import type { V1Pod } from '@kapell/openapi/types'

/** Name and domain of a pod. Source: docs, "Pod's hostname and subdomain fields". */
export function podHostname(pod: V1Pod, clusterDomain: string): { hostname: string; domain: string } {
  const spec = pod.spec
  const name = spec?.hostname !== undefined && spec.hostname !== '' ? spec.hostname : (pod.metadata?.name ?? '')
  // A host name has at most 63 characters and does not end in a separator.
  const short = spec?.hostnameOverride ?? name.slice(0, 63).replace(/[-.]+$/, '')
  const subdomain = spec?.subdomain ?? ''
  const domain = subdomain === '' ? '' : `${subdomain}.${pod.metadata?.namespace ?? 'default'}.svc.${clusterDomain}`
  const asFqdn = spec?.setHostnameAsFQDN === true && domain !== ''
  return { hostname: asFqdn ? `${short}.${domain}` : short, domain }
}

export interface HostsFileInput {
  pod: V1Pod
  podIps: readonly string[]
  hostname: string
  domain: string
  /** The node's own file: what pods on the node's network see. */
  nodeHosts: string
}

/** The pod's /etc/hosts. First line and entries as pods see them upstream. */
export function hostsFile({ pod, podIps, hostname, domain, nodeHosts }: HostsFileInput): string {
  const lines: string[] = []
  if (pod.spec?.hostNetwork === true) {
    lines.push('# Kubernetes-managed hosts file (host network).', nodeHosts.trimEnd())
  } else {
    lines.push(
      '# Kubernetes-managed hosts file.',
      '127.0.0.1\tlocalhost',
      '::1\tlocalhost ip6-localhost ip6-loopback',
      'fe00::0\tip6-localnet',
      'fe00::0\tip6-mcastprefix',
      'fe00::1\tip6-allnodes',
      'fe00::2\tip6-allrouters',
      ...podIps.map((ip) => (domain === '' ? `${ip}\t${hostname}` : `${ip}\t${hostname}.${domain}\t${hostname}`)),
    )
  }
  const aliases = pod.spec?.hostAliases ?? []
  if (aliases.length > 0) {
    lines.push(
      '',
      '# Entries added by HostAliases.',
      ...aliases.map(({ ip, hostnames = [] }) => `${ip}\t${hostnames.join('\t')}`),
    )
  }
  return lines.join('\n') + '\n'
}
