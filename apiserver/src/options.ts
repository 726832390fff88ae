import type { AnyDefinition } from './registry/definition.ts'
import type { AuditSink } from './pipeline/audit.ts'
import type { EtcdTls } from './storage/etcd/client.ts'
import type { ServerLogger } from './server/log.ts'

/** Everything an API server needs to know; it reads neither the environment nor the clock on its own. */
export interface ApiServerOptions {
  /** Certificates live in `pki` below it. */
  dataDir: string
  storage: { type: 'embedded'; directory: string } | { type: 'etcd'; endpoints: string[]; tls?: EtcdTls }
  /** Default 127.0.0.1. */
  bindAddress?: string
  /** Default 0: a free one. */
  port?: number
  /** How other machines and pods reach this server; default 127.0.0.1. */
  advertiseAddress?: string
  /** More names and addresses for the serving certificate. */
  hosts?: readonly string[]
  /** Comma-separated CIDRs, the primary first; default 10.96.0.0/16. */
  serviceClusterIpRange?: string
  /** Default 30000-32767. */
  nodePortRange?: string
  clusterDomain?: string
  log?: ServerLogger
  now?: () => Date
  /** False: only the in-process door, no socket. */
  listen?: boolean
  /** How long events are kept; default 3600. */
  eventTtlSeconds?: number
  /** How much history the embedded store keeps. */
  history?: { keepMs?: number; keepRevisions?: number; everyMs?: number }
  serviceAccountIssuer?: string
  /** Which versions and resources are served beside, or without, the usual ones; see `runtime-config.ts`. */
  runtimeConfig?: string
  limits?: { readOnly?: number; mutating?: number; requestSeconds?: number; headSeconds?: number }
  watch?: { bookmarkEveryMs?: number; minTimeoutSeconds?: number }
  audit?: AuditSink
  /**
   * Front proxies that are believed about who asks, beside this server's own: a PEM bundle that their client certificates
   * are signed by, and the names in these; no names: any.
   */
  frontProxies?: { clientCa: string; allowedNames: readonly string[] }
  /** Resources that whoever starts the server answers for itself. */
  additionalResources?: readonly AnyDefinition[]
  /** Serves metrics.k8s.io, asking the nodes' agents; default false. */
  metricsApi?: boolean
  /** How often the agents are asked; default 15 s. */
  metricsEveryMs?: number
  /** Checks validating policies against the types of what they are for, and writes their status; of several servers of one state, all may. */
  checkPolicies?: boolean
}

export function parsePortRange(text: string): { from: number; to: number } {
  const match = /^(\d+)-(\d+)$/.exec(text)
  const [from, to] = [Number(match?.[1]), Number(match?.[2])]
  if (match === null || from < 1 || to > 65535 || from > to) {
    throw new Error(`not a port range: ${JSON.stringify(text)} (write it as 30000-32767)`)
  }
  return { from, to }
}
