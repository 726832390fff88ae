import type { AddressRange } from '@kapell/controllers/machinery/address-range'
import type { Clock } from '@kapell/controllers/machinery/clock'
import type { Logger } from '@kapell/controllers/machinery/log'
import type { V1Taint } from '@kapell/openapi/types'
import type { Transport } from '@kapell/openapi/wire/transport'
import type { PodAgent } from './agent.ts'
import type { Observations, Threshold } from './eviction/thresholds.ts'
import type { ShutdownGroup } from './shutdown/groups.ts'
import type { ContainerdRuntime } from './runtime/containerd.ts'
import type { AgentServerOptions } from './server/server.ts'

/** The second family of a cluster that has two. */
export interface Ipv6Options {
  /** This node's pods: "fd00:10:244::/64". */
  podCidr: string
  /** Pods of all nodes. Default: podCidr. */
  clusterCidr?: string
  serviceCidr?: string
  /** Default: the address of the link that has the default route; there need not be one. */
  nodeIp?: string
}

export interface NodeAgentOptions {
  /** Speaks to the API server as system:node:NAME. */
  transport: Transport
  /** Speaks as system:kube-proxy, for Services and DNS: a node's own identity may not read them. */
  proxyTransport?: Transport
  /** Default: the machine's host name. */
  nodeName?: string
  /** Default: the address of the link that has the default route. */
  nodeIp?: string
  dataDir: string
  /** This node's pods, IPv4: "10.244.0.0/24". */
  podCidr: string
  /** Pods of all nodes. Default: podCidr. */
  clusterCidr?: string
  serviceCidr?: string
  /** Pods and Services have addresses of this family, too; absent: IPv4 alone. */
  ipv6?: Ipv6Options
  /** Addresses that the cluster gives to Services of type LoadBalancer: this machine takes those in use for its own. */
  loadBalancerRange?: readonly AddressRange[]
  /** Where node ports answer: on the node's own addresses alone, or those in ranges. Default: on every address of the machine. */
  nodePortAddresses?: 'primary' | readonly string[]
  /** Where Ingresses are served, on every address of this machine; absent: they are not. */
  ingressPorts?: { http: number; https: number }
  /** Name servers of pods with dnsPolicy ClusterFirst. Default: the node's own. */
  clusterDns?: readonly string[]
  /** Default "cluster.local". */
  clusterDomain?: string
  /** Of the agent's HTTPS server, PEM; without it there are no logs and no exec. */
  serving?: Pick<AgentServerOptions, 'cert' | 'key' | 'clientCa' | 'onRenewed'>
  /** Default 10250; 0 takes a free one. */
  port?: number
  /** Path of a containerd's socket; default: the agent starts its own. */
  runtimeSocket?: string
  /**
   * No containers at all: pods go through the same worker on a runtime in memory, for machines without containerd. The
   * Node says so. Never chosen silently; default false.
   */
  simulated?: boolean
  /** Default: the first `containerd` on PATH. */
  containerd?: string
  /** Directory with image archives; default DATADIR/images. */
  imagesDir?: string
  labels?: Record<string, string>
  taints?: V1Taint[]
  /** Default 110. */
  maxPods?: number
  /** Kernel settings that pods may set although they reach beyond the pod: "kernel.msg*". Default: none. */
  allowedUnsafeSysctls?: readonly string[]
  /** Processes and threads that a pod may have; default: no limit. */
  podMaxPids?: number
  /** When pods go for want of memory, disk or process ids. Default: upstream's hard thresholds. */
  eviction?: {
    thresholds?: readonly Threshold[]
    /** How long a pressure is told of after it was last felt. Default 5 minutes. */
    transitionMs?: number
    /** What pods get when a soft threshold ends them. Default 0. */
    maxPodGraceSeconds?: number
    /** What the machine has left; default: what it tells. */
    observe?: () => Promise<Observations>
  }
  /** What is kept free of pods: "cpu", "memory", "ephemeral-storage". */
  reserved?: Readonly<Record<string, string>>
  /**
   * How long pods have, by priority, when the machine goes down or the agent is closed with its pods. Default: two
   * seconds, and they come back at the next start. With groups they have failed.
   */
  shutdown?: readonly ShutdownGroup[]
  /** Default true: Services are programmed on this machine. */
  proxy?: boolean
  /** "v1.36.0+kapell.1": what the Node shows as its version. */
  version?: string
  log: Logger
  clock?: Clock
  /** Somebody deleted the Node: this machine shall leave. Default: it registers anew. */
  onNodeDeleted?: () => void
  /** Called as the start goes on, for people. */
  progress?: (message: string) => void
  /** Gives up while starting. */
  signal?: AbortSignal
}

export interface NodeAgent {
  readonly nodeName: string
  readonly nodeIp: string
  /** Of the agent's server; 0 when there is none. */
  readonly port: number
  readonly runtime: ContainerdRuntime | undefined
  readonly pods: PodAgent
  /** Where this node's name server for pods listens; see ensureKubeDns. */
  readonly dns: { address: string; port: number } | undefined
  /** Resolves when the image archives that were there at the start are imported. */
  imagesImported(): Promise<void>
  /**
   * Ends the agent. With `removePods` (default false) every container, mount, interface and rule of ours goes too; the
   * API's objects stay, so that the next start brings the pods back. Without, pods run on and are adopted again.
   */
  close(options?: { removePods?: boolean }): Promise<void>
}
