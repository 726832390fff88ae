import { apiVersionOf, type GroupVersionKind } from '../meta/object.ts'

/**
 * Versions in which a server of 1.36 still reads kinds that it serves in another one only: who sends such an object is
 * told that its version is not the expected one, rather than that nobody knows the kind. Recorded from the answers of a
 * running original.
 */
const readable = new Map<string, ReadonlySet<string>>()

function add(apiVersions: string, kinds: string): void {
  for (const apiVersion of apiVersions.split(' ')) {
    readable.set(apiVersion, new Set([...(readable.get(apiVersion) ?? []), ...kinds.trim().split(/\s+/)]))
  }
}

const policies = `MutatingAdmissionPolicy MutatingAdmissionPolicyBinding ValidatingAdmissionPolicy
  ValidatingAdmissionPolicyBinding`
const events = 'v1 events.k8s.io/v1 events.k8s.io/v1beta1'

add('admissionregistration.k8s.io/v1alpha1 admissionregistration.k8s.io/v1beta1', policies)
add('admissionregistration.k8s.io/v1beta1', 'MutatingWebhookConfiguration ValidatingWebhookConfiguration')
add('apiextensions.k8s.io/v1beta1', 'CustomResourceDefinition')
add('apiregistration.k8s.io/v1beta1', 'APIService')
add('apps/v1beta1', 'ControllerRevision Deployment Scale StatefulSet')
add('apps/v1beta2', 'ControllerRevision DaemonSet Deployment ReplicaSet Scale StatefulSet')
add('extensions/v1beta1', 'DaemonSet Deployment Ingress NetworkPolicy ReplicaSet Scale')
add('authentication.k8s.io/v1alpha1 authentication.k8s.io/v1beta1', 'SelfSubjectReview')
add('authentication.k8s.io/v1beta1', 'TokenReview')
add(
  'authorization.k8s.io/v1beta1',
  'LocalSubjectAccessReview SelfSubjectAccessReview SelfSubjectRulesReview SubjectAccessReview',
)
add('autoscaling/v1 autoscaling/v2', 'HorizontalPodAutoscaler')
add('batch/v1beta1', 'CronJob')
add('certificates.k8s.io/v1beta1', 'CertificateSigningRequest')
add('coordination.k8s.io/v1beta1', 'Lease')
add('discovery.k8s.io/v1beta1', 'EndpointSlice')
add(events, 'Event')
for (const version of ['v1beta1', 'v1beta2', 'v1beta3'])
  add(`flowcontrol.apiserver.k8s.io/${version}`, 'FlowSchema PriorityLevelConfiguration')
add('networking.k8s.io/v1beta1', 'IPAddress Ingress IngressClass ServiceCIDR')
add('node.k8s.io/v1alpha1 node.k8s.io/v1beta1', 'RuntimeClass')
add('policy/v1beta1', 'PodDisruptionBudget')
add(
  'rbac.authorization.k8s.io/v1alpha1 rbac.authorization.k8s.io/v1beta1',
  'ClusterRole ClusterRoleBinding Role RoleBinding',
)
add('resource.k8s.io/v1beta1 resource.k8s.io/v1beta2', 'DeviceClass ResourceClaim ResourceClaimTemplate ResourceSlice')
add('scheduling.k8s.io/v1beta1', 'PriorityClass')
add('storage.k8s.io/v1alpha1', 'CSIStorageCapacity VolumeAttachment VolumeAttributesClass')
add(
  'storage.k8s.io/v1beta1',
  'CSIDriver CSINode CSIStorageCapacity StorageClass VolumeAttachment VolumeAttributesClass',
)

/** Whether an object that says it is one of these can be read as the kind of the same name that is served. */
export function isReadableAs(named: GroupVersionKind, wanted: GroupVersionKind): boolean {
  return named.kind === wanted.kind && (readable.get(apiVersionOf(named))?.has(named.kind) ?? false)
}
