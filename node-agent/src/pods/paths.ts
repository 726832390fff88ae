import { join } from 'node:path'
import type { PodIdentity } from './record.ts'

/** Where a node keeps what belongs to its pods. */
export interface NodePaths {
  pods: string
  logs: string
  pod(uid: string): string
  /** Log files, kept as upstream names them: NAMESPACE_NAME_UID/CONTAINER/ATTEMPT.log. */
  podLogs(pod: PodIdentity): string
  volumes(uid: string): string
  subPaths(uid: string): string
  /** Profiles that pods name: type Localhost. */
  seccomp: string
  hostsFile(uid: string): string
  terminationFile(uid: string, container: string, attempt: number): string
}

export function nodePaths(dataDir: string): NodePaths {
  const pods = join(dataDir, 'node', 'pods')
  const logs = join(dataDir, 'node', 'logs')
  const pod = (uid: string): string => join(pods, uid)
  return {
    pods,
    logs,
    seccomp: join(dataDir, 'node', 'seccomp'),
    pod,
    podLogs: (identity) => join(logs, `${identity.namespace}_${identity.name}_${identity.uid}`),
    volumes: (uid) => join(pod(uid), 'volumes'),
    subPaths: (uid) => join(pod(uid), 'volume-subpaths'),
    hostsFile: (uid) => join(pod(uid), 'etc-hosts'),
    terminationFile: (uid, container, attempt) => join(pod(uid), 'containers', container, `${attempt}`),
  }
}
