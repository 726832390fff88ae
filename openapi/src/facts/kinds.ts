/** Which definitions are kinds of their own, and of which group and version. */
export interface KindsOfPackage {
  package: string
  group: string
  version: string
  kinds: string
}

export const kinds: KindsOfPackage[] = [
  {
    package: 'io.k8s.api.admissionregistration.v1',
    group: 'admissionregistration.k8s.io',
    version: 'v1',
    kinds: `
      MutatingAdmissionPolicy MutatingAdmissionPolicyBinding MutatingAdmissionPolicyBindingList
      MutatingAdmissionPolicyList MutatingWebhookConfiguration MutatingWebhookConfigurationList
      ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding ValidatingAdmissionPolicyBindingList
      ValidatingAdmissionPolicyList ValidatingWebhookConfiguration ValidatingWebhookConfigurationList`,
  },
  {
    package: 'io.k8s.api.apps.v1',
    group: 'apps',
    version: 'v1',
    kinds: `
      ControllerRevision ControllerRevisionList DaemonSet DaemonSetList Deployment DeploymentList ReplicaSet
      ReplicaSetList StatefulSet StatefulSetList`,
  },
  {
    package: 'io.k8s.api.authentication.v1',
    group: 'authentication.k8s.io',
    version: 'v1',
    kinds: 'SelfSubjectReview TokenRequest TokenReview',
  },
  {
    package: 'io.k8s.api.authorization.v1',
    group: 'authorization.k8s.io',
    version: 'v1',
    kinds: `
      LocalSubjectAccessReview SelfSubjectAccessReview SelfSubjectRulesReview SubjectAccessReview`,
  },
  {
    package: 'io.k8s.api.autoscaling.v1',
    group: 'autoscaling',
    version: 'v1',
    kinds: 'HorizontalPodAutoscaler HorizontalPodAutoscalerList Scale',
  },
  {
    package: 'io.k8s.api.autoscaling.v2',
    group: 'autoscaling',
    version: 'v2',
    kinds: 'HorizontalPodAutoscaler HorizontalPodAutoscalerList',
  },
  {
    package: 'io.k8s.api.batch.v1',
    group: 'batch',
    version: 'v1',
    kinds: 'CronJob CronJobList Job JobList',
  },
  {
    package: 'io.k8s.api.certificates.v1',
    group: 'certificates.k8s.io',
    version: 'v1',
    kinds: 'CertificateSigningRequest CertificateSigningRequestList',
  },
  {
    package: 'io.k8s.api.coordination.v1',
    group: 'coordination.k8s.io',
    version: 'v1',
    kinds: 'Lease LeaseList',
  },
  {
    package: 'io.k8s.api.core.v1',
    group: '',
    version: 'v1',
    kinds: `
      Binding ComponentStatus ComponentStatusList ConfigMap ConfigMapList Endpoints EndpointsList Event
      EventList LimitRange LimitRangeList Namespace NamespaceList Node NodeList PersistentVolume
      PersistentVolumeClaim PersistentVolumeClaimList PersistentVolumeList Pod PodList PodTemplate
      PodTemplateList ReplicationController ReplicationControllerList ResourceQuota ResourceQuotaList Secret
      SecretList Service ServiceAccount ServiceAccountList ServiceList`,
  },
  {
    package: 'io.k8s.api.discovery.v1',
    group: 'discovery.k8s.io',
    version: 'v1',
    kinds: 'EndpointSlice EndpointSliceList',
  },
  {
    package: 'io.k8s.api.events.v1',
    group: 'events.k8s.io',
    version: 'v1',
    kinds: 'Event EventList',
  },
  {
    package: 'io.k8s.api.flowcontrol.v1',
    group: 'flowcontrol.apiserver.k8s.io',
    version: 'v1',
    kinds: 'FlowSchema FlowSchemaList PriorityLevelConfiguration PriorityLevelConfigurationList',
  },
  {
    package: 'io.k8s.api.networking.v1',
    group: 'networking.k8s.io',
    version: 'v1',
    kinds: `
      IPAddress IPAddressList Ingress IngressClass IngressClassList IngressList NetworkPolicy
      NetworkPolicyList ServiceCIDR ServiceCIDRList`,
  },
  {
    package: 'io.k8s.api.node.v1',
    group: 'node.k8s.io',
    version: 'v1',
    kinds: 'RuntimeClass RuntimeClassList',
  },
  {
    package: 'io.k8s.api.policy.v1',
    group: 'policy',
    version: 'v1',
    kinds: 'Eviction PodDisruptionBudget PodDisruptionBudgetList',
  },
  {
    package: 'io.k8s.api.rbac.v1',
    group: 'rbac.authorization.k8s.io',
    version: 'v1',
    kinds: `
      ClusterRole ClusterRoleBinding ClusterRoleBindingList ClusterRoleList Role RoleBinding RoleBindingList
      RoleList`,
  },
  {
    package: 'io.k8s.api.resource.v1',
    group: 'resource.k8s.io',
    version: 'v1',
    kinds: `
      DeviceClass DeviceClassList ResourceClaim ResourceClaimList ResourceClaimTemplate
      ResourceClaimTemplateList ResourceSlice ResourceSliceList`,
  },
  {
    package: 'io.k8s.api.scheduling.v1',
    group: 'scheduling.k8s.io',
    version: 'v1',
    kinds: 'PriorityClass PriorityClassList',
  },
  {
    package: 'io.k8s.api.storage.v1',
    group: 'storage.k8s.io',
    version: 'v1',
    kinds: `
      CSIDriver CSIDriverList CSINode CSINodeList CSIStorageCapacity CSIStorageCapacityList StorageClass
      StorageClassList VolumeAttachment VolumeAttachmentList VolumeAttributesClass VolumeAttributesClassList`,
  },
  {
    package: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1',
    group: 'apiextensions.k8s.io',
    version: 'v1',
    kinds: 'CustomResourceDefinition CustomResourceDefinitionList',
  },
  {
    package: 'io.k8s.apimachinery.pkg.apis.meta.v1',
    group: '',
    version: 'v1',
    kinds: 'APIGroup APIGroupList APIResourceList APIVersions Status',
  },
  {
    package: 'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1',
    group: 'apiregistration.k8s.io',
    version: 'v1',
    kinds: 'APIService APIServiceList',
  },
]

