import { createHash } from 'node:crypto'
import { resolve } from 'node:path'

/**
 * Where one containerd of ours keeps its things. What must outlive a reboot is in the data directory; sockets and
 * run-time state are under /run, because the path of a unix socket may have 107 bytes at most and because state must
 * be gone after a reboot.
 */
export interface RuntimePaths {
  /** 8 hexadecimal digits, the same for the same data directory. */
  id: string
  runDir: string
  socket: string
  stateDir: string
  pidFile: string
  baseDir: string
  rootDir: string
  configFile: string
  logFile: string
  registryDir: string
  cniConfDir: string
  /** Leases of pod addresses (host-local). */
  cniDataDir: string
  /** The cgroup below which every pod of this node belongs, as CRI wants it: "/kapell-<id>". */
  cgroupParent: string
  /** Of the proxy of Ingresses. */
  ingressConfig: string
  /** The link that carries the gateway address of the pods. */
  linkName: string
}

export function runtimePaths(dataDir: string, runRoot = '/run/kapell'): RuntimePaths {
  const id = createHash('sha256').update(resolve(dataDir)).digest('hex').slice(0, 8)
  const runDir = `${runRoot}/${id}`
  const baseDir = resolve(dataDir, 'containerd')
  return {
    id,
    runDir,
    socket: `${runDir}/containerd.sock`,
    stateDir: `${runDir}/state`,
    pidFile: `${runDir}/containerd.pid`,
    baseDir,
    rootDir: `${baseDir}/root`,
    configFile: `${baseDir}/config.toml`,
    logFile: `${baseDir}/containerd.log`,
    registryDir: `${baseDir}/certs.d`,
    cniConfDir: `${baseDir}/cni`,
    cniDataDir: `${baseDir}/cni-addresses`,
    cgroupParent: `/kapell-${id}`,
    ingressConfig: resolve(dataDir, 'ingress', 'haproxy.cfg'),
    linkName: `kapell${id}`,
  }
}
