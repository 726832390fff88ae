import { isIP } from 'node:net'
import { rootCertificates } from 'node:tls'
import { noop } from 'cockatiel'
import { Etcd3 } from 'etcd3'
import { StorageError } from '../storage.ts'

/** PEM texts. */
export interface EtcdTls {
  /** Who signed etcd's certificate; the well-known authorities when absent. */
  ca?: string
  /** The client's certificate and key, when etcd asks for one. */
  cert?: string
  key?: string
  /**
   * The name to expect in etcd's certificate. Needed where the endpoint is an IP address: TLS has no server name for
   * those here, and "localhost" is assumed.
   */
  serverName?: string
}

const callTimeoutMs = 10_000

/** A connection to one or more etcd members. Connects on first use. */
export function connectEtcd(options: { endpoints: readonly string[]; tls?: EtcdTls }): Etcd3 {
  const { endpoints, tls } = options
  if (endpoints.length === 0) throw new StorageError('unavailable', 'no etcd endpoint is given')
  const byAddress = endpoints.some((endpoint) => isIP(hostOf(endpoint)) !== 0)
  const serverName = tls?.serverName ?? (tls !== undefined && byAddress ? 'localhost' : undefined)
  return new Etcd3({
    hosts: [...endpoints],
    ...(tls === undefined ? {} : { credentials: credentialsOf(tls) }),
    grpcOptions: {
      // Lists are as large as they are; the pages we ask for bound them.
      'grpc.max_receive_message_length': -1,
      'grpc.max_send_message_length': -1,
      'grpc.keepalive_time_ms': 30_000,
      'grpc.keepalive_timeout_ms': 10_000,
      ...(serverName === undefined ? {} : { 'grpc.ssl_target_name_override': serverName }),
    },
    // The default breaker would turn one refused call into the refusal of every later one.
    faultHandling: { host: () => noop, global: noop },
    defaultCallOptions: ({ isStream }) => (isStream ? {} : { deadline: Date.now() + callTimeoutMs }),
  })
}

function hostOf(endpoint: string): string {
  const address = endpoint.replace(/^https?:\/\//, '')
  return address.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')
}

function credentialsOf(tls: EtcdTls): { rootCertificate: Buffer; certChain?: Buffer; privateKey?: Buffer } {
  return {
    rootCertificate: Buffer.from(tls.ca ?? rootCertificates.join('\n')),
    ...(tls.cert === undefined ? {} : { certChain: Buffer.from(tls.cert) }),
    ...(tls.key === undefined ? {} : { privateKey: Buffer.from(tls.key) }),
  }
}

/** What etcd or the connection to it said, in the closed set of storage errors. */
export function translateEtcdError(error: unknown, at: { key?: string } = {}): StorageError {
  if (error instanceof StorageError) return error
  const message = (error as { message?: string } | undefined)?.message ?? String(error)
  const reason = reasonOf(message)
  return new StorageError(reason, reason === 'unavailable' ? `etcd: ${message}` : message, { ...at, cause: error })
}

function reasonOf(message: string): StorageError['reason'] {
  if (message.includes('has been compacted')) return 'compacted'
  if (message.includes('future revision')) return 'future'
  if (message.includes('request is too large') || message.includes('larger than max')) return 'tooLarge'
  if (message.includes('space exceeded') || message.includes('NOSPACE')) return 'full'
  return 'unavailable'
}

/** Before 3.4.25 and 3.5.8 an answer to a progress request could overtake events of earlier revisions. */
export function progressMayOvertake(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split(/[.+-]/).map(Number)
  if (major !== 3) return major < 3
  if (minor === 4) return patch < 25
  return minor === 5 ? patch < 8 : minor < 4
}
