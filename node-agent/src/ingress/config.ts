import type { Backend } from './backends.ts'
import { unserved, type RouteTable } from './routes.ts'
import type { Slot } from './slots.ts'

export interface ProxyConfig {
  table: RouteTable
  backends: ReadonlyMap<string, Backend>
  slots: (backend: string) => readonly Slot[]
  /** Files of certificates with the hosts they are for; none: those they name. */
  certificates: readonly { file: string; hosts: readonly string[] }[]
  ports: { http: number; https: number }
  /** Where the files below are. */
  dir: string
  /** Of the proxy's own control socket. */
  socket: string
  ipv6: boolean
  /** Of names that backends have instead of addresses: "10.244.0.1:53". Default: this machine's name servers. */
  nameServer?: string
  /** How long a client may take for the head of its request. Default 15,000. */
  requestMs?: number
  /** Whom the proxy becomes once it has its ports. */
  user?: string
}

/** The certificate of hosts that nobody has one for. */
export const defaultCertificate = 'default.pem'

const plain = (text: string): string => `content-type text/plain string "${text}\\n"`
/** What clients read when the proxy itself must answer. */
const answers: Readonly<Record<number, string>> = {
  400: '400 bad request',
  408: '408 the request did not come in time',
  500: '500 the proxy failed',
  502: '502 the pod did not answer as HTTP wants it',
  503: '503 no pod of this Service is ready',
  504: '504 the pod did not answer in time',
}
export const notFoundText = '404 no Ingress has a rule for this host and path'

/**
 * HAProxy's configuration: maps lead a request's host and path to a backend, whose servers are pods. Time-outs and sizes
 * are what keeps a slow or talkative client from holding more than its share.
 * Source: HAProxy's configuration manual, version 2.6.
 */
export function proxyConfig(config: ProxyConfig): Map<string, string> {
  const { table, dir } = config
  return new Map([
    ['exact.map', mapText(table.exact)],
    ['prefix.map', mapText(table.prefix)],
    ['defaults.map', mapText(table.defaults)],
    ['certificates.list', certificateList(config)],
    [
      'haproxy.cfg',
      [...head(config), ...resolvers(config), ...frontend(config, dir), ...backends(config)].join('\n') + '\n',
    ],
  ])
}

const mapText = (map: ReadonlyMap<string, string>): string =>
  // The default of every host has no key of its own: no host is called "*".
  [...map].map(([key, value]) => `${key === '' ? '*' : key} ${value}\n`).join('')

function certificateList({ dir, certificates }: ProxyConfig): string {
  const lines = certificates.map(({ file, hosts }) => [`${dir}/${file}`, ...hosts].join(' '))
  // The first is for everybody else.
  return `${[`${dir}/${defaultCertificate}`, ...lines].join('\n')}\n`
}

function head({ socket, user, requestMs = 15_000 }: ProxyConfig): string[] {
  return [
    '# Written by kapell whenever Ingresses change: changes here do not last.',
    'global',
    `  stats socket ${socket} mode 600 level admin expose-fd listeners`,
    '  stats timeout 30s',
    ...(user === undefined ? [] : [`  user ${user}`, `  group ${user}`]),
    '  maxconn 4096',
    '  no strict-limits',
    // Another proxy on the same ports must be noticed, not shared with.
    '  noreuseport',
    '  tune.bufsize 32768',
    '  ssl-default-bind-options ssl-min-ver TLSv1.2',
    'defaults',
    '  mode http',
    `  timeout http-request ${requestMs}ms`,
    '  timeout http-keep-alive 60s',
    '  timeout client 300s',
    '  timeout client-fin 30s',
    '  timeout connect 5s',
    '  timeout server 300s',
    '  timeout queue 30s',
    '  timeout tunnel 1h',
    '  retries 3',
    '  option redispatch',
    '  option dontlognull',
    ...Object.entries(answers).map(([code, text]) => `  http-error status ${code} ${plain(text)}`),
  ]
}

function frontend({ ports, ipv6, dir }: ProxyConfig, files: string): string[] {
  const tls = `ssl crt-list ${dir}/certificates.list alpn h2,http/1.1`
  const unless = 'unless { var(txn.to) -m found }'
  const look = (from: string, how: string, map: string): string =>
    `  http-request set-var(txn.to) ${from},${how}(${files}/${map}.map) ${unless}`
  const hosts = ['var(txn.host)', 'var(txn.wild)'] as const
  return [
    'frontend ingress',
    `  bind *:${ports.http}`,
    `  bind *:${ports.https} ${tls}`,
    ...(ipv6 ? [`  bind :::${ports.http} v6only`, `  bind :::${ports.https} v6only ${tls}`] : []),
    '  http-request set-var(txn.host) req.hdr(host),host_only,lower,rtrim(.)',
    '  http-request set-var(txn.wild) var(txn.host),regsub(^[^.]*,*)',
    '  http-request set-var(txn.path) path',
    ...hosts.flatMap((host) => [
      look(`${host},concat(,txn.path)`, 'map_str', 'exact'),
      look(`${host},concat(,txn.path,/)`, 'map_beg', 'prefix'),
    ]),
    look('var(txn.path)', 'map_str', 'exact'),
    look('var(txn.path),concat(/)', 'map_beg', 'prefix'),
    ...hosts.map((host) => look(host, 'map_str', 'defaults')),
    look('str(*)', 'map_str', 'defaults'),
    '  http-request set-header X-Forwarded-For %[src]',
    '  http-request set-header X-Real-IP %[src]',
    '  http-request set-header X-Forwarded-Host %[req.hdr(host)]',
    '  http-request set-header X-Forwarded-Port %[dst_port]',
    '  http-request set-header X-Forwarded-Proto https if { ssl_fc }',
    '  http-request set-header X-Forwarded-Proto http unless { ssl_fc }',
    '  use_backend %[var(txn.to)] if { var(txn.to) -m found }',
    '  default_backend no-rule',
    'backend no-rule',
    `  http-request return status 404 ${plain(notFoundText)}`,
    `backend ${unserved}`,
  ]
}

const speaks = { http: '', h2c: ' proto h2', https: ' ssl verify none' }

/** Only where there are names to ask for. */
function resolvers({ backends: all, nameServer }: ProxyConfig): string[] {
  if (![...all.values()].some(({ name }) => name !== undefined)) return []
  return [
    'resolvers names',
    nameServer === undefined ? '  parse-resolv-conf' : `  nameserver cluster ${nameServer}`,
    '  accepted_payload_size 4096',
    '  hold valid 5s',
    '  hold obsolete 30s',
  ]
}

function backends({ backends: all, slots }: ProxyConfig): string[] {
  return [...all].flatMap(([id, { protocol, sticky, name, servers }]) => [
    `backend ${id}`,
    // A running proxy takes no other name for a server: this line makes it another configuration.
    ...(name === undefined ? [] : [`  # ${servers.join()}`]),
    `  balance ${sticky ? 'source' : 'roundrobin'}`,
    ...(sticky ? ['  hash-type consistent'] : []),
    ...slots(id).map((server, at) => {
      const asked =
        name === undefined || server === undefined ? '' : ' resolvers names resolve-prefer ipv4 init-addr none'
      const sni = name !== undefined && protocol === 'https' ? ` sni str(${name})` : ''
      return `  server s${at + 1} ${server ?? '127.0.0.1:9 disabled'}${speaks[protocol]}${sni}${asked}`
    }),
  ])
}
