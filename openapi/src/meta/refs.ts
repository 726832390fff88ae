import type {
  CoreV1Event,
  EventsV1Event,
  ResourceV1ResourceClaim,
  V1APIService,
  V1Binding,
  V1CSIDriver,
  V1CSINode,
  V1CSIStorageCapacity,
  V1CertificateSigningRequest,
  V1ClusterRole,
  V1ClusterRoleBinding,
  V1ConfigMap,
  V1ControllerRevision,
  V1CronJob,
  V1CustomResourceDefinition,
  V1DaemonSet,
  V1Deployment,
  V1DeviceClass,
  V1EndpointSlice,
  V1Endpoints,
  V1FlowSchema,
  V1HorizontalPodAutoscaler,
  V1IPAddress,
  V1Ingress,
  V1IngressClass,
  V1Job,
  V1Lease,
  V1LimitRange,
  V1LocalSubjectAccessReview,
  V1MutatingAdmissionPolicy,
  V1MutatingAdmissionPolicyBinding,
  V1MutatingWebhookConfiguration,
  V1Namespace,
  V1NetworkPolicy,
  V1Node,
  V1PersistentVolume,
  V1PersistentVolumeClaim,
  V1Pod,
  V1PodDisruptionBudget,
  V1PodTemplate,
  V1PriorityClass,
  V1PriorityLevelConfiguration,
  V1ReplicaSet,
  V1ReplicationController,
  V1ResourceClaimTemplate,
  V1ResourceQuota,
  V1ResourceSlice,
  V1Role,
  V1RoleBinding,
  V1RuntimeClass,
  V1Secret,
  V1SelfSubjectAccessReview,
  V1SelfSubjectReview,
  V1SelfSubjectRulesReview,
  V1Service,
  V1ServiceAccount,
  V1ServiceCIDR,
  V1StatefulSet,
  V1StorageClass,
  V1SubjectAccessReview,
  V1TokenReview,
  V1ValidatingAdmissionPolicy,
  V1ValidatingAdmissionPolicyBinding,
  V1ValidatingWebhookConfiguration,
  V1VolumeAttachment,
  V1VolumeAttributesClass,
  V2HorizontalPodAutoscaler,
} from '../types.ts'
import type { KubeObject } from './object.ts'
import type { ResourceRef } from './resource-ref.ts'

/**
 * How clients address every built-in resource, with the type of its objects. Named by the camel-case plural; where two
 * groups serve the same plural the elder keeps the bare name (`events` is core/v1, `eventsV1` is events.k8s.io).
 */
function ref<T extends KubeObject>(
  group: string,
  version: string,
  kind: string,
  plural: string,
  namespaced: boolean,
): ResourceRef<T> {
  return { group, version, kind, plural, namespaced }
}

// core
export const bindings = ref<V1Binding>('', 'v1', 'Binding', 'bindings', true)
export const configMaps = ref<V1ConfigMap>('', 'v1', 'ConfigMap', 'configmaps', true)
export const endpoints = ref<V1Endpoints>('', 'v1', 'Endpoints', 'endpoints', true)
export const events = ref<CoreV1Event>('', 'v1', 'Event', 'events', true)
export const limitRanges = ref<V1LimitRange>('', 'v1', 'LimitRange', 'limitranges', true)
export const namespaces = ref<V1Namespace>('', 'v1', 'Namespace', 'namespaces', false)
export const nodes = ref<V1Node>('', 'v1', 'Node', 'nodes', false)
export const persistentVolumeClaims = ref<V1PersistentVolumeClaim>(
  '',
  'v1',
  'PersistentVolumeClaim',
  'persistentvolumeclaims',
  true,
)
export const persistentVolumes = ref<V1PersistentVolume>('', 'v1', 'PersistentVolume', 'persistentvolumes', false)
export const pods = ref<V1Pod>('', 'v1', 'Pod', 'pods', true)
export const podTemplates = ref<V1PodTemplate>('', 'v1', 'PodTemplate', 'podtemplates', true)
export const replicationControllers = ref<V1ReplicationController>(
  '',
  'v1',
  'ReplicationController',
  'replicationcontrollers',
  true,
)
export const resourceQuotas = ref<V1ResourceQuota>('', 'v1', 'ResourceQuota', 'resourcequotas', true)
export const secrets = ref<V1Secret>('', 'v1', 'Secret', 'secrets', true)
export const serviceAccounts = ref<V1ServiceAccount>('', 'v1', 'ServiceAccount', 'serviceaccounts', true)
export const services = ref<V1Service>('', 'v1', 'Service', 'services', true)

