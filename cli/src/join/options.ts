import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { isIPv4 } from 'node:net'
import { parseBootstrapToken, type BootstrapToken } from '@kapell/openapi/meta/bootstrap-token'
import { UserError } from '../errors.ts'
import { nodeFlagOptions, nodeFlagsUsage, parseNodeFlags, pickNodeFlags, type NodeFlags } from '../node-flags.ts'
import { parseLevel, parseNodeName, parsePort, type UpOptions } from '../options.ts'
import { parseCaHash } from './ca-hash.ts'

/** What `kapell join` was asked to do. */
export interface JoinOptions {
  /** "https://192.0.2.1:6443"; absent: that of the last time. */
  server?: string
  token?: BootstrapToken
  caHashes: readonly string[]
  /** The token's signature alone vouches for the cluster. */
  unsafeSkipCaVerification: boolean
  nodeName: string
  /** This machine's address in the cluster; absent: that by which it reaches the server. */
  nodeIp?: string
  dataDir: string
  agentPort: number
  containerd?: string
  installRuntime: boolean
  /** When stopped, pods run on, for the next start to take over. */
  keepPods: boolean
  logLevel: UpOptions['logLevel']
  /** See node-flags.ts. */
  nodeFlags: NodeFlags
}

export const joinUsage = `kapell join https://HOST:PORT: makes this machine a node of a cluster, in the foreground

  --token TOKEN                    as "kapell token create" prints it; needed the first time only
  --ca-cert-hash sha256:HEX        the cluster's authority, by the hash of its public key (may be given several times)
  --unsafe-skip-ca-verification    without a hash: the token's signature alone vouches for the cluster
  --node-name NAME                 (default this machine's host name)
  --node-ip ADDRESS                (default the address by which this machine reaches the server)
  --data-dir DIR                   where everything is kept; archives in DIR/images/ are imported (default ./.kapell)
  --agent-port N                   the node agent's own port (default 10250, 0 for a free one)
  --keep-pods                      when stopped, leave the pods running: the next start takes them over
  --install-runtime                first install the Debian packages that are missing
  --containerd PATH                the containerd to run (default: the one on PATH)
  --log-level debug|info|warn|error   (default warn)
${nodeFlagsUsage}
Ctrl-C stops the node; the same command without a token, or "kapell join" alone, starts it again.
To leave for good: kubectl drain NAME, then kubectl delete node NAME.
`

/** @throws UserError naming the flag and what it takes. */
export function parseJoinOptions(argv: readonly string[]): JoinOptions {
  const { values, positionals } = parseFlags(argv)
  if (positionals.length > 1) throw new UserError(`"kapell join" takes one address, not also "${positionals[1]}"`)
  const token = values.token === undefined ? undefined : parseBootstrapToken(values.token)
  if (values.token !== undefined && token === undefined)
    throw new UserError('--token takes a token such as "abcdef.0123456789abcdef", as "kapell token create" prints it')
  const caHashes = (values['ca-cert-hash'] ?? []).map(parseCaHash)
  const unsafeSkipCaVerification = values['unsafe-skip-ca-verification'] ?? false
  if (token !== undefined && caHashes.length === 0 && !unsafeSkipCaVerification)
    throw new UserError(
      'say with --ca-cert-hash which authority the cluster has ("kapell token create --print-join-command" tells), or take what the token vouches for: --unsafe-skip-ca-verification',
    )
  const nodeIp = values['node-ip']
  if (nodeIp !== undefined && !isIPv4(nodeIp)) throw new UserError(`--node-ip takes an IPv4 address, not "${nodeIp}"`)
  const nodeFlags = pickNodeFlags(values)
  parseNodeFlags(nodeFlags)
  return {
    nodeFlags,
    ...(positionals[0] === undefined ? {} : { server: parseServer(positionals[0]) }),
    ...(token === undefined ? {} : { token }),
    caHashes,
    unsafeSkipCaVerification,
    nodeName: parseNodeName(values['node-name']),
    ...(nodeIp === undefined ? {} : { nodeIp }),
    dataDir: resolve(values['data-dir'] ?? '.kapell'),
    agentPort: parsePort('--agent-port', values['agent-port'] ?? '10250'),
    ...(values.containerd === undefined ? {} : { containerd: resolve(values.containerd) }),
    installRuntime: values['install-runtime'] ?? false,
    keepPods: values['keep-pods'] ?? false,
    logLevel: parseLevel(values['log-level'] ?? 'warn'),
  }
}

/** "HOST:PORT" is taken for https, as kubeadm does. */
function parseServer(text: string): string {
  const url = URL.parse(text.includes('://') ? text : `https://${text}`)
  if (url === null || url.protocol !== 'https:' || url.pathname !== '/' || url.search !== '' || url.username !== '')
    throw new UserError(
      `"kapell join" takes the address of an API server such as https://192.0.2.1:6443, not "${text}"`,
    )
  return url.origin
}

function parseFlags(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      strict: true,
      allowPositionals: true,
      options: {
        token: { type: 'string' },
        'ca-cert-hash': { type: 'string', multiple: true },
        'unsafe-skip-ca-verification': { type: 'boolean' },
        'node-name': { type: 'string' },
        'node-ip': { type: 'string' },
        'data-dir': { type: 'string' },
        'agent-port': { type: 'string' },
        'install-runtime': { type: 'boolean' },
        'keep-pods': { type: 'boolean' },
        containerd: { type: 'string' },
        'log-level': { type: 'string' },
        ...nodeFlagOptions,
      },
    })
  } catch (error) {
    const what = (error as Error).message.split('. ')[0]
    throw new UserError(`${what}; "kapell join --help" lists the options`, { exitCode: 2, cause: error })
  }
}
