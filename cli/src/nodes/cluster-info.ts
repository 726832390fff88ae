import type { ApiClient } from '@kapell/controllers/machinery/client'
import { clusterRoleBindings, clusterRoles, configMaps, roleBindings, roles } from '@kapell/openapi/meta/refs'
import { isReason } from '@kapell/openapi/meta/status'
import { ensure, group, rbac } from './cluster-config.ts'

/** Who joins with a token is a member of this group until it has a certificate. */
export const joiningGroup = 'system:bootstrappers:kapell:default-node-token'

const namespace = 'kube-public'
const name = 'cluster-info'
const key = 'kubeconfig'

/**
 * What a machine needs to join: the cluster's address and authority where everybody may read them (signed there by each
 * token), and for holders of a token the right to ask for a node's certificate, which is approved at once; nodes may
 * renew theirs. Source: "Authenticating with Bootstrap Tokens", "TLS bootstrapping"; the bindings are those of kubeadm.
 */
export async function publishClusterInfo(
  client: ApiClient,
  cluster: { server: string; caCertificate: string },
): Promise<void> {
  const csr = 'system:certificates.k8s.io:certificatesigningrequests'
  const bind = (called: string, role: string, to: string) =>
    ensure(client, clusterRoleBindings, {
      apiVersion: `${rbac}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: { name: called },
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: role },
      subjects: [group(to)],
    })
  await Promise.all([
    publish(client, kubeconfigOf(cluster)),
    ensure(client, roles, {
      apiVersion: `${rbac}/v1`,
      kind: 'Role',
      metadata: { name: 'kapell:cluster-info', namespace },
      rules: [{ apiGroups: [''], resources: ['configmaps'], resourceNames: [name], verbs: ['get'] }],
    }),
    ensure(client, roleBindings, {
      apiVersion: `${rbac}/v1`,
      kind: 'RoleBinding',
      metadata: { name: 'kapell:cluster-info', namespace },
      roleRef: { apiGroup: rbac, kind: 'Role', name: 'kapell:cluster-info' },
      subjects: [{ kind: 'User', apiGroup: rbac, name: 'system:anonymous' }],
    }),
    ensure(client, clusterRoles, {
      apiVersion: `${rbac}/v1`,
      kind: 'ClusterRole',
      metadata: { name: 'kapell:get-nodes' },
      rules: [{ apiGroups: [''], resources: ['nodes'], verbs: ['get'] }],
    }),
    bind('kapell:get-nodes', 'kapell:get-nodes', joiningGroup),
    bind('kapell:node-bootstrap', 'system:node-bootstrapper', joiningGroup),
    bind('kapell:node-autoapprove-bootstrap', `${csr}:nodeclient`, joiningGroup),
    bind('kapell:node-autoapprove-certificate-rotation', `${csr}:selfnodeclient`, 'system:nodes'),
  ])
}

/** Without a user: that is what the one who reads it lacks. */
export function kubeconfigOf({ server, caCertificate }: { server: string; caCertificate: string }): string {
  return `apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: ${Buffer.from(caCertificate).toString('base64')}
    server: ${server}
  name: ""
contexts: null
current-context: ""
kind: Config
users: null
`
}

/** Leaves the signatures beside it to those who sign. */
async function publish(client: ApiClient, kubeconfig: string): Promise<void> {
  const maps = client.resource(configMaps, namespace)
  try {
    await maps.create({ metadata: { name }, data: { [key]: kubeconfig } })
  } catch (error) {
    if (!isReason(error, 'AlreadyExists')) throw error
    const { data } = await maps.get(name)
    if (data?.[key] !== kubeconfig) await maps.patch(name, 'merge', { data: { [key]: kubeconfig } })
  }
}
