import type { V1Role, V1RoleBinding } from '@kapell/openapi/types'
import { role, roleBinding, rule, serviceAccount, user } from './builders.ts'

/** Roles inside the system namespaces. */
export const systemRoles: readonly V1Role[] = [
  role('kube-public', 'system:controller:bootstrap-signer', [
    rule('get list watch', 'core', 'configmaps'),
    rule('update', 'core', 'configmaps', 'cluster-info'),
    rule('create patch update', 'core events.k8s.io', 'events'),
  ]),
  role('kube-system', 'extension-apiserver-authentication-reader', [
    rule('get list watch', 'core', 'configmaps', 'extension-apiserver-authentication'),
  ]),
  role('kube-system', 'system::leader-locking-kube-controller-manager', [
    rule('create get list update watch', 'coordination.k8s.io', 'leases'),
    rule('create get list update watch', 'coordination.k8s.io', 'leasecandidates'),
  ]),
  role('kube-system', 'system::leader-locking-kube-scheduler', [
    rule('create get list update watch', 'coordination.k8s.io', 'leases'),
    rule('create get list update watch', 'coordination.k8s.io', 'leasecandidates'),
  ]),
  role('kube-system', 'system:controller:bootstrap-signer', [rule('get list watch', 'core', 'secrets')]),
  role('kube-system', 'system:controller:cloud-provider', [rule('create get list watch', 'core', 'configmaps')]),
  role('kube-system', 'system:controller:token-cleaner', [
    rule('delete get list watch', 'core', 'secrets'),
    rule('create patch update', 'core events.k8s.io', 'events'),
  ]),
]

export const systemRoleBindings: readonly V1RoleBinding[] = [
  roleBinding('kube-public', 'system:controller:bootstrap-signer', 'system:controller:bootstrap-signer', [
    serviceAccount('kube-system', 'bootstrap-signer'),
  ]),
  roleBinding(
    'kube-system',
    'system::extension-apiserver-authentication-reader',
    'extension-apiserver-authentication-reader',
    [user('system:kube-controller-manager'), user('system:kube-scheduler')],
  ),
  roleBinding(
    'kube-system',
    'system::leader-locking-kube-controller-manager',
    'system::leader-locking-kube-controller-manager',
    [
      user('system:kube-controller-manager'),
      serviceAccount('kube-system', 'kube-controller-manager'),
      serviceAccount('kube-system', 'leader-election-controller'),
    ],
  ),
  roleBinding('kube-system', 'system::leader-locking-kube-scheduler', 'system::leader-locking-kube-scheduler', [
    user('system:kube-scheduler'),
    serviceAccount('kube-system', 'kube-scheduler'),
  ]),
  roleBinding('kube-system', 'system:controller:bootstrap-signer', 'system:controller:bootstrap-signer', [
    serviceAccount('kube-system', 'bootstrap-signer'),
  ]),
  roleBinding('kube-system', 'system:controller:cloud-provider', 'system:controller:cloud-provider', [
    serviceAccount('kube-system', 'cloud-provider'),
  ]),
  roleBinding('kube-system', 'system:controller:token-cleaner', 'system:controller:token-cleaner', [
    serviceAccount('kube-system', 'token-cleaner'),
  ]),
]
