import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import { startCluster, type EmbeddedCluster } from '@kapell/cli'
import { Kubectl, temporaryDir } from './kapell.ts'

/** What a user of a kubeconfig shows to the server. */
export interface Credentials {
  token?: string
  username?: string
  password?: string
  'client-certificate-data'?: string
  'client-key-data'?: string
}

/** An embedded control plane, without a node, and stock kubectl against its port. */
export interface ControlPlane {
  readonly cluster: EmbeddedCluster
  readonly kubectl: Kubectl
  readonly dir: string
  /** kubectl with other credentials, or with none. */
  as(name: string, credentials: Credentials): Kubectl
  /** Writes a file that a command can be given. */
  file(name: string, text: string, mode?: number): string
  close(): Promise<void>
}

export async function startControlPlane(name: string): Promise<ControlPlane> {
  const { path: dir, remove } = temporaryDir(name)
  const cluster = await startCluster({ dataDir: join(dir, 'data') })
  const file = (called: string, text: string, mode = 0o600): string => {
    const path = join(dir, called)
    writeFileSync(path, text, { mode })
    chmodSync(path, mode)
    return path
  }
  return {
    cluster,
    dir,
    file,
    kubectl: new Kubectl(file('kubeconfig', cluster.kubeconfig)),
    as: (user, credentials) => {
      const config = parse(cluster.kubeconfig) as { users: { user: Credentials }[] }
      config.users[0]!.user = credentials
      return new Kubectl(file(`kubeconfig-${user}`, stringify(config)))
    },
    close: async () => {
      await cluster.close()
      remove()
    },
  }
}

/** A Deployment as a user writes one, of a program that no node needs to run. */
export const deployment = (name: string, more: object = {}): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, labels: { app: name } },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: 'web', image: 'web:1', ports: [{ containerPort: 8080 }] }] },
    },
    ...more,
  },
})

export const configMap = (name: string, data: Record<string, string> = {}): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  data,
})
