/** What the configuration file of containerd depends on. */
export interface ContainerdConfig {
  /** Major version of containerd: 1 writes file version 2, 2 and later file version 3. */
  major: number
  rootDir: string
  stateDir: string
  socket: string
  pauseImage: string
  cniBinDir: string
  cniConfDir: string
  registryDir: string
  snapshotter: string
  runcPath: string
  /** Without CAP_SYS_RESOURCE nobody may lower an oom_score_adj, and runc would fail on every container. */
  restrictOomScoreAdj: boolean
  /** Whether this machine has control groups for huge pages. */
  hugePages: boolean
  logLevel?: string
}

/** Snapshotters and tracers we never use: each would only log an error at start where its kernel parts lack. */
const unusedPlugins = {
  1: ['aufs', 'btrfs', 'devmapper', 'zfs']
    .map((name) => `io.containerd.snapshotter.v1.${name}`)
    .concat(
      'io.containerd.internal.v1.opt',
      'io.containerd.tracing.processor.v1.otlp',
      'io.containerd.internal.v1.tracing',
    ),
  2: ['btrfs', 'devmapper', 'zfs', 'blockfile', 'erofs']
    .map((name) => `io.containerd.snapshotter.v1.${name}`)
    .concat('io.containerd.internal.v1.opt', 'io.containerd.tracing.processor.v1.otlp', 'io.containerd.nri.v1.nri'),
}

/** A TOML basic string; JSON's escapes are a subset of TOML's. */
const text = (value: string): string => JSON.stringify(value)

/** The configuration file. Source: containerd's man page containerd-config.toml(5) and its CRI configuration guide. */
export function containerdConfig(config: ContainerdConfig): string {
  return config.major >= 2 ? version3(config) : version2(config)
}

function head(config: ContainerdConfig, fileVersion: number, unused: readonly string[]): string[] {
  return [
    '# Written by kapell at every start: changes here do not last.',
    `version = ${fileVersion}`,
    `root = ${text(config.rootDir)}`,
    `state = ${text(config.stateDir)}`,
    `disabled_plugins = [${unused.map(text).join(', ')}]`,
    '[grpc]',
    `address = ${text(config.socket)}`,
    '[ttrpc]',
    `address = ${text(`${config.socket}.ttrpc`)}`,
    '[debug]',
    `level = ${text(config.logLevel ?? 'warn')}`,
  ]
}

function version2(config: ContainerdConfig): string {
  const cri = 'plugins."io.containerd.grpc.v1.cri"'
  return lines([
    ...head(config, 2, unusedPlugins[1]),
    `[${cri}]`,
    `sandbox_image = ${text(config.pauseImage)}`,
    `restrict_oom_score_adj = ${config.restrictOomScoreAdj}`,
    'netns_mounts_under_state_dir = true',
    'tolerate_missing_hugetlb_controller = true',
    `disable_hugetlb_controller = ${!config.hugePages}`,
    'stream_server_address = "127.0.0.1"',
    'stream_server_port = "0"',
    `[${cri}.cni]`,
    `bin_dir = ${text(config.cniBinDir)}`,
    `conf_dir = ${text(config.cniConfDir)}`,
    'max_conf_num = 1',
    `[${cri}.registry]`,
    `config_path = ${text(config.registryDir)}`,
    `[${cri}.containerd]`,
    `snapshotter = ${text(config.snapshotter)}`,
    'default_runtime_name = "runc"',
    `[${cri}.containerd.runtimes.runc]`,
    'runtime_type = "io.containerd.runc.v2"',
    `[${cri}.containerd.runtimes.runc.options]`,
    'SystemdCgroup = false',
    `BinaryName = ${text(config.runcPath)}`,
  ])
}

function version3(config: ContainerdConfig): string {
  const runtime = 'plugins."io.containerd.cri.v1.runtime"'
  const images = 'plugins."io.containerd.cri.v1.images"'
  return lines([
    ...head(config, 3, unusedPlugins[2]),
    `[${images}]`,
    `snapshotter = ${text(config.snapshotter)}`,
    `[${images}.pinned_images]`,
    `sandbox = ${text(config.pauseImage)}`,
    `[${images}.registry]`,
    `config_path = ${text(config.registryDir)}`,
    `[${runtime}]`,
    `restrict_oom_score_adj = ${config.restrictOomScoreAdj}`,
    'netns_mounts_under_state_dir = true',
    'tolerate_missing_hugetlb_controller = true',
    `disable_hugetlb_controller = ${!config.hugePages}`,
    `[${runtime}.cni]`,
    `bin_dirs = [${text(config.cniBinDir)}]`,
    `conf_dir = ${text(config.cniConfDir)}`,
    'max_conf_num = 1',
    `[${runtime}.containerd]`,
    'default_runtime_name = "runc"',
    `[${runtime}.containerd.runtimes.runc]`,
    'runtime_type = "io.containerd.runc.v2"',
    `snapshotter = ${text(config.snapshotter)}`,
    `[${runtime}.containerd.runtimes.runc.options]`,
    'SystemdCgroup = false',
    `BinaryName = ${text(config.runcPath)}`,
    '[plugins."io.containerd.grpc.v1.cri"]',
    'stream_server_address = "127.0.0.1"',
    'stream_server_port = "0"',
  ])
}

const lines = (all: readonly string[]): string => all.join('\n') + '\n'

export interface NetworkConfig {
  /** One of IPv4, and one of IPv6 where pods have two addresses. */
  podCidrs: readonly string[]
  mtu: number
  cniDataDir: string
}

/**
 * The CNI network: every pod has its own pair of interfaces and a route, no bridge. Pods of one node reach each other
 * through the node's IP layer, so that Service addresses are always translated back, whether or not the kernel shows
 * bridged packets to netfilter (br_netfilter), and a pod can reach itself through its own Service. Masquerading and
 * host ports are rules of our own nftables table, not of the plugins, which would need iptables.
 */
export function cniConflist(network: NetworkConfig): string {
  return (
    JSON.stringify(
      {
        cniVersion: '0.4.0',
        name: 'kapell',
        plugins: [
          {
            type: 'ptp',
            ipMasq: false,
            mtu: network.mtu,
            ipam: {
              type: 'host-local',
              dataDir: network.cniDataDir,
              ranges: network.podCidrs.map((subnet) => [{ subnet }]),
              routes: network.podCidrs.map((range) => ({ dst: range.includes(':') ? '::/0' : '0.0.0.0/0' })),
            },
          },
        ],
      },
      null,
      2,
    ) + '\n'
  )
}

/** What `containerd --version` says: "1.6.20" of "containerd github.com/containerd/containerd 1.6.20~ds1 …". */
export function parseContainerdVersion(output: string): { version: string; major: number; minor: number } | undefined {
  const match = /\bv?((\d+)\.(\d+)\.\d+)/.exec(output)
  if (match === null) return undefined
  return { version: match[1]!, major: Number(match[2]), minor: Number(match[3]) }
}
