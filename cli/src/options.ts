import { isIPv4 } from 'node:net'
import { hostname } from 'node:os'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { parseRuntimeConfig } from '@kapell/apiserver/runtime-config'
import { parseAddressRanges } from '@kapell/controllers/machinery/address-range'
import { capacityOf } from '@kapell/controllers/node-ipam/ranges'
import { UserError } from './errors.ts'
import { ipv6Ranges, splitFamilies, type Ipv6Ranges } from './ip-families.ts'
import { nodeFlagOptions, nodeFlagsUsage, parseNodeFlags, pickNodeFlags, type NodeFlags } from './node-flags.ts'

export const componentNames = ['apiserver', 'controllers', 'scheduler', 'node-agent'] as const
export type ComponentName = (typeof componentNames)[number]

/** What `kapell up` was asked to do. */
export interface UpOptions {
  dataDir: string
  port: number
  /** What the API server listens on. */
  bindAddress: string
  /** How other machines reach this one; absent: its first address, and other machines are not spoken of. */
  advertiseAddress?: string
  components: readonly ComponentName[]
  serviceClusterIpRange: string
  /** Of this machine's pods, when it is one node. */
  podCidr: string
  /** Of all nodes' pods: each further node is given a /24 out of it. */
  clusterCidr: string
  /** The same of IPv6, where pods and Services have addresses of both families. */
  ipv6?: Ipv6Ranges
  /** Addresses of several nodes on this machine, a /24; absent: one that is free. */
  nodeCidr?: string
  /** "CIDR", "from-to" or "none"; absent: the nodes' own addresses. */
  loadBalancerRange?: string
  /** Where each node serves Ingresses; absent: none does. */
  ingressPorts?: { http: number; https: number }
  /** Of the node agent's own server (logs, exec). */
  agentPort: number
  store: 'embedded' | 'etcd'
  etcdServers: readonly string[]
  /** Of etcd's certificate, and this client's own. */
  etcdCaFile?: string
  etcdCertFile?: string
  etcdKeyFile?: string
  installRuntime: boolean
  nodeName: string
  containerd?: string
  /** A KubeSchedulerConfiguration. */
  schedulerConfig?: string
  runtime: 'containerd' | 'simulated'
  /** How many nodes this machine shows as. */
  nodes: number
  /** Of an API server that runs elsewhere, when `apiserver` is not among the components. */
  kubeconfig?: string
  logLevel: 'debug' | 'info' | 'warn' | 'error'
  /** When stopped, pods run on, for the next start to take over. */
  keepPods: boolean
  /** Of every node here; see node-flags.ts. */
  nodeFlags: NodeFlags
  /** Versions and resources that are served on demand, as the API server takes it. */
  runtimeConfig?: string
  /** Of aggregators that this API server stands behind. */
  requestHeaderClientCaFile?: string
  requestHeaderAllowedNames: readonly string[]
}

export const upUsage = `kapell up: a whole cluster on this machine, in the foreground

  --data-dir DIR                   where everything is kept (default ./.kapell)
  --port N                         the API server's port (default 6443)
  --advertise-address ADDRESS      where other machines reach this one: prints how they join (default the first address)
  --bind-address ADDRESS           what the API server listens on (default 0.0.0.0, all of this machine's)
  --components LIST                of ${componentNames.join(',')} (default all)
  --service-cluster-ip-range CIDR  (default 10.96.0.0/16)
  --pod-cidr CIDR                  this node's pods, with several nodes those of all (default 10.244.0.0/24, with several 10.244.0.0/16)
                                   with ",CIDR" of IPv6 behind both, pods and Services have addresses of both families
  --cluster-cidr CIDR              all nodes' pods, a /24 for each node that joins (default the /16 around --pod-cidr)
  --load-balancer-range CIDR|FROM-TO|none   addresses for Services of type LoadBalancer, with ",…" of IPv6 behind (default the nodes' own)
  --ingress-ports HTTP,HTTPS|none  where every node serves Ingresses, once there are any (default 80,443)
  --agent-port N                   the node agent's own port (default 10250, 0 for a free one)
  --store embedded|etcd            (default embedded)
  --etcd-servers URL,…             with --store etcd
  --etcd-cafile FILE               who signed etcd's certificate, where its URLs are https (default the well-known authorities)
  --etcd-certfile FILE --etcd-keyfile FILE   the certificate to show to etcd, and its key
  --node-name NAME                 (default this machine's host name)
  --scheduler-config FILE          a KubeSchedulerConfiguration: profiles, plug-ins, extenders
  --runtime containerd|simulated   simulated nodes only look as if they ran pods: for tests and benches (default containerd)
  --nodes N                        how many nodes this machine is, each with a network, a containerd and an agent of its own (default 1)
  --node-cidr CIDR                 a /24 for the addresses of several nodes (default one of 172.30.0.0/16 that is free)
  --keep-pods                      when stopped, leave the pods running: the next start takes them over
  --install-runtime                first install the Debian packages that are missing
  --containerd PATH                the containerd to run (default: the one on PATH)
  --kubeconfig FILE                of an API server elsewhere, when apiserver is not among the components
  --requestheader-client-ca-file FILE   aggregators with certificates of these authorities are believed about who asks
  --requestheader-allowed-names LIST    only those of these names (default any)
  --runtime-config LIST            versions that are served on demand: api/all=true, api/beta=true, GROUP/VERSION[/RESOURCE]=true|false,…
  --log-level debug|info|warn|error   (default warn)

Nodes:

${nodeFlagsUsage}`

