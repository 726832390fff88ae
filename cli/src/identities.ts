import type { UserInfo } from '@kapell/apiserver/authentication/user'

/**
 * Who the parts of a cluster are to its API server. RBAC's bootstrap roles are bound to these names.
 * Source: "Using RBAC Authorization", "Default Roles and Role Bindings".
 */
const authenticated = 'system:authenticated'

export const admin: UserInfo = { username: 'kubernetes-admin', groups: ['system:masters', authenticated] }
export const scheduler: UserInfo = { username: 'system:kube-scheduler', groups: [authenticated] }
export const proxy: UserInfo = { username: 'system:kube-proxy', groups: [authenticated] }
export const controllerManager: UserInfo = { username: 'system:kube-controller-manager', groups: [authenticated] }

/** Each controller acts as its own service account in kube-system. */
export function controllerIdentity(name: string): UserInfo {
  return {
    username: `system:serviceaccount:kube-system:${name}`,
    groups: ['system:serviceaccounts', 'system:serviceaccounts:kube-system', authenticated],
  }
}

export function nodeIdentity(nodeName: string): UserInfo {
  return { username: `system:node:${nodeName}`, groups: ['system:nodes', authenticated] }
}
