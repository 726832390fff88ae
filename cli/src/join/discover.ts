import { isSignedBy } from '@kapell/controllers/bootstrap-signer/jws'
import type { Clock } from '@kapell/controllers/machinery/clock'
import { createClient } from '@kapell/controllers/machinery/create-client'
import { httpsTransport, type HttpsTransport } from '@kapell/controllers/machinery/https-transport'
import { errorText } from '@kapell/controllers/machinery/log'
import type { BootstrapToken } from '@kapell/openapi/meta/bootstrap-token'
import { configMaps } from '@kapell/openapi/meta/refs'
import { isReason } from '@kapell/openapi/meta/status'
import { parse } from 'yaml'
import { UserError } from '../errors.ts'
import { caHash, certificatesOf } from './ca-hash.ts'

export interface DiscoveryOptions {
  /** "https://192.0.2.1:6443". */
  server: string
  token: BootstrapToken
  /** The authority's key must be one of these; none: the token's signature alone vouches for it. */
  caHashes: readonly string[]
  clock: Clock
  signal: AbortSignal
  report: (line: string) => void
  /** How a server is reached; for tests. */
  connect?: (server: string, ca: string | undefined) => HttpsTransport
}

const patienceMs = 5 * 60_000
const pauseMs = 1000

/**
 * The cluster's authority (PEM), found with nothing but a token and a pin: what the server says of itself is believed
 * when the token has signed it and the authority in it is the one that was pinned; then it is read again, from a server
 * that shows a certificate of that authority. Source: "kubeadm join", "Token-based discovery with CA pinning".
 * @throws UserError saying which of the two does not fit.
 */
export async function discoverAuthority(options: DiscoveryOptions): Promise<string> {
  const { server, token, caHashes, connect = connectTo } = options
  const claimed = await readClusterInfo(options, undefined)
  const signature = claimed[`jws-kubeconfig-${token.id}`] ?? ''
  const content = claimed['kubeconfig'] ?? ''
  if (!(await isSignedBy(signature, content, token)))
    throw new UserError(
      `what ${server} says of its cluster was not signed by this token: is the token's second half right?`,
    )
  const authority = authorityIn(content)
  const hashes = certificatesOf(authority).map(caHash)
  if (caHashes.length > 0 && !hashes.some((hash) => caHashes.includes(hash)))
    throw new UserError(
      `the cluster's authority is ${hashes.join(', ')}, not the one that --ca-cert-hash names: this may be another cluster, or somebody in between`,
    )
  const transport = connect(server, authority)
  try {
    const again = await clusterInfo(transport, options.signal).catch((error: unknown) => {
      throw new UserError(`${server} does not show a certificate of the cluster's authority: ${errorText(error)}`, {
        cause: error,
      })
    })
    if (again['kubeconfig'] !== content) throw new UserError(`${server} says one thing and another of its cluster`)
  } finally {
    await transport.close()
  }
  return authority
}

const connectTo = (server: string, ca: string | undefined): HttpsTransport =>
  httpsTransport(ca === undefined ? { server, insecure: true } : { server, ca })

/** Waits for the server to answer, and for its signature: a token that was made a moment ago has not signed yet. */
async function readClusterInfo(options: DiscoveryOptions, ca: string | undefined): Promise<Record<string, string>> {
  const { server, token, clock, signal, report, connect = connectTo } = options
  const transport = connect(server, ca)
  const giveUpAtMs = clock.now().getTime() + patienceMs
  let problem = ''
  try {
    while (!signal.aborted && clock.now().getTime() < giveUpAtMs) {
      try {
        const data = await clusterInfo(transport, signal)
        if (data[`jws-kubeconfig-${token.id}`] !== undefined) return data
        problem = `the cluster does not know the token ${token.id}, or it has expired`
      } catch (error) {
        if (isReason(error, 'Forbidden', 'Unauthorized'))
          throw new UserError(`${server} tells nobody of its cluster: ${errorText(error)}`, { cause: error })
        problem = `${server} does not answer: ${errorText(error)}`
      }
      report(problem)
      await clock.sleep(pauseMs, signal)
    }
  } finally {
    await transport.close()
  }
  throw new UserError(problem === '' ? 'stopped' : problem)
}

async function clusterInfo(transport: HttpsTransport, signal: AbortSignal): Promise<Record<string, string>> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(10_000)])
  const { data } = await createClient(transport)
    .resource(configMaps, 'kube-public')
    .get('cluster-info', { signal: limited })
  return data ?? {}
}

interface ClusterInfo {
  clusters?: { cluster?: { 'certificate-authority-data'?: string } }[]
}

/** @throws UserError when the kubeconfig names none. */
export function authorityIn(kubeconfig: string): string {
  let info: ClusterInfo | null = null
  try {
    info = parse(kubeconfig) as ClusterInfo | null
  } catch {
    // Told below.
  }
  const data = info?.clusters?.[0]?.cluster?.['certificate-authority-data']
  const authority = data === undefined ? '' : Buffer.from(data, 'base64').toString('utf8')
  if (certificatesOf(authority).length === 0) throw new UserError('the cluster names no certificate authority')
  return authority
}