const cidr = /^\d{1,3}(\.\d{1,3}){3}\/\d{1,2}$/

/** @throws UserError naming the flag and what it takes. */
export function parseUpOptions(argv: readonly string[]): UpOptions {
  const values = parseFlags(argv)
  const components = parseComponents(values.components)
  const store = values.store ?? 'embedded'
  if (store !== 'embedded' && store !== 'etcd')
    throw new UserError(`--store takes "embedded" or "etcd", not "${store}"`)
  const runtime = values.runtime ?? 'containerd'
  if (runtime !== 'containerd' && runtime !== 'simulated')
    throw new UserError(`--runtime takes "containerd" or "simulated", not "${runtime}"`)
  const etcdServers = (values['etcd-servers'] ?? '').split(',').filter((s) => s !== '')
  if (store === 'etcd' && etcdServers.length === 0)
    throw new UserError('--store etcd needs --etcd-servers, such as --etcd-servers http://127.0.0.1:2379')
  if (!components.includes('apiserver') && values.kubeconfig === undefined)
    throw new UserError('without apiserver among --components, say with --kubeconfig FILE which API server to talk to')
  const nodeFlags = pickNodeFlags(values)
  // What is wrong with them is said now, not when a node starts.
  parseNodeFlags(nodeFlags)
  const nodes = parseNodes(values.nodes ?? '1', runtime)
  const severalReal = nodes > 1 && runtime === 'containerd'
  const pods = splitFamilies('--pod-cidr', values['pod-cidr'])
  const cluster = splitFamilies('--cluster-cidr', values['cluster-cidr'])
  const services = splitFamilies('--service-cluster-ip-range', values['service-cluster-ip-range'])
  const ranges = podRanges({
    severalReal,
    nodes,
    ...(pods.ipv4 === undefined ? {} : { podCidr: parseCidr('--pod-cidr', pods.ipv4) }),
    ...(cluster.ipv4 === undefined ? {} : { clusterCidr: parseCidr('--cluster-cidr', cluster.ipv4) }),
  })
  const ipv6 = ipv6Ranges({
    pods: pods.ipv6,
    cluster: cluster.ipv6,
    services: services.ipv6,
    nodes: severalReal ? nodes : undefined,
  })
  return {
    dataDir: resolve(values['data-dir'] ?? '.kapell'),
    port: parsePort('--port', values.port ?? '6443'),
    bindAddress: parseAddress('--bind-address', values['bind-address'] ?? '0.0.0.0'),
    ...(values['advertise-address'] === undefined
      ? {}
      : { advertiseAddress: parseAddress('--advertise-address', values['advertise-address']) }),
    agentPort: parsePort('--agent-port', values['agent-port'] ?? '10250'),
    components,
    serviceClusterIpRange: parseCidr('--service-cluster-ip-range', services.ipv4 ?? '10.96.0.0/16'),
    ...ranges,
    ...(ipv6 === undefined ? {} : { ipv6 }),
    ...(values['node-cidr'] === undefined ? {} : { nodeCidr: parseNodeCidr(values['node-cidr']) }),
    store,
    etcdServers,
    ...etcdFilesOf(values, etcdServers),
    runtime,
    nodes,
    installRuntime: values['install-runtime'] ?? false,
    keepPods: values['keep-pods'] ?? false,
    nodeName: parseNodeName(values['node-name']),
    logLevel: parseLevel(values['log-level'] ?? 'warn'),
    nodeFlags,
    requestHeaderAllowedNames: (values['requestheader-allowed-names'] ?? '').split(',').filter((s) => s !== ''),
    ...(values['requestheader-client-ca-file'] === undefined
      ? {}
      : { requestHeaderClientCaFile: resolve(values['requestheader-client-ca-file']) }),
    ...(values['load-balancer-range'] === undefined
      ? {}
      : { loadBalancerRange: parseLoadBalancerRange(values['load-balancer-range']) }),
    ...ingressPortsOf(values['ingress-ports'] ?? '80,443'),
    ...(values['scheduler-config'] === undefined ? {} : { schedulerConfig: resolve(values['scheduler-config']) }),
    ...(values['runtime-config'] === undefined ? {} : { runtimeConfig: checkRuntimeConfig(values['runtime-config']) }),
    ...(values.containerd === undefined ? {} : { containerd: resolve(values.containerd) }),
    ...(values.kubeconfig === undefined ? {} : { kubeconfig: resolve(values.kubeconfig) }),
  }
}

