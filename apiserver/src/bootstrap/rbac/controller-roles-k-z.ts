import type { V1ClusterRole } from '@kapell/openapi/types'
import { controllerRole, rule } from './builders.ts'

/** Roles of the controllers, each for its own service account: second half. */
export const controllerRolesSecond: readonly V1ClusterRole[] = [
  // These two are ours alone: the others are upstream's.
  controllerRole('kubelet-serving-approver', [
    rule('get list watch', 'certificates.k8s.io', 'certificatesigningrequests'),
    rule('update', 'certificates.k8s.io', 'certificatesigningrequests/approval'),
    rule('approve', 'certificates.k8s.io', 'signers', 'kubernetes.io/kubelet-serving'),
    rule('get', 'core', 'nodes'),
    rule('create patch update', 'core events.k8s.io', 'events'),
  ]),
  controllerRole('ingress-address-controller', [
    rule('update', 'networking.k8s.io', 'ingresses/status'),
    rule('create patch update', 'core events.k8s.io', 'events'),
  ]),
  controllerRole('local-path-provisioner', [
    rule('create delete get list update watch', 'core', 'persistentvolumes'),
    rule('get list update watch', 'core', 'persistentvolumeclaims'),
    rule('update', 'core', 'persistentvolumeclaims/status'),
    rule('create get list watch', 'storage.k8s.io', 'storageclasses'),
    rule('get list watch', 'core', 'nodes'),
    rule('delete', 'core', 'nodes/proxy'),
    rule('create patch update', 'core events.k8s.io', 'events'),
  ]),
  controllerRole('persistent-volume-binder', [
    rule('create delete get list update watch', 'core', 'persistentvolumes'),
    rule('update', 'core', 'persistentvolumes/status'),
    rule('get list update watch', 'core', 'persistentvolumeclaims'),
    rule('update', 'core', 'persistentvolumeclaims/status'),
    rule('create delete get list watch', 'core', 'pods'),
    rule('get list watch', 'storage.k8s.io', 'storageclasses'),
    rule('list watch', 'core', 'nodes'),
    rule('create patch update', 'core events.k8s.io', 'events'),
    rule('watch', 'core', 'events'),
  ]),
  controllerRole('pod-garbage-collector', [
    rule('delete list watch', 'core', 'pods'),
    rule('get list watch', 'core', 'nodes'),
    rule('patch', 'core', 'pods/status'),
  ]),
  controllerRole('pv-protection-controller', [
    rule('get list update watch', 'core', 'persistentvolumes'),
    rule('create patch update', 'core events.k8s.io', 'events'),
  ]),
  controllerRole('pvc-protection-controller', [
    rule('get list update watch', 'core', 'persistentvolumeclaims'),
    rule('update', 'core', 'persistentvolumeclaims/status'),
    rule('get list watch', 'core', 'pods'),
    rule('create patch update', 'core events.k8s.io', 'events'),
  ]),
  controllerRole('replicaset-controller', [
    rule('get list update watch', 'apps extensions', 'replicasets'),
    rule('update', 'apps extensions', 'replicasets/status'),
    rule('update', 'apps extensions', 'replicasets/finalizers'),
    rule('create delete list patch watch', 'core', 'pods'),
    rule('create patch update', 'core events.k8s.io', 'events'),
  ]),
  controllerRole('replication-controller', [
    rule('get list update watch', 'core', 'replicationcontrollers'),
    rule('update', 'core', 'replicationcontrollers/status'),
    rule('update', 'core', 'replicationcontrollers/finalizers'),
    rule('create delete list patch watch', 'core', 'pods'),
    rule('create patch update', 'core events.k8s.io', 'events'),
  ]),
  controllerRole('resource-claim-controller', [
    rule('get list watch', 'core', 'pods'),
    rule('update', 'core', 'pods/finalizers'),
    rule('create delete get list watch', 'resource.k8s.io', 'resourceclaims'),
    rule('patch update', 'resource.k8s.io', 'resourceclaims resourceclaims/status'),
    rule('patch update', 'core', 'pods/status'),
    rule('create patch update', 'core events.k8s.io', 'events'),
    rule('patch update', 'resource.k8s.io', 'resourceclaims/binding'),
  ]),
  controllerRole('resourcequota-controller', [
    rule('list watch', '*', '*'),
    rule('update', 'core', 'resourcequotas/status'),
    rule('create patch update', 'core events.k8s.io', 'events'),
  ]),
  controllerRole('root-ca-cert-publisher', [
    rule('create update', 'core', 'configmaps'),
    rule('create patch update', 'core events.k8s.io', 'events'),
  ]),
  controllerRole('route-controller', [
    rule('list watch', 'core', 'nodes'),
    rule('patch', 'core', 'nodes/status'),
    rule('create patch update', 'core events.k8s.io', 'events'),
  ]),
  controllerRole('selinux-warning-controller', [
    rule('create patch update', 'core events.k8s.io', 'events'),
    rule('get list watch', 'core', 'persistentvolumes'),
    rule('get list watch', 'core', 'persistentvolumeclaims'),
    rule('get list watch', 'core', 'pods'),
    rule('get list watch', 'storage.k8s.io', 'csidrivers'),
  ]),
  controllerRole('service-account-controller', [
    rule('create', 'core', 'serviceaccounts'),
    rule('create patch update', 'core events.k8s.io', 'events'),
  ]),
  controllerRole('service-cidrs-controller', [
    rule('get list patch update watch', 'networking.k8s.io', 'servicecidrs'),
    rule('patch update', 'networking.k8s.io', 'servicecidrs/finalizers'),
    rule('patch update', 'networking.k8s.io', 'servicecidrs/status'),
    rule('get list watch', 'networking.k8s.io', 'ipaddresses'),
    rule('create patch update', 'core events.k8s.io', 'events'),
  ]),
  controllerRole('service-controller', [
    rule('get list watch', 'core', 'services'),
    rule('patch update', 'core', 'services/status'),
    rule('list watch', 'core', 'nodes'),
    rule('create patch update', 'core events.k8s.io', 'events'),
  ]),
  controllerRole('statefulset-controller', [
    rule('list watch', 'core', 'pods'),
    rule('get list watch', 'apps', 'statefulsets'),
    rule('update', 'apps', 'statefulsets/status'),
    rule('update', 'apps', 'statefulsets/finalizers'),
    rule('create delete get patch update', 'core', 'pods'),
    rule('create delete get list patch update watch', 'apps', 'controllerrevisions'),
    rule('create get list watch', 'core', 'persistentvolumeclaims'),
    rule('delete update', 'core', 'persistentvolumeclaims'),
    rule('update', 'core', 'pods/finalizers'),
    rule('create patch update', 'core events.k8s.io', 'events'),
  ]),
  controllerRole('ttl-after-finished-controller', [
    rule('delete get list watch', 'batch', 'jobs'),
    rule('create patch update', 'core events.k8s.io', 'events'),
  ]),
  controllerRole('ttl-controller', [
    rule('list patch update watch', 'core', 'nodes'),
    rule('create patch update', 'core events.k8s.io', 'events'),
  ]),
  controllerRole('validatingadmissionpolicy-status-controller', [
    rule('get list watch', 'admissionregistration.k8s.io', 'validatingadmissionpolicies'),
    rule('get patch update', 'admissionregistration.k8s.io', 'validatingadmissionpolicies/status'),
    rule('create patch update', 'core events.k8s.io', 'events'),
  ]),
  controllerRole('volumeattributesclass-protection-controller', [
    rule('get list watch', 'core', 'persistentvolumeclaims'),
    rule('get list watch', 'core', 'persistentvolumes'),
    rule('get list update watch', 'storage.k8s.io', 'volumeattributesclasses'),
    rule('create patch update', 'core events.k8s.io', 'events'),
  ]),
]
