import type { ApiClient } from '@kapell/controllers/machinery/client'
import type { KubeObject } from '@kapell/openapi/meta/object'
import { clusterRoleBindings, configMaps, roleBindings, roles } from '@kapell/openapi/meta/refs'
import type { ResourceRef } from '@kapell/openapi/meta/resource-ref'
import { isReason } from '@kapell/openapi/meta/status'
import type { NodeNetwork } from '@kapell/node-agent/runtime/node-network'
import { UserError } from '../errors.ts'

/** What every node has to know of the cluster. */
export interface ClusterConfig {
  /** Of one family, or of both: "10.96.0.0/16,fd00:10:96::/112". */
  serviceClusterIpRange: string
  /** Of all nodes' pods, the same way. */
  clusterCidr: string
  /** Of nodes that are inside the machine that started the cluster, where it has such. */
  nodeNetwork?: NodeNetwork
  /** "" : the nodes' own addresses. */
  loadBalancerRange: string
  /** "80,443"; "": Ingresses are not served. */
  ingressPorts: string
}

const namespace = 'kube-system'
const name = 'kapell-cluster'
export const rbac = 'rbac.authorization.k8s.io'
export const group = (of: string) => ({ kind: 'Group', apiGroup: rbac, name: of })

/** Publishes it for the nodes, and lets them read what their part of Services, DNS and network policies needs. */
export async function publishClusterConfig(client: ApiClient, config: ClusterConfig): Promise<void> {
  const { nodeNetwork, ...ranges } = config
  const nodesMay = (called: string, role: string) =>
    ensure(client, clusterRoleBindings, {
      apiVersion: `${rbac}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: { name: called },
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: role },
      subjects: [group('system:nodes')],
    })
  await Promise.all([
    ensure(client, configMaps, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, namespace },
      data: { ...ranges, ...(nodeNetwork === undefined ? {} : { nodeNetwork: JSON.stringify(nodeNetwork) }) },
    }),
    ensure(client, roles, {
      apiVersion: `${rbac}/v1`,
      kind: 'Role',
      metadata: { name: 'kapell:cluster-config', namespace },
      rules: [{ apiGroups: [''], resources: ['configmaps'], resourceNames: [name], verbs: ['get'] }],
    }),
    ensure(client, roleBindings, {
      apiVersion: `${rbac}/v1`,
      kind: 'RoleBinding',
      metadata: { name: 'kapell:cluster-config', namespace },
      roleRef: { apiGroup: rbac, kind: 'Role', name: 'kapell:cluster-config' },
      subjects: [group('system:nodes')],
    }),
    nodesMay('kapell:nodes-proxy', 'system:node-proxier'),
    nodesMay('kapell:nodes-network-policies', 'kapell:network-policies'),
    nodesMay('kapell:nodes-ingress', 'kapell:ingress'),
  ])
}

/** @throws UserError when the cluster publishes none. */
export async function readClusterConfig(client: ApiClient): Promise<ClusterConfig> {
  const { data = {} } = await client.resource(configMaps, namespace).get(name)
  const { serviceClusterIpRange, clusterCidr, loadBalancerRange = '', ingressPorts = '' } = data
  if (serviceClusterIpRange === undefined || clusterCidr === undefined)
    throw new UserError(`the cluster's ConfigMap ${namespace}/${name} does not say which ranges it uses`)
  const nodeNetwork = parseNodeNetwork(data['nodeNetwork'])
  return {
    serviceClusterIpRange,
    clusterCidr,
    loadBalancerRange,
    ingressPorts,
    ...(nodeNetwork === undefined ? {} : { nodeNetwork }),
  }
}

function parseNodeNetwork(text: string | undefined): NodeNetwork | undefined {
  if (text === undefined) return undefined
  try {
    return JSON.parse(text) as NodeNetwork
  } catch (error) {
    throw new UserError(`the cluster's ConfigMap ${namespace}/${name} does not say where its nodes are`, {
      cause: error,
    })
  }
}

/** Creates the object, or replaces the one there is. */
export async function ensure<T extends KubeObject>(client: ApiClient, ref: ResourceRef<T>, object: T): Promise<void> {
  const resource = client.resource(ref, object.metadata?.namespace)
  try {
    await resource.create(object)
  } catch (error) {
    if (!isReason(error, 'AlreadyExists')) throw error
    await resource.update(object)
  }
}
