import { familyOf, type Family, type FamilyName } from './family.ts'
import { choiceMark, masqueradeBit, maxSharedEndpoints, type SharedSet } from './rules.ts'

export interface TableOptions {
  /** Name of the one table of ours. */
  table: string
  /** Of the addresses in it. Default IPv4. */
  family?: FamilyName
  /** Pods of this node. */
  podCidr: string
  /** Pods of all nodes: traffic between them keeps its source address. */
  clusterCidr: string
  /** Ranges of this machine's addresses on which node ports answer, of this family. Default: all. */
  nodePortAddresses?: readonly string[]
}

const portKey = 'inet_proto . inet_service'

const sharedSets = (address: Family['address']): Record<SharedSet, string> => {
  const serviceKey = `${address} . inet_proto . inet_service`
  return {
    'service-ips': `map service-ips { type ${serviceKey} : verdict; }`,
    'service-nodeports': `map service-nodeports { type ${portKey} : verdict; }`,
    'no-endpoint-services': `map no-endpoint-services { type ${serviceKey} : verdict; }`,
    'no-endpoint-nodeports': `map no-endpoint-nodeports { type ${portKey} : verdict; }`,
    'cluster-ips': `set cluster-ips { type ${address}; }`,
    hairpin: `set hairpin { type ${address} . ${address}; }`,
    hostports: `map hostports { type ${portKey} : ${address} . inet_service; }`,
    endpoints: `map endpoints { type ${serviceKey} . mark : ${address} . inet_service; }`,
    'nodeport-endpoints': `map nodeport-endpoints { type ${portKey} . mark : ${address} . inet_service; }`,
    'hostports-by-ip': `map hostports-by-ip { type ${serviceKey} : ${address} . inet_service; }`,
  }
}

/**
 * For each number of endpoints a chain that draws one of them by lot and looks it up, for all Services that have so many:
 * a change of one is an element less and one more, which costs the same among five Services and five thousand. Chains of
 * their own would have nftables read all of them before it takes another rule. The connection's mark carries the lot,
 * since nothing else that can be set can be part of a key; it is taken off again on the way out.
 */
function choiceChains(ip: Family['nft']): string {
  const counts = Array.from({ length: maxSharedEndpoints }, (_, at) => at + 1)
  const draw = (count: number) => `ct mark set numgen random mod ${count} offset ${choiceMark}`
  return counts
    .map(
      (count) => `chain pick-${count} {
    ${draw(count)}
    meta l4proto { tcp, udp, sctp } dnat ${ip} to ${ip} daddr . meta l4proto . th dport . ct mark map @endpoints
  }
  chain node-${count} {
    meta mark set meta mark or ${masqueradeBit}
    ${draw(count)}
    meta l4proto { tcp, udp, sctp } dnat ${ip} to meta l4proto . th dport . ct mark map @nodeport-endpoints
  }`,
    )
    .join('\n  ')
}

/**
 * The part of the table that does not depend on Services. Every packet meets a fixed number of rules: one look-up by
 * address, protocol and port and one by node port decide.
 */
export function baseTable({ podCidr, clusterCidr, family, nodePortAddresses }: TableOptions): string {
  const { nft: ip, address, name } = familyOf(family)
  const loopback = name === 'IPv4' ? '127.0.0.0/8' : '::1'
  const among = nodePortAddresses === undefined ? '' : `${ip} daddr { ${nodePortAddresses.join(', ')} } `
  /** None at all, where there is no address for them. */
  const nodePorts = (map: string): string =>
    nodePortAddresses?.length === 0 ? '' : `${among}fib daddr type local meta l4proto . th dport vmap @${map}`
  const servicePort = `${ip} daddr . meta l4proto . th dport`
  return `
  ${Object.values(sharedSets(address)).join('\n  ')}

  chain reject-it {
    meta l4proto tcp reject with tcp reset
    reject
  }
  ${choiceChains(ip)}
  chain services {
    ${servicePort} vmap @service-ips
    ${nodePorts('service-nodeports')}
    meta l4proto { tcp, udp, sctp } dnat ${ip} to ${servicePort} map @hostports-by-ip
    fib daddr type local meta l4proto { tcp, udp, sctp } dnat ${ip} to meta l4proto . th dport map @hostports
  }
  chain unserved {
    ct state != new return
    ${servicePort} vmap @no-endpoint-services
    ${nodePorts('no-endpoint-nodeports')}
    ${ip} daddr @cluster-ips meta l4proto { tcp, udp, sctp } goto reject-it
  }
  chain raw-prerouting {
    type filter hook prerouting priority raw; policy accept;
    iifname != "lo" ${ip} daddr ${loopback} drop comment "loopback stays private although node ports answer on it"
  }
  chain nat-prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    goto services
  }
  chain nat-output {
    type nat hook output priority -100; policy accept;
    goto services
  }
  chain nat-postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    ct mark ${choiceMark}-${choiceMark + maxSharedEndpoints - 1} ct mark set 0
    meta mark and ${masqueradeBit} == ${masqueradeBit} meta mark set meta mark xor ${masqueradeBit} masquerade fully-random
    ${ip} saddr . ${ip} daddr @hairpin masquerade fully-random
    oifname "lo" return
    ${ip} saddr ${loopback} masquerade fully-random
    ${ip} saddr ${podCidr} ${ip} daddr != ${clusterCidr} masquerade fully-random comment "pods to the world"
  }
  chain filter-input {
    type filter hook input priority filter; policy accept;
    jump unserved
  }
  chain filter-forward {
    type filter hook forward priority filter; policy accept;
    ${ip} saddr ${clusterCidr} meta l4proto tcp ct state invalid drop comment "would reach a client under the pod's own address"
    jump unserved
  }
  chain filter-output {
    type filter hook output priority filter; policy accept;
    jump unserved
  }`
}