/** Kinds that every group and version has. */
export const sharedKinds = [
  'io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions',
  'io.k8s.apimachinery.pkg.apis.meta.v1.WatchEvent',
]
/** The groups and versions that the shared kinds belong to: every one that the API knows, served or not. */
export const sharedKindGroupVersions = `
  v1 admission.k8s.io/v1 admission.k8s.io/v1beta1 admissionregistration.k8s.io/v1
  admissionregistration.k8s.io/v1alpha1 admissionregistration.k8s.io/v1beta1 apiextensions.k8s.io/v1
  apiextensions.k8s.io/v1beta1 apiregistration.k8s.io/v1 apiregistration.k8s.io/v1beta1 apps/v1 apps/v1beta1
  apps/v1beta2 authentication.k8s.io/v1 authentication.k8s.io/v1alpha1 authentication.k8s.io/v1beta1
  authorization.k8s.io/v1 authorization.k8s.io/v1beta1 autoscaling/v1 autoscaling/v2 batch/v1 batch/v1beta1
  certificates.k8s.io/v1 certificates.k8s.io/v1alpha1 certificates.k8s.io/v1beta1 coordination.k8s.io/v1
  coordination.k8s.io/v1alpha2 coordination.k8s.io/v1beta1 discovery.k8s.io/v1 discovery.k8s.io/v1beta1
  events.k8s.io/v1 events.k8s.io/v1beta1 extensions/v1beta1 flowcontrol.apiserver.k8s.io/v1
  flowcontrol.apiserver.k8s.io/v1beta1 flowcontrol.apiserver.k8s.io/v1beta2
  flowcontrol.apiserver.k8s.io/v1beta3 imagepolicy.k8s.io/v1alpha1 internal.apiserver.k8s.io/v1alpha1
  networking.k8s.io/v1 networking.k8s.io/v1beta1 node.k8s.io/v1 node.k8s.io/v1alpha1 node.k8s.io/v1beta1
  policy/v1 policy/v1beta1 rbac.authorization.k8s.io/v1 rbac.authorization.k8s.io/v1alpha1
  rbac.authorization.k8s.io/v1beta1 resource.k8s.io/v1 resource.k8s.io/v1alpha3 resource.k8s.io/v1beta1
  resource.k8s.io/v1beta2 scheduling.k8s.io/v1 scheduling.k8s.io/v1alpha2 scheduling.k8s.io/v1beta1
  storage.k8s.io/v1 storage.k8s.io/v1alpha1 storage.k8s.io/v1beta1 storagemigration.k8s.io/v1beta1`
