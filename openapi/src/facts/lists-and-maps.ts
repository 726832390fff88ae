/** How server-side apply merges lists and maps; a list without an entry is atomic, a map or struct without one granular. */
export const atomicLists: Record<string, string> = {
  'io.k8s.api.admissionregistration.v1': `
    MatchResources.excludeResourceRules MatchResources.resourceRules MutatingAdmissionPolicySpec.mutations
    MutatingAdmissionPolicySpec.variables MutatingWebhook.admissionReviewVersions MutatingWebhook.rules
    NamedRuleWithOperations.apiGroups NamedRuleWithOperations.apiVersions NamedRuleWithOperations.operations
    NamedRuleWithOperations.resourceNames NamedRuleWithOperations.resources RuleWithOperations.apiGroups
    RuleWithOperations.apiVersions RuleWithOperations.operations RuleWithOperations.resources
    TypeChecking.expressionWarnings ValidatingAdmissionPolicySpec.auditAnnotations
    ValidatingAdmissionPolicySpec.validations ValidatingWebhook.admissionReviewVersions ValidatingWebhook.rules`,
  'io.k8s.api.apps.v1': 'StatefulSetSpec.volumeClaimTemplates',
  'io.k8s.api.authentication.v1': `
    TokenRequestSpec.audiences TokenReviewSpec.audiences TokenReviewStatus.audiences UserInfo.groups`,
  'io.k8s.api.authorization.v1': `
    FieldSelectorAttributes.requirements LabelSelectorAttributes.requirements NonResourceRule.nonResourceURLs
    NonResourceRule.verbs ResourceRule.apiGroups ResourceRule.resourceNames ResourceRule.resources
    ResourceRule.verbs SubjectAccessReviewSpec.groups SubjectRulesReviewStatus.nonResourceRules
    SubjectRulesReviewStatus.resourceRules`,
  'io.k8s.api.autoscaling.v2': `
    HPAScalingRules.policies HorizontalPodAutoscalerSpec.metrics HorizontalPodAutoscalerStatus.currentMetrics`,
  'io.k8s.api.batch.v1': `
    CronJobStatus.active JobStatus.conditions PodFailurePolicy.rules PodFailurePolicyRule.onPodConditions
    SuccessPolicy.rules`,
  'io.k8s.api.certificates.v1': 'CertificateSigningRequestSpec.groups CertificateSigningRequestSpec.usages',
  'io.k8s.api.core.v1': `
    Capabilities.add Capabilities.drop CephFSPersistentVolumeSource.monitors CephFSVolumeSource.monitors
    ConfigMapProjection.items ConfigMapVolumeSource.items Container.args Container.command Container.envFrom
    Container.resizePolicy Container.restartPolicyRules ContainerImage.names DownwardAPIProjection.items
    DownwardAPIVolumeSource.items EndpointSubset.addresses EndpointSubset.notReadyAddresses EndpointSubset.ports
    Endpoints.subsets EphemeralContainer.args EphemeralContainer.command EphemeralContainer.envFrom
    EphemeralContainer.resizePolicy EphemeralContainer.restartPolicyRules ExecAction.command
    FCVolumeSource.targetWWNs FCVolumeSource.wwids HTTPGetAction.httpHeaders HostAlias.hostnames
    ISCSIPersistentVolumeSource.portals ISCSIVolumeSource.portals LimitRangeSpec.limits
    LinuxContainerUser.supplementalGroups LoadBalancerIngress.ports LoadBalancerStatus.ingress
    NamespaceSpec.finalizers NodeAffinity.preferredDuringSchedulingIgnoredDuringExecution
    NodeSelector.nodeSelectorTerms NodeSelectorRequirement.values NodeSelectorTerm.matchExpressions
    NodeSelectorTerm.matchFields NodeSpec.taints NodeStatus.declaredFeatures NodeStatus.images
    NodeStatus.runtimeHandlers NodeStatus.volumesAttached NodeStatus.volumesInUse
    PersistentVolumeClaimSpec.accessModes PersistentVolumeClaimStatus.accessModes
    PersistentVolumeSpec.accessModes PersistentVolumeSpec.mountOptions
    PodAffinity.preferredDuringSchedulingIgnoredDuringExecution
    PodAffinity.requiredDuringSchedulingIgnoredDuringExecution PodAffinityTerm.matchLabelKeys
    PodAffinityTerm.mismatchLabelKeys PodAffinityTerm.namespaces
    PodAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution
    PodAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution PodDNSConfig.nameservers PodDNSConfig.options
    PodDNSConfig.searches PodExtendedResourceClaimStatus.requestMappings PodSecurityContext.supplementalGroups
    PodSecurityContext.sysctls PodSpec.readinessGates PodSpec.tolerations PodStatus.containerStatuses
    PodStatus.ephemeralContainerStatuses PodStatus.hostIPs PodStatus.initContainerStatuses
    PodStatus.nodeAllocatableResourceClaimStatuses ProjectedVolumeSource.sources
    RBDPersistentVolumeSource.monitors RBDVolumeSource.monitors ResourceQuotaSpec.scopes
    ScopeSelector.matchExpressions ScopedResourceSelectorRequirement.values SecretProjection.items
    SecretVolumeSource.items ServiceAccount.imagePullSecrets ServiceSpec.clusterIPs ServiceSpec.externalIPs
    ServiceSpec.ipFamilies ServiceSpec.loadBalancerSourceRanges TopologySelectorLabelRequirement.values
    TopologySelectorTerm.matchLabelExpressions TopologySpreadConstraint.matchLabelKeys`,
  'io.k8s.api.discovery.v1': `
    EndpointHints.forNodes EndpointHints.forZones EndpointSlice.endpoints EndpointSlice.ports`,
  'io.k8s.api.flowcontrol.v1': `
    FlowSchemaSpec.rules PolicyRulesWithSubjects.nonResourceRules PolicyRulesWithSubjects.resourceRules
    PolicyRulesWithSubjects.subjects`,
  'io.k8s.api.networking.v1': `
    HTTPIngressRuleValue.paths IPBlock.except IngressLoadBalancerIngress.ports IngressLoadBalancerStatus.ingress
    IngressSpec.rules IngressSpec.tls IngressTLS.hosts NetworkPolicyEgressRule.ports NetworkPolicyEgressRule.to
    NetworkPolicyIngressRule.from NetworkPolicyIngressRule.ports NetworkPolicySpec.egress
    NetworkPolicySpec.ingress NetworkPolicySpec.policyTypes ServiceCIDRSpec.cidrs`,
  'io.k8s.api.node.v1': 'Scheduling.tolerations',
  'io.k8s.api.rbac.v1': `
    AggregationRule.clusterRoleSelectors ClusterRole.rules ClusterRoleBinding.subjects PolicyRule.apiGroups
    PolicyRule.nonResourceURLs PolicyRule.resourceNames PolicyRule.resources PolicyRule.verbs Role.rules
    RoleBinding.subjects`,
  'io.k8s.api.resource.v1': `
    CapacityRequestPolicy.validValues Device.bindingConditions Device.bindingFailureConditions
    Device.consumesCounters Device.taints DeviceAllocationConfiguration.requests DeviceAllocationResult.config
    DeviceAllocationResult.results DeviceAttribute.bools DeviceAttribute.ints DeviceAttribute.strings
    DeviceAttribute.versions DeviceClaim.config DeviceClaim.constraints DeviceClaim.requests
    DeviceClaimConfiguration.requests DeviceClassSpec.config DeviceClassSpec.selectors DeviceConstraint.requests
    DeviceRequest.firstAvailable DeviceRequestAllocationResult.bindingConditions
    DeviceRequestAllocationResult.bindingFailureConditions DeviceRequestAllocationResult.tolerations
    DeviceSubRequest.selectors DeviceSubRequest.tolerations ExactDeviceRequest.selectors
    ExactDeviceRequest.tolerations NetworkDeviceData.ips ResourceSliceSpec.devices
    ResourceSliceSpec.sharedCounters`,
  'io.k8s.api.resource.v1alpha3': 'ResourcePoolStatusRequestStatus.pools',
  'io.k8s.api.storage.v1': `
    CSIDriverSpec.tokenRequests CSINodeDriver.topologyKeys StorageClass.allowedTopologies
    StorageClass.mountOptions`,
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1': `
    CustomResourceDefinitionNames.categories CustomResourceDefinitionNames.shortNames
    CustomResourceDefinitionSpec.versions CustomResourceDefinitionStatus.storedVersions
    CustomResourceDefinitionVersion.additionalPrinterColumns CustomResourceDefinitionVersion.selectableFields
    JSONSchemaProps.allOf JSONSchemaProps.anyOf JSONSchemaProps.enum JSONSchemaProps.oneOf
    JSONSchemaProps.required JSONSchemaProps.x-kubernetes-list-map-keys
    WebhookConversion.conversionReviewVersions`,
  'io.k8s.apimachinery.pkg.apis.meta.v1': `
    APIGroup.serverAddressByClientCIDRs APIGroup.versions APIGroupList.groups APIResource.categories
    APIResource.shortNames APIResourceList.resources APIVersions.serverAddressByClientCIDRs APIVersions.versions
    DeleteOptions.dryRun FieldSelectorRequirement.values LabelSelector.matchExpressions
    LabelSelectorRequirement.values ObjectMeta.managedFields StatusDetails.causes`,
  'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1': 'APIServiceSpec.caBundle',
}

export const setLists: Record<string, string> = {
  'io.k8s.api.admissionregistration.v1': 'ValidatingAdmissionPolicyBindingSpec.validationActions',
  'io.k8s.api.apiserverinternal.v1alpha1': 'ServerStorageVersion.decodableVersions ServerStorageVersion.servedVersions',
  'io.k8s.api.batch.v1': `
    PodFailurePolicyOnExitCodesRequirement.values UncountedTerminatedPods.failed
    UncountedTerminatedPods.succeeded`,
  'io.k8s.api.core.v1': `
    ContainerRestartRuleOnExitCodes.values NodeAllocatableResourceClaimStatus.containers NodeSpec.podCIDRs`,
  'io.k8s.api.discovery.v1': 'Endpoint.addresses',
  'io.k8s.api.flowcontrol.v1': `
    NonResourcePolicyRule.nonResourceURLs NonResourcePolicyRule.verbs ResourcePolicyRule.apiGroups
    ResourcePolicyRule.namespaces ResourcePolicyRule.resources ResourcePolicyRule.verbs`,
  'io.k8s.api.storage.v1': 'CSIDriverSpec.volumeLifecycleModes',
  'io.k8s.apimachinery.pkg.apis.meta.v1': 'ObjectMeta.finalizers',
}

/** Lists of structs, with the fields that identify an item. */
export const mapLists: Record<string, Record<string, string>> = {
  'io.k8s.api.admissionregistration.v1': {
    'MutatingAdmissionPolicySpec.matchConditions': 'name',
    'MutatingWebhook.matchConditions': 'name',
    'MutatingWebhookConfiguration.webhooks': 'name',
    'ValidatingAdmissionPolicySpec.matchConditions': 'name',
    'ValidatingAdmissionPolicySpec.variables': 'name',
    'ValidatingAdmissionPolicyStatus.conditions': 'type',
    'ValidatingWebhook.matchConditions': 'name',
    'ValidatingWebhookConfiguration.webhooks': 'name',
  },
  'io.k8s.api.apiserverinternal.v1alpha1': {
    'StorageVersionStatus.conditions': 'type',
    'StorageVersionStatus.storageVersions': 'apiServerID',
  },
  'io.k8s.api.apps.v1': {
    'DaemonSetStatus.conditions': 'type',
    'DeploymentStatus.conditions': 'type',
    'ReplicaSetStatus.conditions': 'type',
    'StatefulSetStatus.conditions': 'type',
  },
  'io.k8s.api.autoscaling.v2': {
    'HorizontalPodAutoscalerStatus.conditions': 'type',
  },
  'io.k8s.api.certificates.v1': {
    'CertificateSigningRequestStatus.conditions': 'type',
  },
  'io.k8s.api.core.v1': {
    'ComponentStatus.conditions': 'type',
    'Container.env': 'name',
    'Container.ports': 'containerPort protocol',
    'Container.volumeDevices': 'devicePath',
    'Container.volumeMounts': 'mountPath',
    'ContainerStatus.allocatedResourcesStatus': 'name',
    'ContainerStatus.volumeMounts': 'mountPath',
    'EphemeralContainer.env': 'name',
    'EphemeralContainer.ports': 'containerPort protocol',
    'EphemeralContainer.volumeDevices': 'devicePath',
    'EphemeralContainer.volumeMounts': 'mountPath',
    'NamespaceStatus.conditions': 'type',
    'NodeStatus.addresses': 'type',
    'NodeStatus.conditions': 'type',
    'PersistentVolumeClaimStatus.conditions': 'type',
    'PodSpec.containers': 'name',
    'PodSpec.ephemeralContainers': 'name',
    'PodSpec.hostAliases': 'ip',
    'PodSpec.imagePullSecrets': 'name',
    'PodSpec.initContainers': 'name',
    'PodSpec.resourceClaims': 'name',
    'PodSpec.schedulingGates': 'name',
    'PodSpec.topologySpreadConstraints': 'topologyKey whenUnsatisfiable',
    'PodSpec.volumes': 'name',
    'PodStatus.conditions': 'type',
    'PodStatus.podIPs': 'ip',
    'PodStatus.resourceClaimStatuses': 'name',
    'ReplicationControllerStatus.conditions': 'type',
    'ResourceRequirements.claims': 'name',
    'ResourceStatus.resources': 'resourceID',
    'ServiceAccount.secrets': 'name',
    'ServiceSpec.ports': 'port protocol',
    'ServiceStatus.conditions': 'type',
  },
  'io.k8s.api.flowcontrol.v1': {
    'FlowSchemaStatus.conditions': 'type',
    'PriorityLevelConfigurationStatus.conditions': 'type',
  },
  'io.k8s.api.networking.v1': {
    'ServiceCIDRStatus.conditions': 'type',
  },
  'io.k8s.api.policy.v1': {
    'PodDisruptionBudgetStatus.conditions': 'type',
  },
  'io.k8s.api.resource.v1': {
    'AllocatedDeviceStatus.conditions': 'type',
    'ResourceClaimStatus.devices': 'driver device pool shareID',
    'ResourceClaimStatus.reservedFor': 'uid',
  },
  'io.k8s.api.resource.v1alpha3': { 'ResourcePoolStatusRequestStatus.conditions': 'type' },
  'io.k8s.api.resource.v1beta2': { 'DeviceTaintRuleStatus.conditions': 'type' },
  'io.k8s.api.storage.v1': {
    'CSINodeSpec.drivers': 'name',
  },
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1': {
    'CustomResourceDefinitionStatus.conditions': 'type',
    'JSONSchemaProps.x-kubernetes-validations': 'rule',
  },
  'io.k8s.apimachinery.pkg.apis.meta.v1': {
    'ObjectMeta.ownerReferences': 'uid',
  },
  'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1': {
    'APIServiceStatus.conditions': 'type',
  },
}

/** Maps, and structs where they stand, that differ from their own rule. */
export const mapTypes: Record<string, Record<string, string>> = {
  'io.k8s.api.core.v1': {
    'PersistentVolumeClaimStatus.allocatedResourceStatuses': 'granular',
    'PersistentVolumeSpec.claimRef': 'granular',
    'PodSpec.nodeSelector': 'atomic',
    'ReplicationControllerSpec.selector': 'atomic',
    'ServiceSpec.selector': 'atomic',
  },
  'io.k8s.api.node.v1': {
    'Scheduling.nodeSelector': 'atomic',
  },
}

/** Structs that are replaced as a whole. */
export const atomicStructs: Record<string, string> = {
  'io.k8s.api.admissionregistration.v1': `
    MatchResources NamedRuleWithOperations ParamKind ParamRef Variable`,
  'io.k8s.api.autoscaling.v1': 'CrossVersionObjectReference',
  'io.k8s.api.core.v1': `
    ConfigMapKeySelector EndpointAddress EndpointPort FileKeySelector LocalObjectReference NodeSelector
    NodeSelectorTerm ObjectFieldSelector ObjectReference ResourceFieldSelector ScopeSelector SecretKeySelector
    SecretReference TopologySelectorTerm TypedLocalObjectReference`,
  'io.k8s.api.discovery.v1': 'EndpointPort',
  'io.k8s.api.networking.v1': 'ServiceBackendPort',
  'io.k8s.api.rbac.v1': 'RoleRef Subject',
  'io.k8s.apimachinery.pkg.apis.meta.v1': 'LabelSelector OwnerReference',
}
