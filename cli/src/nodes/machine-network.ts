import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { overlap } from '@kapell/controllers/node-ipam/ranges'
import { run, tryRun } from '@kapell/node-agent/runtime/exec'
import { setSysctl, uplinkMtu } from '@kapell/node-agent/runtime/host'
import type { NodeNetwork } from '@kapell/node-agent/runtime/node-network'
import { runtimePaths } from '@kapell/node-agent/runtime/paths'
import { UserError } from '../errors.ts'

/**
 * Several nodes on one machine: each a network namespace, joined by a bridge in the machine's own, which is their way
 * out. Names follow from the data directory, so that what a killed run left is found again.
 */
export interface MachineNetwork {
  readonly subnet: string
  /** The bridge's: where the nodes reach the API server. */
  readonly address: string
  /** The nodes as other machines find them, who reach this one at `gateway`. */
  seenFrom(gateway: string): NodeNetwork
  /** Makes a node's namespace, or mends the one there is. */
  ensureNode(index: number): Promise<NodeNamespace>
  /** Indices of the namespaces there are. */
  existing(): Promise<number[]>
  removeNode(index: number): Promise<void>
  /** Takes everything away. */
  remove(): Promise<void>
}

export interface NodeNamespace {
  /** For nsenter. */
  file: string
  address: string
}

const bits = 24

/** Addresses in use on this machine: of its links, and where its routes lead. */
export async function rangesInUse(except: string): Promise<string[]> {
  const [addresses, routes] = await Promise.all([
    tryRun('ip', ['-o', '-4', 'address']),
    tryRun('ip', ['-o', '-4', 'route']),
  ])
  const lines = `${addresses.stdout}\n${routes.stdout}`.split('\n').filter((line) => !line.includes(except))
  return lines
    .flatMap((line) => [...line.matchAll(/(?:inet |^)(\d+\.\d+\.\d+\.\d+(?:\/\d+)?)/g)])
    .map((match) => {
      const range = match[1]!
      return range.includes('/') ? range : `${range}/32`
    })
}

/** @throws UserError when the nodes inside another machine have addresses that this one uses itself. */
export function refuseClash(network: NodeNetwork, inUse: readonly string[]): void {
  const clash = inUse.find((range) => overlap(range, network.subnet))
  if (clash !== undefined)
    throw new UserError(
      `this machine uses ${clash} itself, where the nodes of ${network.gateway} are (${network.subnet}): start that cluster with another --node-cidr`,
    )
}

/** The first of 172.30.0.0/24, 172.30.1.0/24 … that meets none of the ranges in use. */
export function chooseSubnet(inUse: readonly string[]): string | undefined {
  const candidates = Array.from({ length: 256 }, (_, third) => `172.30.${third}.0/${bits}`)
  return candidates.find((candidate) => !inUse.some((range) => overlap(candidate, range)))
}

/** The same as in the last run of this data directory, so that nodes keep their addresses. */
async function subnetOf(dataDir: string, bridge: string, wanted: string | undefined): Promise<string> {
  const file = join(dataDir, 'nodes', 'subnet')
  const inUse = await rangesInUse(bridge)
  const free = (subnet: string): boolean => !inUse.some((range) => overlap(subnet, range))
  const before = (await readFile(file, 'utf8').catch(() => '')).trim()
  if (wanted !== undefined && !free(wanted))
    throw new UserError(`--node-cidr ${wanted}: this machine uses addresses of that range already; choose another`)
  const subnet = wanted ?? (before !== '' && free(before) ? before : chooseSubnet(inUse))
  if (subnet === undefined) throw new UserError('no range of 172.30.0.0/16 is free: choose one with --node-cidr')
  await mkdir(join(dataDir, 'nodes'), { recursive: true, mode: 0o700 })
  await writeFile(file, `${subnet}\n`)
  return subnet
}

/** The same nodes' addresses of IPv6: "172.30.1.0/24" goes with "fd6b:6170:172:30:1::/80". */
export function subnet6Of(subnet: string): string {
  const [a, b, c] = subnet.split('.')
  return `fd6b:6170:${a}:${b}:${c}::/80`
}

export const namesOf = (dataDir: string) => {
  const { id } = runtimePaths(dataDir)
  return {
    bridge: `br-k${id}`,
    table: `kapell${id}-nodes`,
    namespace: (index: number): string => `kapell-${id}-${index}`,
    veth: (index: number): string => `veth${id.slice(0, 6)}n${index}`,
  }
}