function parseFlags(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      strict: true,
      allowPositionals: false,
      options: {
        'data-dir': { type: 'string' },
        port: { type: 'string' },
        'advertise-address': { type: 'string' },
        'bind-address': { type: 'string' },
        'load-balancer-range': { type: 'string' },
        'ingress-ports': { type: 'string' },
        'agent-port': { type: 'string' },
        components: { type: 'string' },
        'cluster-cidr': { type: 'string' },
        'node-cidr': { type: 'string' },
        'service-cluster-ip-range': { type: 'string' },
        'pod-cidr': { type: 'string' },
        store: { type: 'string' },
        'etcd-servers': { type: 'string' },
        'etcd-cafile': { type: 'string' },
        'etcd-certfile': { type: 'string' },
        'etcd-keyfile': { type: 'string' },
        'node-name': { type: 'string' },
        'install-runtime': { type: 'boolean' },
        'keep-pods': { type: 'boolean' },
        containerd: { type: 'string' },
        'scheduler-config': { type: 'string' },
        runtime: { type: 'string' },
        nodes: { type: 'string' },
        kubeconfig: { type: 'string' },
        'log-level': { type: 'string' },
        'runtime-config': { type: 'string' },
        'requestheader-client-ca-file': { type: 'string' },
        'requestheader-allowed-names': { type: 'string' },
        ...nodeFlagOptions,
      },
    }).values
  } catch (error) {
    const what = (error as Error).message.split('. ')[0]
    throw new UserError(`${what}; "kapell up --help" lists the options`, { exitCode: 2, cause: error })
  }
}

/** @throws UserError for half a pair, and for files that nothing would be done with. */
function etcdFilesOf(
  values: ReturnType<typeof parseFlags>,
  servers: readonly string[],
): Pick<UpOptions, 'etcdCaFile' | 'etcdCertFile' | 'etcdKeyFile'> {
  const [ca, cert, key] = [values['etcd-cafile'], values['etcd-certfile'], values['etcd-keyfile']]
  if ((cert === undefined) !== (key === undefined))
    throw new UserError('--etcd-certfile and --etcd-keyfile go together: a certificate and its key')
  const isGiven = ca !== undefined || cert !== undefined
  if (isGiven && !servers.some((server) => server.startsWith('https://')))
    throw new UserError('--etcd-cafile and --etcd-certfile need --etcd-servers with URLs of https://')
  return {
    ...(ca === undefined ? {} : { etcdCaFile: resolve(ca) }),
    ...(cert === undefined ? {} : { etcdCertFile: resolve(cert) }),
    ...(key === undefined ? {} : { etcdKeyFile: resolve(key) }),
  }
}

function parseComponents(text: string | undefined): ComponentName[] {
  if (text === undefined) return [...componentNames]
  const names = text.split(',').map((name) => name.trim())
  for (const name of names)
    if (!componentNames.includes(name as ComponentName))
      throw new UserError(`--components: there is no "${name}"; choose among ${componentNames.join(', ')}`)
  return componentNames.filter((name) => names.includes(name))
}

export function parsePort(flag: string, text: string): number {
  const port = Number(text)
  if (!/^\d+$/.test(text) || port > 65535) throw new UserError(`${flag} takes a number from 0 to 65535, not "${text}"`)
  return port
}

function parseAddress(flag: string, text: string): string {
  if (!isIPv4(text)) throw new UserError(`${flag} takes an IPv4 address such as 192.0.2.1, not "${text}"`)
  return text
}

