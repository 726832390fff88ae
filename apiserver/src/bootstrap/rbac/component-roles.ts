import type { V1ClusterRole } from '@kapell/openapi/types'
import { nodeRules } from '../../authorization/node-rules.ts'
import { clusterRole, rule, urls } from './builders.ts'

/** Roles of the control plane's components, nodes and helpers. */
export const componentRoles: readonly V1ClusterRole[] = [
  clusterRole('system:auth-delegator', [
    rule('create', 'authentication.k8s.io', 'tokenreviews'),
    rule('create', 'authorization.k8s.io', 'subjectaccessreviews'),
  ]),
  clusterRole('system:certificates.k8s.io:certificatesigningrequests:nodeclient', [
    rule('create', 'certificates.k8s.io', 'certificatesigningrequests/nodeclient'),
  ]),
  clusterRole('system:certificates.k8s.io:certificatesigningrequests:selfnodeclient', [
    rule('create', 'certificates.k8s.io', 'certificatesigningrequests/selfnodeclient'),
  ]),
  clusterRole('system:certificates.k8s.io:kube-apiserver-client-approver', [
    rule('approve', 'certificates.k8s.io', 'signers', 'kubernetes.io/kube-apiserver-client'),
  ]),
  clusterRole('system:certificates.k8s.io:kube-apiserver-client-kubelet-approver', [
    rule('approve', 'certificates.k8s.io', 'signers', 'kubernetes.io/kube-apiserver-client-kubelet'),
  ]),
  clusterRole('system:certificates.k8s.io:kubelet-serving-approver', [
    rule('approve', 'certificates.k8s.io', 'signers', 'kubernetes.io/kubelet-serving'),
  ]),
  clusterRole('system:certificates.k8s.io:legacy-unknown-approver', [
    rule('approve', 'certificates.k8s.io', 'signers', 'kubernetes.io/legacy-unknown'),
  ]),
  clusterRole('system:heapster', [
    rule('get list watch', 'core', 'events namespaces nodes pods'),
    rule('get list watch', 'extensions', 'deployments'),
  ]),
  clusterRole('system:kube-aggregator', [rule('get list watch', 'core', 'endpoints services')]),
  clusterRole('system:kube-controller-manager', [
    rule('create patch update', 'core events.k8s.io', 'events'),
    rule('create', 'coordination.k8s.io', 'leases'),
    rule('get update', 'coordination.k8s.io', 'leases', 'kube-controller-manager'),
    rule('create', 'core', 'secrets serviceaccounts'),
    rule('delete', 'core', 'secrets'),
    rule('get', 'core', 'configmaps namespaces secrets serviceaccounts'),
    rule('update', 'core', 'secrets serviceaccounts'),
    rule('create', 'authentication.k8s.io', 'tokenreviews'),
    rule('create', 'authorization.k8s.io', 'subjectaccessreviews'),
    rule('list watch', '*', '*'),
    rule('create', 'core', 'serviceaccounts/token'),
  ]),
  clusterRole('system:kube-dns', [rule('list watch', 'core', 'endpoints services')]),
  clusterRole('system:kube-scheduler', [
    rule('create patch update', 'core events.k8s.io', 'events'),
    rule('create', 'coordination.k8s.io', 'leases'),
    rule('get list update watch', 'coordination.k8s.io', 'leases', 'kube-scheduler'),
    rule('create delete deletecollection get list patch update watch', 'coordination.k8s.io', 'leasecandidates'),
    rule('get list watch', 'core', 'nodes'),
    rule('delete get list watch', 'core', 'pods'),
    rule('create', 'core', 'bindings pods/binding'),
    rule('patch update', 'core', 'pods/status'),
    rule('get list watch', 'core', 'replicationcontrollers services'),
    rule('get list watch', 'apps extensions', 'replicasets'),
    rule('get list watch', 'apps', 'statefulsets'),
    rule('get list watch', 'policy', 'poddisruptionbudgets'),
    rule('get list watch', 'core', 'persistentvolumeclaims persistentvolumes'),
    rule('create', 'authentication.k8s.io', 'tokenreviews'),
    rule('create', 'authorization.k8s.io', 'subjectaccessreviews'),
    rule('get list watch', 'storage.k8s.io', 'csinodes'),
    rule('get list watch', 'storage.k8s.io', 'volumeattachments'),
    rule('get list watch', 'core', 'namespaces'),
    rule('get list watch', 'storage.k8s.io', 'csidrivers'),
    rule('get list watch', 'storage.k8s.io', 'csistoragecapacities'),
    rule('get list watch', 'resource.k8s.io', 'deviceclasses'),
    rule('get list patch update watch', 'resource.k8s.io', 'resourceclaims'),
    rule('get list patch update watch', 'resource.k8s.io', 'resourceclaims/status'),
    rule('update', 'core', 'pods/finalizers'),
    rule('get list watch', 'resource.k8s.io', 'resourceslices'),
    rule('create delete', 'resource.k8s.io', 'resourceclaims'),
    rule('patch update', 'resource.k8s.io', 'resourceclaims/binding'),
  ]),
  clusterRole('system:kubelet-api-admin', [
    rule('get list watch', 'core', 'nodes'),
    rule('proxy', 'core', 'nodes'),
    rule('*', 'core', 'nodes/log nodes/metrics nodes/proxy nodes/stats'),
    rule('*', 'core', 'nodes/configz nodes/healthz nodes/pods'),
  ]),
  clusterRole('system:node', nodeRules),
  clusterRole('system:node-bootstrapper', [
    rule('create get list watch', 'certificates.k8s.io', 'certificatesigningrequests'),
  ]),
  clusterRole('system:node-problem-detector', [
    rule('get', 'core', 'nodes'),
    rule('patch', 'core', 'nodes/status'),
    rule('create patch update', 'core events.k8s.io', 'events'),
  ]),
  clusterRole('system:node-proxier', [
    rule('list watch', 'core', 'endpoints services'),
    rule('get list watch', 'core', 'nodes'),
    rule('create patch update', 'core events.k8s.io', 'events'),
    rule('list watch', 'networking.k8s.io', 'servicecidrs'),
    rule('list watch', 'discovery.k8s.io', 'endpointslices'),
  ]),
  clusterRole('system:persistent-volume-provisioner', [
    rule('create delete get list watch', 'core', 'persistentvolumes'),
    rule('get list update watch', 'core', 'persistentvolumeclaims'),
    rule('get list watch', 'storage.k8s.io', 'storageclasses'),
    rule('watch', 'core', 'events'),
    rule('create patch update', 'core events.k8s.io', 'events'),
  ]),
  clusterRole('system:service-account-issuer-discovery', [
    urls(
      'get',
      '/.well-known/openid-configuration /.well-known/openid-configuration/ /openid/v1/jwks /openid/v1/jwks/',
    ),
  ]),
  // Not upstream's, whose proxy knows no policies: what our nodes read to enforce NetworkPolicies.
  clusterRole('kapell:network-policies', [
    rule('list watch', 'core', 'namespaces pods'),
    rule('list watch', 'networking.k8s.io', 'networkpolicies'),
  ]),
  // And to serve Ingresses; the Secrets they name, the Node authorizer gives each node one by one.
  clusterRole('kapell:ingress', [rule('list watch', 'networking.k8s.io', 'ingresses ingressclasses')]),
  clusterRole('system:volume-scheduler', [
    rule('get list patch update watch', 'core', 'persistentvolumes'),
    rule('get list watch', 'storage.k8s.io', 'storageclasses'),
    rule('get list patch update watch', 'core', 'persistentvolumeclaims'),
  ]),
]
