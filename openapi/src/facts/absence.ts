/**
 * How the API tells "absent" from "zero", field by field. The rule without any table: a required field is always
 * written, an optional one is left out when it is zero ("", 0, false, [] or {}); metadata, spec and status of a kind
 * are always written; any other struct only when it was given. The tables hold what differs.
 */

/** Optional, yet always written: as null (lists, maps, pointers) or as zero. */
export const alwaysWritten: Record<string, string> = {
  'io.k8s.api.apps.v1': `
    StatefulSetOrdinals.start StatefulSetSpec.serviceName StatefulSetStatus.availableReplicas`,
  'io.k8s.api.authentication.v1': `
    TokenRequestSpec.audiences TokenRequestSpec.expirationSeconds TokenRequestSpec.boundObjectRef
    TokenRequestStatus.token TokenRequestStatus.expirationTimestamp`,
  'io.k8s.api.autoscaling.v2': 'HorizontalPodAutoscalerStatus.currentMetrics',
  'io.k8s.api.batch.v1': 'PodFailurePolicyOnPodConditionsPattern.status',
  'io.k8s.api.core.v1': `
    AzureFilePersistentVolumeSource.secretNamespace ContainerImage.names Event.reportingComponent
    Event.reportingInstance GRPCAction.service NodeRuntimeHandler.name ProjectedVolumeSource.sources
    TypedLocalObjectReference.apiGroup TypedObjectReference.apiGroup`,
  'io.k8s.api.discovery.v1': 'EndpointSlice.endpoints EndpointSlice.ports',
  'io.k8s.api.flowcontrol.v1': `
    FlowSchemaSpec.matchingPrecedence LimitedPriorityLevelConfiguration.nominalConcurrencyShares
    QueuingConfiguration.queues QueuingConfiguration.handSize QueuingConfiguration.queueLengthLimit
    ResourcePolicyRule.namespaces`,
  'io.k8s.api.networking.v1': 'IngressClassParametersReference.scope',
  'io.k8s.api.policy.v1': `
    PodDisruptionBudgetStatus.disruptionsAllowed PodDisruptionBudgetStatus.currentHealthy
    PodDisruptionBudgetStatus.desiredHealthy PodDisruptionBudgetStatus.expectedPods`,
  'io.k8s.api.rbac.v1': 'ClusterRole.rules Role.rules RoleRef.apiGroup',
  'io.k8s.api.resource.v1': `
    AllocatedDeviceStatus.conditions CapacityRequestPolicy.default DeviceClaim.requests`,
  'io.k8s.api.resource.v1beta1': 'DeviceRequest.deviceClassName',
  'io.k8s.api.scheduling.v1': 'PriorityClass.value',
  'io.k8s.api.storage.v1': 'CSINodeDriver.topologyKeys',
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1': `
    CustomResourceDefinitionStatus.conditions CustomResourceDefinitionStatus.storedVersions`,
}

/** Required, yet left out when zero. */
export const omittedThoughRequired: Record<string, string> = {
  'io.k8s.api.admissionregistration.v1': `
    ValidatingAdmissionPolicyBindingSpec.policyName ValidatingAdmissionPolicyBindingSpec.validationActions`,
  'io.k8s.api.apiserverinternal.v1alpha1': `
    ServerStorageVersion.apiServerID ServerStorageVersion.encodingVersion StorageVersionCondition.message`,
  'io.k8s.api.authentication.v1': 'TokenReviewSpec.token',
  'io.k8s.api.coordination.v1beta1': 'LeaseCandidateSpec.strategy',
  'io.k8s.api.core.v1': `
    ContainerRestartRule.action ContainerRestartRuleOnExitCodes.operator ImageVolumeStatus.imageRef
    PodCertificateProjection.signerName PodCertificateProjection.keyType`,
  'io.k8s.api.networking.v1': 'IPAddressSpec.parentRef ParentReference.resource ParentReference.name',
  'io.k8s.api.resource.v1': `
    CapacityRequestPolicyRange.min CounterSet.counters DeviceCounterConsumption.counters`,
  'io.k8s.api.resource.v1alpha3': 'PoolStatus.driver PoolStatus.poolName ResourcePoolStatusRequestStatus.poolCount',
}

/** A zero that was given is kept: false, 0 and "" differ from absent here. */
export const zeroKept: Record<string, string> = {
  'io.k8s.api.admissionregistration.v1': `
    MatchResources.matchPolicy MutatingAdmissionPolicySpec.failurePolicy MutatingWebhook.failurePolicy
    MutatingWebhook.matchPolicy MutatingWebhook.sideEffects MutatingWebhook.timeoutSeconds
    MutatingWebhook.reinvocationPolicy NamedRuleWithOperations.scope ParamRef.parameterNotFoundAction
    RuleWithOperations.scope ServiceReference.path ServiceReference.port
    ValidatingAdmissionPolicySpec.failurePolicy ValidatingWebhook.failurePolicy ValidatingWebhook.matchPolicy
    ValidatingWebhook.sideEffects ValidatingWebhook.timeoutSeconds Validation.reason WebhookClientConfig.url`,
  'io.k8s.api.apiserverinternal.v1alpha1': 'StorageVersionStatus.commonEncodingVersion',
  'io.k8s.api.apps.v1': `
    DaemonSetSpec.revisionHistoryLimit DaemonSetStatus.collisionCount DeploymentSpec.replicas
    DeploymentSpec.revisionHistoryLimit DeploymentSpec.progressDeadlineSeconds
    DeploymentStatus.terminatingReplicas DeploymentStatus.collisionCount ReplicaSetSpec.replicas
    ReplicaSetStatus.terminatingReplicas RollingUpdateStatefulSetStrategy.partition StatefulSetSpec.replicas
    StatefulSetSpec.revisionHistoryLimit StatefulSetStatus.collisionCount`,
  'io.k8s.api.authentication.v1': 'TokenRequestSpec.expirationSeconds',
  'io.k8s.api.autoscaling.v1': `
    HorizontalPodAutoscalerSpec.minReplicas HorizontalPodAutoscalerSpec.targetCPUUtilizationPercentage
    HorizontalPodAutoscalerStatus.observedGeneration HorizontalPodAutoscalerStatus.lastScaleTime
    HorizontalPodAutoscalerStatus.currentCPUUtilizationPercentage`,
  'io.k8s.api.autoscaling.v2': `
    HPAScalingRules.stabilizationWindowSeconds HPAScalingRules.selectPolicy HPAScalingRules.policies
    HorizontalPodAutoscalerSpec.minReplicas HorizontalPodAutoscalerStatus.observedGeneration
    HorizontalPodAutoscalerStatus.lastScaleTime MetricTarget.averageUtilization
    MetricValueStatus.averageUtilization`,
  'io.k8s.api.batch.v1': `
    CronJobSpec.timeZone CronJobSpec.startingDeadlineSeconds CronJobSpec.suspend
    CronJobSpec.successfulJobsHistoryLimit CronJobSpec.failedJobsHistoryLimit CronJobStatus.lastScheduleTime
    CronJobStatus.lastSuccessfulTime JobSpec.parallelism JobSpec.completions JobSpec.activeDeadlineSeconds
    JobSpec.backoffLimit JobSpec.backoffLimitPerIndex JobSpec.maxFailedIndexes JobSpec.manualSelector
    JobSpec.ttlSecondsAfterFinished JobSpec.completionMode JobSpec.suspend JobSpec.podReplacementPolicy
    JobSpec.managedBy JobStatus.startTime JobStatus.completionTime JobStatus.terminating JobStatus.failedIndexes
    JobStatus.ready PodFailurePolicyOnExitCodesRequirement.containerName SuccessPolicyRule.succeededIndexes
    SuccessPolicyRule.succeededCount`,
  'io.k8s.api.certificates.v1': 'CertificateSigningRequestSpec.expirationSeconds',
  'io.k8s.api.coordination.v1': `
    LeaseSpec.holderIdentity LeaseSpec.leaseDurationSeconds LeaseSpec.acquireTime LeaseSpec.renewTime
    LeaseSpec.leaseTransitions LeaseSpec.strategy LeaseSpec.preferredHolder`,
  'io.k8s.api.coordination.v1beta1': 'LeaseCandidateSpec.pingTime LeaseCandidateSpec.renewTime',
  'io.k8s.api.core.v1': `
    AppArmorProfile.localhostProfile AzureDiskVolumeSource.cachingMode AzureDiskVolumeSource.fsType
    AzureDiskVolumeSource.readOnly AzureDiskVolumeSource.kind AzureFilePersistentVolumeSource.secretNamespace
    CSIVolumeSource.readOnly CSIVolumeSource.fsType ClientIPConfig.timeoutSeconds
    ClusterTrustBundleProjection.name ClusterTrustBundleProjection.signerName
    ClusterTrustBundleProjection.optional ConfigMap.immutable ConfigMapEnvSource.optional
    ConfigMapKeySelector.optional ConfigMapProjection.optional ConfigMapVolumeSource.defaultMode
    ConfigMapVolumeSource.optional Container.restartPolicy ContainerStatus.started ContainerStatus.stopSignal
    DownwardAPIVolumeFile.mode DownwardAPIVolumeSource.defaultMode EndpointAddress.nodeName
    EndpointPort.appProtocol EphemeralContainer.restartPolicy FCVolumeSource.lun FileKeySelector.optional
    GRPCAction.service GlusterfsPersistentVolumeSource.endpointsNamespace HostPathVolumeSource.type
    ISCSIPersistentVolumeSource.initiatorName ISCSIVolumeSource.initiatorName KeyToPath.mode
    Lifecycle.stopSignal LoadBalancerIngress.ipMode LocalVolumeSource.fsType
    NodeFeatures.supplementalGroupsPolicy NodeRuntimeHandlerFeatures.recursiveReadOnlyMounts
    NodeRuntimeHandlerFeatures.userNamespaces NodeSwapStatus.capacity PersistentVolumeClaimSpec.storageClassName
    PersistentVolumeClaimSpec.volumeMode PersistentVolumeClaimSpec.volumeAttributesClassName
    PersistentVolumeClaimStatus.currentVolumeAttributesClassName PersistentVolumeSpec.volumeMode
    PersistentVolumeSpec.volumeAttributesClassName PersistentVolumeStatus.lastPhaseTransitionTime
    PodCertificateProjection.maxExpirationSeconds PodDNSConfigOption.value PodResourceClaim.resourceClaimName
    PodResourceClaim.resourceClaimTemplateName PodResourceClaimStatus.resourceClaimName
    PodSchedulingGroup.podGroupName PodSecurityContext.runAsUser PodSecurityContext.runAsGroup
    PodSecurityContext.runAsNonRoot PodSecurityContext.supplementalGroupsPolicy PodSecurityContext.fsGroup
    PodSecurityContext.fsGroupChangePolicy PodSecurityContext.seLinuxChangePolicy
    PodSpec.terminationGracePeriodSeconds PodSpec.activeDeadlineSeconds PodSpec.automountServiceAccountToken
    PodSpec.shareProcessNamespace PodSpec.priority PodSpec.runtimeClassName PodSpec.enableServiceLinks
    PodSpec.preemptionPolicy PodSpec.setHostnameAsFQDN PodSpec.hostUsers PodSpec.hostnameOverride
    PodStatus.startTime PortStatus.error Probe.terminationGracePeriodSeconds ProjectedVolumeSource.defaultMode
    ReplicationControllerSpec.replicas ResourceHealth.message SeccompProfile.localhostProfile Secret.immutable
    SecretEnvSource.optional SecretKeySelector.optional SecretProjection.optional SecretVolumeSource.defaultMode
    SecretVolumeSource.optional SecurityContext.privileged SecurityContext.runAsUser SecurityContext.runAsGroup
    SecurityContext.runAsNonRoot SecurityContext.readOnlyRootFilesystem SecurityContext.allowPrivilegeEscalation
    SecurityContext.procMount ServiceAccount.automountServiceAccountToken
    ServiceAccountTokenProjection.expirationSeconds ServicePort.appProtocol ServiceSpec.ipFamilyPolicy
    ServiceSpec.allocateLoadBalancerNodePorts ServiceSpec.loadBalancerClass ServiceSpec.internalTrafficPolicy
    ServiceSpec.trafficDistribution Taint.timeAdded Toleration.tolerationSeconds
    TopologySpreadConstraint.minDomains TopologySpreadConstraint.nodeAffinityPolicy
    TopologySpreadConstraint.nodeTaintsPolicy TypedLocalObjectReference.apiGroup TypedObjectReference.apiGroup
    TypedObjectReference.namespace VolumeMount.recursiveReadOnly VolumeMount.mountPropagation
    VolumeMountStatus.recursiveReadOnly WindowsSecurityContextOptions.gmsaCredentialSpecName
    WindowsSecurityContextOptions.gmsaCredentialSpec WindowsSecurityContextOptions.runAsUserName
    WindowsSecurityContextOptions.hostProcess`,
  'io.k8s.api.discovery.v1': `
    Endpoint.hostname Endpoint.nodeName Endpoint.zone EndpointConditions.ready EndpointConditions.serving
    EndpointConditions.terminating EndpointPort.name EndpointPort.protocol EndpointPort.port
    EndpointPort.appProtocol`,
  'io.k8s.api.flowcontrol.v1': `
    ExemptPriorityLevelConfiguration.nominalConcurrencyShares ExemptPriorityLevelConfiguration.lendablePercent
    LimitedPriorityLevelConfiguration.nominalConcurrencyShares LimitedPriorityLevelConfiguration.lendablePercent
    LimitedPriorityLevelConfiguration.borrowingLimitPercent`,
  'io.k8s.api.networking.v1': `
    HTTPIngressPath.pathType IngressClassParametersReference.apiGroup IngressClassParametersReference.scope
    IngressClassParametersReference.namespace IngressPortStatus.error IngressSpec.ingressClassName
    NetworkPolicyPort.protocol NetworkPolicyPort.endPort`,
  'io.k8s.api.policy.v1': 'PodDisruptionBudgetSpec.unhealthyPodEvictionPolicy',
  'io.k8s.api.resource.v1': `
    AllocatedDeviceStatus.shareID AllocationResult.allocationTimestamp CapacityRequestPolicyRange.min
    Device.nodeName Device.allNodes Device.bindsToNode Device.allowMultipleAllocations DeviceAttribute.int
    DeviceAttribute.bool DeviceAttribute.string DeviceAttribute.version DeviceClassSpec.extendedResourceName
    DeviceConstraint.matchAttribute DeviceConstraint.distinctAttribute DeviceRequestAllocationResult.adminAccess
    DeviceRequestAllocationResult.shareID DeviceTaint.timeAdded DeviceToleration.tolerationSeconds
    ExactDeviceRequest.adminAccess NodeAllocatableResourceMapping.capacityKey ResourceSliceSpec.nodeName
    ResourceSliceSpec.allNodes ResourceSliceSpec.perDeviceNodeSelection`,
  'io.k8s.api.resource.v1alpha3': `
    PoolStatus.allocatedDevices PoolStatus.availableDevices PoolStatus.nodeName PoolStatus.resourceSliceCount PoolStatus.totalDevices PoolStatus.unavailableDevices PoolStatus.validationError ResourcePoolStatusRequest.status ResourcePoolStatusRequestSpec.limit ResourcePoolStatusRequestSpec.poolName ResourcePoolStatusRequestStatus.poolCount`,
  'io.k8s.api.resource.v1beta2': 'DeviceTaintSelector.device DeviceTaintSelector.driver DeviceTaintSelector.pool',
  'io.k8s.api.scheduling.v1': 'PriorityClass.preemptionPolicy',
  'io.k8s.api.storage.v1': `
    CSIDriverSpec.attachRequired CSIDriverSpec.podInfoOnMount CSIDriverSpec.storageCapacity
    CSIDriverSpec.fsGroupPolicy CSIDriverSpec.requiresRepublish CSIDriverSpec.seLinuxMount
    CSIDriverSpec.nodeAllocatableUpdatePeriodSeconds CSIDriverSpec.serviceAccountTokenInSecrets
    CSIDriverSpec.preventPodSchedulingIfMissing StorageClass.reclaimPolicy StorageClass.allowVolumeExpansion
    StorageClass.volumeBindingMode TokenRequest.expirationSeconds VolumeAttachmentSource.persistentVolumeName
    VolumeError.errorCode VolumeNodeResources.count`,
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1': `
    CustomResourceDefinitionVersion.deprecationWarning CustomResourceSubresourceScale.labelSelectorPath
    JSONSchemaProps.$ref JSONSchemaProps.maximum JSONSchemaProps.minimum JSONSchemaProps.maxLength
    JSONSchemaProps.minLength JSONSchemaProps.maxItems JSONSchemaProps.minItems JSONSchemaProps.multipleOf
    JSONSchemaProps.maxProperties JSONSchemaProps.minProperties
    JSONSchemaProps.x-kubernetes-preserve-unknown-fields JSONSchemaProps.x-kubernetes-list-type
    JSONSchemaProps.x-kubernetes-map-type ServiceReference.path ServiceReference.port ValidationRule.reason
    ValidationRule.optionalOldSelf WebhookClientConfig.url`,
  'io.k8s.apimachinery.pkg.apis.meta.v1': `
    DeleteOptions.gracePeriodSeconds DeleteOptions.orphanDependents DeleteOptions.propagationPolicy
    DeleteOptions.ignoreStoreReadErrorWithClusterBreakingPotential ListMeta.remainingItemCount
    ManagedFieldsEntry.time ObjectMeta.deletionTimestamp ObjectMeta.deletionGracePeriodSeconds
    OwnerReference.controller OwnerReference.blockOwnerDeletion Preconditions.uid Preconditions.resourceVersion`,
  'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1': 'ServiceReference.port',
}

/** Structs that are always there, as {} when nothing was given. */
export const alwaysPresent: Record<string, string> = {
  'io.k8s.api.admissionregistration.v1': 'MutatingWebhook.clientConfig ValidatingWebhook.clientConfig',
  'io.k8s.api.apps.v1': `
    ControllerRevision.data DaemonSetSpec.template DaemonSetSpec.updateStrategy DeploymentSpec.template
    DeploymentSpec.strategy ReplicaSetSpec.template StatefulSetSpec.template StatefulSetSpec.updateStrategy`,
  'io.k8s.api.authentication.v1': 'SelfSubjectReviewStatus.userInfo TokenReviewStatus.user',
  'io.k8s.api.autoscaling.v1': 'HorizontalPodAutoscalerSpec.scaleTargetRef',
  'io.k8s.api.autoscaling.v2': `
    ContainerResourceMetricSource.target ContainerResourceMetricStatus.current ExternalMetricSource.metric
    ExternalMetricSource.target ExternalMetricStatus.metric ExternalMetricStatus.current
    HorizontalPodAutoscalerSpec.scaleTargetRef ObjectMetricSource.describedObject ObjectMetricSource.target
    ObjectMetricSource.metric ObjectMetricStatus.metric ObjectMetricStatus.current
    ObjectMetricStatus.describedObject PodsMetricSource.metric PodsMetricSource.target PodsMetricStatus.metric
    PodsMetricStatus.current ResourceMetricSource.target ResourceMetricStatus.current`,
  'io.k8s.api.batch.v1': `
    CronJobSpec.jobTemplate JobSpec.template JobTemplateSpec.metadata JobTemplateSpec.spec`,
  'io.k8s.api.core.v1': `
    Binding.target Container.resources ContainerStatus.state ContainerStatus.lastState
    EphemeralContainer.resources Event.involvedObject Event.source NodeDaemonEndpoints.kubeletEndpoint
    NodeStatus.daemonEndpoints NodeStatus.nodeInfo PersistentVolumeClaimSpec.resources
    PersistentVolumeClaimTemplate.metadata PersistentVolumeClaimTemplate.spec PodTemplate.template
    PodTemplateSpec.metadata PodTemplateSpec.spec PreferredSchedulingTerm.preference
    ResourceFieldSelector.divisor ServicePort.targetPort ServiceStatus.loadBalancer
    WeightedPodAffinityTerm.podAffinityTerm`,
  'io.k8s.api.discovery.v1': 'Endpoint.conditions',
  'io.k8s.api.events.v1': 'Event.regarding Event.deprecatedSource',
  'io.k8s.api.flowcontrol.v1': `
    FlowSchemaSpec.priorityLevelConfiguration LimitedPriorityLevelConfiguration.limitResponse`,
  'io.k8s.api.networking.v1': `
    HTTPIngressPath.backend IngressServiceBackend.port IngressStatus.loadBalancer NetworkPolicySpec.podSelector`,
  'io.k8s.api.rbac.v1': 'ClusterRoleBinding.roleRef RoleBinding.roleRef',
  'io.k8s.api.resource.v1': `
    AllocationResult.devices ResourceClaimSpec.devices ResourceClaimTemplateSpec.metadata
    ResourceClaimTemplateSpec.spec ResourceSliceSpec.pool`,
  'io.k8s.api.resource.v1beta2': 'DeviceTaintRuleSpec.taint',
  'io.k8s.api.storage.v1': 'VolumeAttachmentSpec.source',
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1': `
    CustomResourceDefinitionSpec.names CustomResourceDefinitionStatus.acceptedNames`,
  'io.k8s.apimachinery.pkg.apis.meta.v1': 'APIGroup.preferredVersion',
}