export async function openMachineNetwork(options: {
  dataDir: string
  /** A /24; default: one that is free. */
  subnet?: string
  clusterCidr: string
  /** With it, nodes have addresses of both families. */
  clusterCidr6?: string
}): Promise<MachineNetwork> {
  const { dataDir, clusterCidr, clusterCidr6 } = options
  const names = namesOf(dataDir)
  const subnet = await subnetOf(dataDir, names.bridge, options.subnet)
  const prefix = subnet.slice(0, subnet.lastIndexOf('.'))
  const address = `${prefix}.1`
  const addressOf = (index: number): string => `${prefix}.${index + 2}`
  const subnet6 = clusterCidr6 === undefined ? undefined : subnet6Of(subnet)
  const [prefix6 = '', bits6 = ''] = subnet6?.split('/') ?? []
  const gateway6 = subnet6 === undefined ? undefined : `${prefix6}1`
  if (!(await setSysctl('net.ipv4.ip_forward', '1')))
    throw new UserError('cannot turn on net.ipv4.ip_forward: run as root on a machine that allows it')
  if (subnet6 !== undefined && !(await setSysctl('net.ipv6.conf.all.forwarding', '1')))
    throw new UserError('cannot turn on net.ipv6.conf.all.forwarding: this machine has no IPv6, or does not allow it')
  const mtu = await uplinkMtu()
  await makeLink(names.bridge, ['type', 'bridge'])
  await run('ip', ['-batch', '-'], {
    input: [
      `address replace ${address}/${bits} dev ${names.bridge}`,
      ...(gateway6 === undefined ? [] : [`address replace ${gateway6}/${bits6} dev ${names.bridge} nodad`]),
      `link set ${names.bridge} mtu ${mtu} up\n`,
    ].join('\n'),
  })
  const out = [wayOut({ ...names, family: 'ip', subnet, clusterCidr })]
  if (subnet6 !== undefined && clusterCidr6 !== undefined)
    out.push(wayOut({ ...names, family: 'ip6', subnet: subnet6, clusterCidr: clusterCidr6 }))
  await run('nft', ['-f', '-'], { input: out.join('') })
  return {
    subnet,
    address,
    seenFrom: (gateway) => ({
      subnet,
      gateway,
      inside: { gateway: address, ...(gateway6 === undefined ? {} : { gateway6 }) },
      ...(subnet6 === undefined ? {} : { subnet6 }),
    }),
    ensureNode: async (index) => {
      const namespace = names.namespace(index)
      const file = `/run/netns/${namespace}`
      if (!existsSync(file)) await run('ip', ['netns', 'add', namespace])
      const veth = names.veth(index)
      await makeLink(veth, ['type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace])
      await run('ip', ['link', 'set', veth, 'mtu', String(mtu), 'master', names.bridge, 'up'])
      const inside = [
        'link set lo up',
        `address replace ${addressOf(index)}/${bits} dev eth0`,
        `link set eth0 mtu ${mtu} up`,
        `route replace default via ${address}`,
        ...(gateway6 === undefined
          ? []
          : [
              `address replace ${prefix6}${(index + 2).toString(16)}/${bits6} dev eth0 nodad`,
              `route replace default via ${gateway6}`,
            ]),
      ]
      await run('ip', ['-n', namespace, '-batch', '-'], { input: `${inside.join('\n')}\n` })
      return { file, address: addressOf(index) }
    },
    existing: () => existingNamespaces(dataDir),
    removeNode: (index) => removeNode(dataDir, index),
    remove: () => removeMachineNetwork(dataDir),
  }
}

async function existingNamespaces(dataDir: string): Promise<number[]> {
  const start = namesOf(dataDir).namespace(0).slice(0, -1)
  const listed = await tryRun('ip', ['netns', 'list'])
  return listed.stdout
    .split('\n')
    .map((line) => line.split(' ')[0]!)
    .filter((name) => name.startsWith(start))
    .map((name) => Number(name.slice(start.length)))
    .filter(Number.isInteger)
}

async function removeNode(dataDir: string, index: number): Promise<void> {
  const names = namesOf(dataDir)
  await tryRun('ip', ['link', 'delete', names.veth(index)])
  await tryRun('ip', ['netns', 'delete', names.namespace(index)])
}

/** Safe when there is nothing, or only a part. */
export async function removeMachineNetwork(dataDir: string): Promise<void> {
  const names = namesOf(dataDir)
  for (const index of await existingNamespaces(dataDir)) await removeNode(dataDir, index)
  await tryRun('ip', ['link', 'delete', names.bridge])
  for (const family of ['ip', 'ip6']) await tryRun('nft', ['delete', 'table', family, names.table])
}

async function makeLink(name: string, how: readonly string[]): Promise<void> {
  const made = await tryRun('ip', ['link', 'add', name, ...how])
  if (made.code !== 0 && !made.stderr.includes('File exists'))
    throw new UserError(`cannot make the network link ${name}: ${made.stderr}`)
}

/** What leaves the machine does so under its address: as with a single node. */
function wayOut(of: {
  table: string
  bridge: string
  family: 'ip' | 'ip6'
  subnet: string
  clusterCidr: string
}): string {
  const { table, bridge, family, subnet, clusterCidr } = of
  return `table ${family} ${table}
delete table ${family} ${table}
table ${family} ${table} {
  chain postrouting {
    type nat hook postrouting priority srcnat;
    ${family} saddr ${subnet} ${family} daddr != { ${subnet}, ${clusterCidr} } oifname != "${bridge}" masquerade comment "nodes to the world"
  }
}
`
}