// admissionregistration.k8s.io
export const mutatingAdmissionPolicies = ref<V1MutatingAdmissionPolicy>(
  'admissionregistration.k8s.io',
  'v1',
  'MutatingAdmissionPolicy',
  'mutatingadmissionpolicies',
  false,
)
export const mutatingAdmissionPolicyBindings = ref<V1MutatingAdmissionPolicyBinding>(
  'admissionregistration.k8s.io',
  'v1',
  'MutatingAdmissionPolicyBinding',
  'mutatingadmissionpolicybindings',
  false,
)
export const mutatingWebhookConfigurations = ref<V1MutatingWebhookConfiguration>(
  'admissionregistration.k8s.io',
  'v1',
  'MutatingWebhookConfiguration',
  'mutatingwebhookconfigurations',
  false,
)
export const validatingAdmissionPolicies = ref<V1ValidatingAdmissionPolicy>(
  'admissionregistration.k8s.io',
  'v1',
  'ValidatingAdmissionPolicy',
  'validatingadmissionpolicies',
  false,
)
export const validatingAdmissionPolicyBindings = ref<V1ValidatingAdmissionPolicyBinding>(
  'admissionregistration.k8s.io',
  'v1',
  'ValidatingAdmissionPolicyBinding',
  'validatingadmissionpolicybindings',
  false,
)
export const validatingWebhookConfigurations = ref<V1ValidatingWebhookConfiguration>(
  'admissionregistration.k8s.io',
  'v1',
  'ValidatingWebhookConfiguration',
  'validatingwebhookconfigurations',
  false,
)

// apiextensions.k8s.io
export const customResourceDefinitions = ref<V1CustomResourceDefinition>(
  'apiextensions.k8s.io',
  'v1',
  'CustomResourceDefinition',
  'customresourcedefinitions',
  false,
)

// apiregistration.k8s.io
export const apiServices = ref<V1APIService>('apiregistration.k8s.io', 'v1', 'APIService', 'apiservices', false)

// apps
export const controllerRevisions = ref<V1ControllerRevision>(
  'apps',
  'v1',
  'ControllerRevision',
  'controllerrevisions',
  true,
)
export const daemonSets = ref<V1DaemonSet>('apps', 'v1', 'DaemonSet', 'daemonsets', true)
export const deployments = ref<V1Deployment>('apps', 'v1', 'Deployment', 'deployments', true)
export const replicaSets = ref<V1ReplicaSet>('apps', 'v1', 'ReplicaSet', 'replicasets', true)
export const statefulSets = ref<V1StatefulSet>('apps', 'v1', 'StatefulSet', 'statefulsets', true)

// authentication.k8s.io
export const selfSubjectReviews = ref<V1SelfSubjectReview>(
  'authentication.k8s.io',
  'v1',
  'SelfSubjectReview',
  'selfsubjectreviews',
  false,
)
export const tokenReviews = ref<V1TokenReview>('authentication.k8s.io', 'v1', 'TokenReview', 'tokenreviews', false)

// authorization.k8s.io
export const localSubjectAccessReviews = ref<V1LocalSubjectAccessReview>(
  'authorization.k8s.io',
  'v1',
  'LocalSubjectAccessReview',
  'localsubjectaccessreviews',
  true,
)
export const selfSubjectAccessReviews = ref<V1SelfSubjectAccessReview>(
  'authorization.k8s.io',
  'v1',
  'SelfSubjectAccessReview',
  'selfsubjectaccessreviews',
  false,
)
export const selfSubjectRulesReviews = ref<V1SelfSubjectRulesReview>(
  'authorization.k8s.io',
  'v1',
  'SelfSubjectRulesReview',
  'selfsubjectrulesreviews',
  false,
)
export const subjectAccessReviews = ref<V1SubjectAccessReview>(
  'authorization.k8s.io',
  'v1',
  'SubjectAccessReview',
  'subjectaccessreviews',
  false,
)

// autoscaling
export const horizontalPodAutoscalersV1 = ref<V1HorizontalPodAutoscaler>(
  'autoscaling',
  'v1',
  'HorizontalPodAutoscaler',
  'horizontalpodautoscalers',
  true,
)
export const horizontalPodAutoscalers = ref<V2HorizontalPodAutoscaler>(
  'autoscaling',
  'v2',
  'HorizontalPodAutoscaler',
  'horizontalpodautoscalers',
  true,
)

// batch
export const cronJobs = ref<V1CronJob>('batch', 'v1', 'CronJob', 'cronjobs', true)
export const jobs = ref<V1Job>('batch', 'v1', 'Job', 'jobs', true)

// certificates.k8s.io
export const certificateSigningRequests = ref<V1CertificateSigningRequest>(
  'certificates.k8s.io',
  'v1',
  'CertificateSigningRequest',
  'certificatesigningrequests',
  false,
)

