import type { V1ClusterRoleBinding } from '@kapell/openapi/types'
import { clusterRoleBinding, group, serviceAccount, user } from './builders.ts'
import { controllerRolesFirst } from './controller-roles-a-j.ts'
import { controllerRolesSecond } from './controller-roles-k-z.ts'

const prefix = 'system:controller:'

/** Who gets which role from the start; a controller's role goes to the service account of its name. */
export const clusterRoleBindings: readonly V1ClusterRoleBinding[] = [
  clusterRoleBinding('cluster-admin', 'cluster-admin', [group('system:masters')]),
  clusterRoleBinding('system:basic-user', 'system:basic-user', [group('system:authenticated')]),
  clusterRoleBinding('system:discovery', 'system:discovery', [group('system:authenticated')]),
  clusterRoleBinding('system:kube-controller-manager', 'system:kube-controller-manager', [
    user('system:kube-controller-manager'),
  ]),
  clusterRoleBinding('system:kube-dns', 'system:kube-dns', [serviceAccount('kube-system', 'kube-dns')]),
  clusterRoleBinding('system:kube-scheduler', 'system:kube-scheduler', [user('system:kube-scheduler')]),
  clusterRoleBinding('system:monitoring', 'system:monitoring', [group('system:monitoring')]),
  clusterRoleBinding('system:node', 'system:node', []),
  clusterRoleBinding('system:node-proxier', 'system:node-proxier', [user('system:kube-proxy')]),
  clusterRoleBinding('kapell:network-policies', 'kapell:network-policies', [user('system:kube-proxy')]),
  clusterRoleBinding('kapell:ingress', 'kapell:ingress', [user('system:kube-proxy')]),
  clusterRoleBinding('system:public-info-viewer', 'system:public-info-viewer', [
    group('system:authenticated'),
    group('system:unauthenticated'),
  ]),
  clusterRoleBinding('system:service-account-issuer-discovery', 'system:service-account-issuer-discovery', [
    group('system:serviceaccounts'),
  ]),
  clusterRoleBinding('system:volume-scheduler', 'system:volume-scheduler', [user('system:kube-scheduler')]),
  ...[...controllerRolesFirst, ...controllerRolesSecond].map((role) => {
    const name = role.metadata?.name ?? ''
    return clusterRoleBinding(name, name, [serviceAccount('kube-system', name.slice(prefix.length))])
  }),
]
