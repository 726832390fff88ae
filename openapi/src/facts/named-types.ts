/**
 * The names by which the API's errors call the named types of strings, numbers, lists and maps:
 * "cannot unmarshal number into Go struct field PodSpec.spec.restartPolicy of type v1.RestartPolicy".
 * A name without a package belongs to the version of the definition it stands in.
 */
export const namedTypes: Record<string, Record<string, string>> = {
  APIServiceConditionType: {
    'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1': 'APIServiceCondition.type',
  },
  AddressType: {
    'io.k8s.api.discovery.v1': 'EndpointSlice.addressType',
  },
  AllocationConfigSource: {
    'io.k8s.api.resource.v1': 'DeviceAllocationConfiguration.source',
  },
  AppArmorProfileType: {
    'io.k8s.api.core.v1': 'AppArmorProfile.type',
  },
  AzureDataDiskCachingMode: {
    'io.k8s.api.core.v1': 'AzureDiskVolumeSource.cachingMode',
  },
  AzureDataDiskKind: {
    'io.k8s.api.core.v1': 'AzureDiskVolumeSource.kind',
  },
  CauseType: {
    'io.k8s.apimachinery.pkg.apis.meta.v1': 'StatusCause.reason',
  },
  CompletionMode: {
    'io.k8s.api.batch.v1': 'JobSpec.completionMode',
  },
  ComponentConditionType: {
    'io.k8s.api.core.v1': 'ComponentCondition.type',
  },
  ConcurrencyPolicy: {
    'io.k8s.api.batch.v1': 'CronJobSpec.concurrencyPolicy',
  },
  ConditionStatus: {
    'io.k8s.api.core.v1': `
      ComponentCondition.status NamespaceCondition.status NodeCondition.status
      PersistentVolumeClaimCondition.status PodCondition.status ReplicationControllerCondition.status`,
    'io.k8s.api.flowcontrol.v1': 'FlowSchemaCondition.status PriorityLevelConfigurationCondition.status',
    'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1': 'CustomResourceDefinitionCondition.status',
    'io.k8s.apimachinery.pkg.apis.meta.v1': 'Condition.status',
    'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1': 'APIServiceCondition.status',
  },
  ContainerRestartPolicy: {
    'io.k8s.api.core.v1': 'Container.restartPolicy EphemeralContainer.restartPolicy',
  },
  ContainerRestartRuleAction: {
    'io.k8s.api.core.v1': 'ContainerRestartRule.action',
  },
  ContainerRestartRuleOnExitCodesOperator: {
    'io.k8s.api.core.v1': 'ContainerRestartRuleOnExitCodes.operator',
  },
  ConversionStrategyType: {
    'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1': 'CustomResourceConversion.strategy',
  },
  CoordinatedLeaseStrategy: {
    'io.k8s.api.coordination.v1': 'LeaseSpec.strategy',
    'io.k8s.api.coordination.v1beta1': 'LeaseCandidateSpec.strategy',
  },
  CustomResourceDefinitionConditionType: {
    'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1': 'CustomResourceDefinitionCondition.type',
  },
  DNSPolicy: {
    'io.k8s.api.core.v1': 'PodSpec.dnsPolicy',
  },
  DaemonSetConditionType: {
    'io.k8s.api.apps.v1': 'DaemonSetCondition.type',
  },
  DaemonSetUpdateStrategyType: {
    'io.k8s.api.apps.v1': 'DaemonSetUpdateStrategy.type',
  },
  DeletionPropagation: {
    'io.k8s.apimachinery.pkg.apis.meta.v1': 'DeleteOptions.propagationPolicy',
  },
  DeploymentConditionType: {
    'io.k8s.api.apps.v1': 'DeploymentCondition.type',
  },
  DeploymentStrategyType: {
    'io.k8s.api.apps.v1': 'DeploymentStrategy.type',
  },
  DeviceAllocationMode: {
    'io.k8s.api.resource.v1': 'DeviceSubRequest.allocationMode ExactDeviceRequest.allocationMode',
  },
  DeviceTaintEffect: {
    'io.k8s.api.resource.v1': 'DeviceTaint.effect DeviceToleration.effect',
  },
  DeviceTolerationOperator: {
    'io.k8s.api.resource.v1': 'DeviceToleration.operator',
  },
  FSGroupPolicy: {
    'io.k8s.api.storage.v1': 'CSIDriverSpec.fsGroupPolicy',
  },
  FailurePolicyType: {
    'io.k8s.api.admissionregistration.v1': `
      MutatingAdmissionPolicySpec.failurePolicy MutatingWebhook.failurePolicy
      ValidatingAdmissionPolicySpec.failurePolicy ValidatingWebhook.failurePolicy`,
  },
  FieldSelectorOperator: {
    'io.k8s.apimachinery.pkg.apis.meta.v1': 'FieldSelectorRequirement.operator',
  },
  FieldValueErrorReason: {
    'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1': 'ValidationRule.reason',
  },
  FlowDistinguisherMethodType: {
    'io.k8s.api.flowcontrol.v1': 'FlowDistinguisherMethod.type',
  },
  FlowSchemaConditionType: {
    'io.k8s.api.flowcontrol.v1': 'FlowSchemaCondition.type',
  },
  FullyQualifiedName: {
    'io.k8s.api.resource.v1': 'DeviceConstraint.matchAttribute DeviceConstraint.distinctAttribute',
  },
  HPAScalingPolicyType: {
    'io.k8s.api.autoscaling.v2': 'HPAScalingPolicy.type',
  },
  HorizontalPodAutoscalerConditionType: {
    'io.k8s.api.autoscaling.v2': 'HorizontalPodAutoscalerCondition.type',
  },
  HostPathType: {
    'io.k8s.api.core.v1': 'HostPathVolumeSource.type',
  },
  IPFamilyPolicy: {
    'io.k8s.api.core.v1': 'ServiceSpec.ipFamilyPolicy',
  },
  JSONSchemaDefinitions: {
    'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1': 'JSONSchemaProps.definitions',
  },
  JSONSchemaDependencies: {
    'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1': 'JSONSchemaProps.dependencies',
  },
  JSONSchemaURL: {
    'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1': 'JSONSchemaProps.$schema',
  },
  JobConditionType: {
    'io.k8s.api.batch.v1': 'JobCondition.type',
  },
  LabelSelectorOperator: {
    'io.k8s.apimachinery.pkg.apis.meta.v1': 'LabelSelectorRequirement.operator',
  },
  LimitResponseType: {
    'io.k8s.api.flowcontrol.v1': 'LimitResponse.type',
  },
  LimitType: {
    'io.k8s.api.core.v1': 'LimitRangeItem.type',
  },
  LoadBalancerIPMode: {
    'io.k8s.api.core.v1': 'LoadBalancerIngress.ipMode',
  },
  ManagedFieldsOperationType: {
    'io.k8s.apimachinery.pkg.apis.meta.v1': 'ManagedFieldsEntry.operation',
  },
  MatchPolicyType: {
    'io.k8s.api.admissionregistration.v1': `
      MatchResources.matchPolicy MutatingWebhook.matchPolicy ValidatingWebhook.matchPolicy`,
  },
  MetricSourceType: {
    'io.k8s.api.autoscaling.v2': 'MetricSpec.type MetricStatus.type',
  },
  MetricTargetType: {
    'io.k8s.api.autoscaling.v2': 'MetricTarget.type',
  },
  MountPropagationMode: {
    'io.k8s.api.core.v1': 'VolumeMount.mountPropagation',
  },
  NamespaceConditionType: {
    'io.k8s.api.core.v1': 'NamespaceCondition.type',
  },
  NamespacePhase: {
    'io.k8s.api.core.v1': 'NamespaceStatus.phase',
  },
  NodeAddressType: {
    'io.k8s.api.core.v1': 'NodeAddress.type',
  },
  NodeConditionType: {
    'io.k8s.api.core.v1': 'NodeCondition.type',
  },
  NodeInclusionPolicy: {
    'io.k8s.api.core.v1': `
      TopologySpreadConstraint.nodeAffinityPolicy TopologySpreadConstraint.nodeTaintsPolicy`,
  },
  NodePhase: {
    'io.k8s.api.core.v1': 'NodeStatus.phase',
  },
  NodeSelectorOperator: {
    'io.k8s.api.core.v1': 'NodeSelectorRequirement.operator',
  },
  OSName: {
    'io.k8s.api.core.v1': 'PodOS.name',
  },
  ParameterNotFoundActionType: {
    'io.k8s.api.admissionregistration.v1': 'ParamRef.parameterNotFoundAction',
  },
  PatchType: {
    'io.k8s.api.admissionregistration.v1': 'Mutation.patchType',
  },
  PathType: {
    'io.k8s.api.networking.v1': 'HTTPIngressPath.pathType',
  },
  PersistentVolumeClaimConditionType: {
    'io.k8s.api.core.v1': 'PersistentVolumeClaimCondition.type',
  },
  PersistentVolumeClaimModifyVolumeStatus: {
    'io.k8s.api.core.v1': 'ModifyVolumeStatus.status',
  },
  PersistentVolumeClaimPhase: {
    'io.k8s.api.core.v1': 'PersistentVolumeClaimStatus.phase',
  },
  PersistentVolumeClaimRetentionPolicyType: {
    'io.k8s.api.apps.v1': `
      StatefulSetPersistentVolumeClaimRetentionPolicy.whenDeleted
      StatefulSetPersistentVolumeClaimRetentionPolicy.whenScaled`,
  },
  PersistentVolumeMode: {
    'io.k8s.api.core.v1': 'PersistentVolumeClaimSpec.volumeMode PersistentVolumeSpec.volumeMode',
  },
  PersistentVolumePhase: {
    'io.k8s.api.core.v1': 'PersistentVolumeStatus.phase',
  },
  PersistentVolumeReclaimPolicy: {
    'io.k8s.api.core.v1': 'PersistentVolumeSpec.persistentVolumeReclaimPolicy',
  },
  PodConditionType: {
    'io.k8s.api.core.v1': 'PodCondition.type PodReadinessGate.conditionType',
  },
  PodFSGroupChangePolicy: {
    'io.k8s.api.core.v1': 'PodSecurityContext.fsGroupChangePolicy',
  },
  PodFailurePolicyAction: {
    'io.k8s.api.batch.v1': 'PodFailurePolicyRule.action',
  },
  PodFailurePolicyOnExitCodesOperator: {
    'io.k8s.api.batch.v1': 'PodFailurePolicyOnExitCodesRequirement.operator',
  },
  PodManagementPolicyType: {
    'io.k8s.api.apps.v1': 'StatefulSetSpec.podManagementPolicy',
  },
  PodPhase: {
    'io.k8s.api.core.v1': 'PodStatus.phase',
  },
  PodQOSClass: {
    'io.k8s.api.core.v1': 'PodStatus.qosClass',
  },
  PodReplacementPolicy: {
    'io.k8s.api.batch.v1': 'JobSpec.podReplacementPolicy',
  },
  PodResizeStatus: {
    'io.k8s.api.core.v1': 'PodStatus.resize',
  },
  PodSELinuxChangePolicy: {
    'io.k8s.api.core.v1': 'PodSecurityContext.seLinuxChangePolicy',
  },
  PreemptionPolicy: {
    'io.k8s.api.core.v1': 'PodSpec.preemptionPolicy',
  },
  PriorityLevelConfigurationConditionType: {
    'io.k8s.api.flowcontrol.v1': 'PriorityLevelConfigurationCondition.type',
  },
  PriorityLevelEnablement: {
    'io.k8s.api.flowcontrol.v1': 'PriorityLevelConfigurationSpec.type',
  },
  ProcMountType: {
    'io.k8s.api.core.v1': 'SecurityContext.procMount',
  },
  Protocol: {
    'io.k8s.api.core.v1': `
      ContainerPort.protocol EndpointPort.protocol PortStatus.protocol ServicePort.protocol`,
  },
  PullPolicy: {
    'io.k8s.api.core.v1': `
      Container.imagePullPolicy EphemeralContainer.imagePullPolicy ImageVolumeSource.pullPolicy`,
  },
  QualifiedName: {
    'io.k8s.api.resource.v1': 'NodeAllocatableResourceMapping.capacityKey',
  },
  RecursiveReadOnlyMode: {
    'io.k8s.api.core.v1': 'VolumeMount.recursiveReadOnly VolumeMountStatus.recursiveReadOnly',
  },
  ReinvocationPolicyType: {
    'io.k8s.api.admissionregistration.v1': `
      MutatingAdmissionPolicySpec.reinvocationPolicy MutatingWebhook.reinvocationPolicy`,
  },
  ReplicaSetConditionType: {
    'io.k8s.api.apps.v1': 'ReplicaSetCondition.type',
  },
  ReplicationControllerConditionType: {
    'io.k8s.api.core.v1': 'ReplicationControllerCondition.type',
  },
  RequestConditionType: {
    'io.k8s.api.certificates.v1': 'CertificateSigningRequestCondition.type',
  },
  ResourceHealthStatus: {
    'io.k8s.api.core.v1': 'ResourceHealth.health',
  },
  ResourceID: {
    'io.k8s.api.core.v1': 'ResourceHealth.resourceID',
  },
  ResourceList: {
    'io.k8s.api.core.v1': `
      ContainerStatus.allocatedResources LimitRangeItem.max LimitRangeItem.min LimitRangeItem.default
      LimitRangeItem.defaultRequest LimitRangeItem.maxLimitRequestRatio NodeStatus.capacity NodeStatus.allocatable
      PersistentVolumeClaimStatus.capacity PersistentVolumeClaimStatus.allocatedResources
      PersistentVolumeSpec.capacity PodSpec.overhead PodStatus.allocatedResources ResourceQuotaSpec.hard
      ResourceQuotaStatus.hard ResourceQuotaStatus.used ResourceRequirements.limits ResourceRequirements.requests
      VolumeResourceRequirements.limits VolumeResourceRequirements.requests`,
  },
  ResourceName: {
    'io.k8s.api.core.v1': 'ContainerResizePolicy.resourceName ResourceStatus.name',
  },
  ResourceQuotaScope: {
    'io.k8s.api.core.v1': 'ScopedResourceSelectorRequirement.scopeName',
  },
  ResourceResizeRestartPolicy: {
    'io.k8s.api.core.v1': 'ContainerResizePolicy.restartPolicy',
  },
  ResourceScope: {
    'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1': 'CustomResourceDefinitionSpec.scope',
  },
  RestartPolicy: {
    'io.k8s.api.core.v1': 'PodSpec.restartPolicy',
  },
  ScalingPolicySelect: {
    'io.k8s.api.autoscaling.v2': 'HPAScalingRules.selectPolicy',
  },
  ScopeSelectorOperator: {
    'io.k8s.api.core.v1': 'ScopedResourceSelectorRequirement.operator',
  },
  ScopeType: {
    'io.k8s.api.admissionregistration.v1': 'NamedRuleWithOperations.scope RuleWithOperations.scope',
  },
  SeccompProfileType: {
    'io.k8s.api.core.v1': 'SeccompProfile.type',
  },
  SecretType: {
    'io.k8s.api.core.v1': 'Secret.type',
  },
  ServiceAffinity: {
    'io.k8s.api.core.v1': 'ServiceSpec.sessionAffinity',
  },
  ServiceExternalTrafficPolicy: {
    'io.k8s.api.core.v1': 'ServiceSpec.externalTrafficPolicy',
  },
  ServiceInternalTrafficPolicy: {
    'io.k8s.api.core.v1': 'ServiceSpec.internalTrafficPolicy',
  },
  ServiceType: {
    'io.k8s.api.core.v1': 'ServiceSpec.type',
  },
  SideEffectClass: {
    'io.k8s.api.admissionregistration.v1': 'MutatingWebhook.sideEffects ValidatingWebhook.sideEffects',
  },
  Signal: {
    'io.k8s.api.core.v1': 'ContainerStatus.stopSignal Lifecycle.stopSignal',
  },
  StatefulSetConditionType: {
    'io.k8s.api.apps.v1': 'StatefulSetCondition.type',
  },
  StatefulSetUpdateStrategyType: {
    'io.k8s.api.apps.v1': 'StatefulSetUpdateStrategy.type',
  },
  StatusReason: {
    'io.k8s.apimachinery.pkg.apis.meta.v1': 'Status.reason',
  },
  StorageMedium: {
    'io.k8s.api.core.v1': 'EmptyDirVolumeSource.medium',
  },
  SubjectKind: {
    'io.k8s.api.flowcontrol.v1': 'Subject.kind',
  },
  SupplementalGroupsPolicy: {
    'io.k8s.api.core.v1': 'PodSecurityContext.supplementalGroupsPolicy',
  },
  TaintEffect: {
    'io.k8s.api.core.v1': 'Taint.effect Toleration.effect',
  },
  TerminationMessagePolicy: {
    'io.k8s.api.core.v1': 'Container.terminationMessagePolicy EphemeralContainer.terminationMessagePolicy',
  },
  TolerationOperator: {
    'io.k8s.api.core.v1': 'Toleration.operator',
  },
  URIScheme: {
    'io.k8s.api.core.v1': 'HTTPGetAction.scheme',
  },
  UnhealthyPodEvictionPolicyType: {
    'io.k8s.api.policy.v1': 'PodDisruptionBudgetSpec.unhealthyPodEvictionPolicy',
  },
  UniqueVolumeName: {
    'io.k8s.api.core.v1': 'AttachedVolume.name',
  },
  UnsatisfiableConstraintAction: {
    'io.k8s.api.core.v1': 'TopologySpreadConstraint.whenUnsatisfiable',
  },
  ValidationRules: {
    'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1': 'JSONSchemaProps.x-kubernetes-validations',
  },
  Verbs: {
    'io.k8s.apimachinery.pkg.apis.meta.v1': 'APIResource.verbs',
  },
  VolumeBindingMode: {
    'io.k8s.api.storage.v1': 'StorageClass.volumeBindingMode',
  },
  'v1.PreemptionPolicy': {
    'io.k8s.api.scheduling.v1': 'PriorityClass.preemptionPolicy',
  },
  'v1.ConditionStatus': {
    'io.k8s.api.batch.v1': 'JobCondition.status PodFailurePolicyOnPodConditionsPattern.status',
    'io.k8s.api.apps.v1': `
      DaemonSetCondition.status DeploymentCondition.status ReplicaSetCondition.status StatefulSetCondition.status`,
    'io.k8s.api.autoscaling.v2': 'HorizontalPodAutoscalerCondition.status',
    'io.k8s.api.certificates.v1': 'CertificateSigningRequestCondition.status',
  },
  'v1.PodConditionType': {
    'io.k8s.api.batch.v1': 'PodFailurePolicyOnPodConditionsPattern.type',
  },
  'v1.ResourceList': {
    'io.k8s.api.node.v1': 'Overhead.podFixed',
  },
  'v1.StatusReason': {
    'io.k8s.api.admissionregistration.v1': 'Validation.reason',
  },
  'types.UID': {
    'io.k8s.api.authentication.v1': 'BoundObjectReference.uid',
    'io.k8s.api.core.v1': 'ConfigMapNodeConfigSource.uid ObjectReference.uid',
    'io.k8s.api.resource.v1': 'DeviceRequestAllocationResult.shareID ResourceClaimConsumerReference.uid',
    'io.k8s.apimachinery.pkg.apis.meta.v1': `
      ObjectMeta.uid OwnerReference.uid Preconditions.uid StatusDetails.uid`,
  },
  'v1.PersistentVolumeReclaimPolicy': {
    'io.k8s.api.storage.v1': 'StorageClass.reclaimPolicy',
  },
  'v1.Protocol': {
    'io.k8s.api.discovery.v1': 'EndpointPort.protocol',
    'io.k8s.api.networking.v1': 'IngressPortStatus.protocol NetworkPolicyPort.protocol',
  },
  'v1.ResourceName': {
    'io.k8s.api.autoscaling.v2': `
      ContainerResourceMetricSource.name ContainerResourceMetricStatus.name ResourceMetricSource.name
      ResourceMetricStatus.name`,
  },
}