// coordination.k8s.io
export const leases = ref<V1Lease>('coordination.k8s.io', 'v1', 'Lease', 'leases', true)

// discovery.k8s.io
export const endpointSlices = ref<V1EndpointSlice>('discovery.k8s.io', 'v1', 'EndpointSlice', 'endpointslices', true)

// events.k8s.io
export const eventsV1 = ref<EventsV1Event>('events.k8s.io', 'v1', 'Event', 'events', true)

// flowcontrol.apiserver.k8s.io
export const flowSchemas = ref<V1FlowSchema>('flowcontrol.apiserver.k8s.io', 'v1', 'FlowSchema', 'flowschemas', false)
export const priorityLevelConfigurations = ref<V1PriorityLevelConfiguration>(
  'flowcontrol.apiserver.k8s.io',
  'v1',
  'PriorityLevelConfiguration',
  'prioritylevelconfigurations',
  false,
)

// networking.k8s.io
export const ingressClasses = ref<V1IngressClass>('networking.k8s.io', 'v1', 'IngressClass', 'ingressclasses', false)
export const ingresses = ref<V1Ingress>('networking.k8s.io', 'v1', 'Ingress', 'ingresses', true)
export const ipAddresses = ref<V1IPAddress>('networking.k8s.io', 'v1', 'IPAddress', 'ipaddresses', false)
export const networkPolicies = ref<V1NetworkPolicy>('networking.k8s.io', 'v1', 'NetworkPolicy', 'networkpolicies', true)
export const serviceCidrs = ref<V1ServiceCIDR>('networking.k8s.io', 'v1', 'ServiceCIDR', 'servicecidrs', false)

// node.k8s.io
export const runtimeClasses = ref<V1RuntimeClass>('node.k8s.io', 'v1', 'RuntimeClass', 'runtimeclasses', false)

// policy
export const podDisruptionBudgets = ref<V1PodDisruptionBudget>(
  'policy',
  'v1',
  'PodDisruptionBudget',
  'poddisruptionbudgets',
  true,
)

// rbac.authorization.k8s.io
export const clusterRoleBindings = ref<V1ClusterRoleBinding>(
  'rbac.authorization.k8s.io',
  'v1',
  'ClusterRoleBinding',
  'clusterrolebindings',
  false,
)
export const clusterRoles = ref<V1ClusterRole>('rbac.authorization.k8s.io', 'v1', 'ClusterRole', 'clusterroles', false)
export const roleBindings = ref<V1RoleBinding>('rbac.authorization.k8s.io', 'v1', 'RoleBinding', 'rolebindings', true)
export const roles = ref<V1Role>('rbac.authorization.k8s.io', 'v1', 'Role', 'roles', true)

// resource.k8s.io
export const deviceClasses = ref<V1DeviceClass>('resource.k8s.io', 'v1', 'DeviceClass', 'deviceclasses', false)
export const resourceClaims = ref<ResourceV1ResourceClaim>(
  'resource.k8s.io',
  'v1',
  'ResourceClaim',
  'resourceclaims',
  true,
)
export const resourceClaimTemplates = ref<V1ResourceClaimTemplate>(
  'resource.k8s.io',
  'v1',
  'ResourceClaimTemplate',
  'resourceclaimtemplates',
  true,
)
export const resourceSlices = ref<V1ResourceSlice>('resource.k8s.io', 'v1', 'ResourceSlice', 'resourceslices', false)

// scheduling.k8s.io
export const priorityClasses = ref<V1PriorityClass>(
  'scheduling.k8s.io',
  'v1',
  'PriorityClass',
  'priorityclasses',
  false,
)

// storage.k8s.io
export const csiDrivers = ref<V1CSIDriver>('storage.k8s.io', 'v1', 'CSIDriver', 'csidrivers', false)
export const csiNodes = ref<V1CSINode>('storage.k8s.io', 'v1', 'CSINode', 'csinodes', false)
export const csiStorageCapacities = ref<V1CSIStorageCapacity>(
  'storage.k8s.io',
  'v1',
  'CSIStorageCapacity',
  'csistoragecapacities',
  true,
)
export const storageClasses = ref<V1StorageClass>('storage.k8s.io', 'v1', 'StorageClass', 'storageclasses', false)
export const volumeAttachments = ref<V1VolumeAttachment>(
  'storage.k8s.io',
  'v1',
  'VolumeAttachment',
  'volumeattachments',
  false,
)
export const volumeAttributesClasses = ref<V1VolumeAttributesClass>(
  'storage.k8s.io',
  'v1',
  'VolumeAttributesClass',
  'volumeattributesclasses',
  false,
)