/** As many as a fleet has addresses for. */
const maxSimulatedNodes = 30_000
/** As many as one /24 has addresses for. */
const maxRealNodes = 250

function parseNodes(text: string, runtime: UpOptions['runtime']): number {
  const count = Number(text)
  if (!/^\d+$/.test(text) || count < 1 || count > maxSimulatedNodes)
    throw new UserError(`--nodes takes a number from 1 to ${maxSimulatedNodes}, not "${text}"`)
  if (count > maxRealNodes && runtime !== 'simulated')
    throw new UserError(`--nodes greater than ${maxRealNodes} needs --runtime simulated`)
  return count
}

/** Each of several nodes has 256 addresses for its pods. */
const nodeMaskSize = 24

function podRanges(wanted: { severalReal: boolean; nodes: number; podCidr?: string; clusterCidr?: string }): {
  podCidr: string
  clusterCidr: string
} {
  const { severalReal, nodes } = wanted
  const podCidr = wanted.podCidr ?? (severalReal ? '10.244.0.0/16' : '10.244.0.0/24')
  const clusterCidr = wanted.clusterCidr ?? (severalReal ? podCidr : around(podCidr))
  if (severalReal && capacityOf(clusterCidr, nodeMaskSize) < nodes)
    throw new UserError(
      `${wanted.clusterCidr === undefined ? '--pod-cidr' : '--cluster-cidr'} ${clusterCidr} has no room for ${nodes} nodes: each takes a /${nodeMaskSize}, such as 10.244.0.0/16 has 256 of`,
    )
  return { podCidr, clusterCidr }
}

/** The /16 a range lies in; itself when it is larger. */
function around(podCidr: string): string {
  const [address = '', bits = ''] = podCidr.split('/')
  return Number(bits) <= 16 ? podCidr : `${address.split('.').slice(0, 2).join('.')}.0.0/16`
}

function parseNodeCidr(text: string): string {
  if (!parseCidr('--node-cidr', text).endsWith('.0/24'))
    throw new UserError(`--node-cidr takes a range of 24 bits such as 172.30.0.0/24, not "${text}"`)
  return text
}

function parseCidr(flag: string, text: string): string {
  const parts = text.split(/[./]/).map(Number)
  const bytes = parts.slice(0, 4)
  if (!cidr.test(text) || bytes.some((b) => b > 255) || (parts[4] ?? 33) > 32)
    throw new UserError(`${flag} takes an IPv4 range such as 10.96.0.0/16, not "${text}"`)
  return text
}

/** @throws UserError when the text is neither two ports nor "none". */
export function ingressPortsOf(text: string): Pick<UpOptions, 'ingressPorts'> {
  if (text === 'none' || text === '') return {}
  const [http, https, ...more] = text.split(',').map(Number)
  const isPort = (port: number | undefined): port is number =>
    port !== undefined && Number.isInteger(port) && port > 0 && port < 65536
  if (!/^\d+,\d+$/.test(text) || !isPort(http) || !isPort(https) || more.length > 0 || http === https)
    throw new UserError(`--ingress-ports takes two ports such as 80,443, or "none", not "${text}"`)
  return { ingressPorts: { http, https } }
}

/** What is wrong with it is said now, not when the server starts. */
function checkRuntimeConfig(text: string): string {
  try {
    parseRuntimeConfig(text)
  } catch (error) {
    throw new UserError(`--runtime-config: ${(error as Error).message}`, { cause: error })
  }
  return text
}

function parseLoadBalancerRange(text: string): string {
  if (text !== 'none' && parseAddressRanges(text) === undefined)
    throw new UserError(
      `--load-balancer-range takes a range such as 192.0.2.0/24 or 192.0.2.10-192.0.2.20, with one of IPv6 behind a comma if wanted, or "none", not "${text}"`,
    )
  return text
}

export function parseNodeName(given: string | undefined, own = hostname()): string {
  const text = given ?? own.toLowerCase()
  if (/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(text) && text.length <= 253) return text
  if (given === undefined)
    throw new UserError(`this machine's host name "${own}" cannot name a node: say with --node-name what to call it`)
  throw new UserError(`--node-name takes a DNS name of lower-case letters, digits, "-" and ".", not "${text}"`)
}

export function parseLevel(text: string): UpOptions['logLevel'] {
  if (text === 'debug' || text === 'info' || text === 'warn' || text === 'error') return text
  throw new UserError(`--log-level takes debug, info, warn or error, not "${text}"`)
}
