import { ipv6 } from '@kapell/node-agent/proxy/family'
import { UserError } from './errors.ts'

/** Ranges of the second family, of a cluster that has two. */
export interface Ipv6Ranges {
  /** Of this machine's pods. */
  podCidr: string
  /** Of all nodes' pods. */
  clusterCidr: string
  serviceClusterIpRange: string
}

/** "10.244.0.0/16,fd00:10:244::/56" in its two parts. @throws UserError when the second is no IPv6 range. */
export function splitFamilies(flag: string, text: string | undefined): { ipv4?: string; ipv6?: string } {
  if (text === undefined) return {}
  const [first = '', second, ...more] = text.split(',')
  if (second === undefined) return { ipv4: first }
  if (more.length > 0 || ipv6.block(second) === undefined)
    throw new UserError(
      `${flag} takes an IPv4 range, and after a comma an IPv6 one such as fd00:10::/64, not "${text}"`,
    )
  return { ipv4: first, ipv6: second }
}

/** @throws UserError when only one of pods and Services has a second family, or when several nodes have no room. */
export function ipv6Ranges(wanted: {
  pods: string | undefined
  cluster: string | undefined
  services: string | undefined
  /** Undefined: this machine is one node. */
  nodes: number | undefined
}): Ipv6Ranges | undefined {
  const { pods, cluster, services, nodes } = wanted
  if (pods === undefined && services === undefined && cluster === undefined) return undefined
  if (pods === undefined || services === undefined)
    throw new UserError(
      'two families of addresses need an IPv6 range in both --pod-cidr and --service-cluster-ip-range, such as 10.244.0.0/24,fd00:10:244::/64 and 10.96.0.0/16,fd00:10:96::/112',
    )
  const bits = (range: string): number => Number(range.split('/')[1])
  if (bits(services) < 108 || bits(services) > 125)
    throw new UserError(`--service-cluster-ip-range: the IPv6 range takes from 108 to 125 bits, not "${services}"`)
  const clusterCidr = cluster ?? (nodes === undefined ? around(pods) : pods)
  if (nodes !== undefined && 2 ** (64 - bits(clusterCidr)) < nodes)
    throw new UserError(
      `${cluster === undefined ? '--pod-cidr' : '--cluster-cidr'} ${clusterCidr} has no room for ${nodes} nodes: each takes a /64, such as fd00:10:244::/56 has 256 of`,
    )
  return { podCidr: pods, clusterCidr, serviceClusterIpRange: services }
}

/** The /56 a range lies in, so that others have room beside it; itself when it is larger. */
const around = (range: string): string => {
  const [address = '', bits = ''] = range.split('/')
  return Number(bits) <= 56 ? range : (ipv6.block(`${address}/56`) ?? range)
}

/** As the API server and the controllers take them: IPv4 first. */
export const bothFamilies = (ipv4: string, second: string | undefined): string =>
  second === undefined ? ipv4 : `${ipv4},${second}`
