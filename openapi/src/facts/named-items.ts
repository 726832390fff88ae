/**
 * As named-types.ts, of the items of lists and the values of maps:
 * "cannot unmarshal number into Go struct field Capabilities.add of type v1.Capability".
 */
export const namedItems: Record<string, Record<string, string>> = {
  Capability: {
    'io.k8s.api.core.v1': 'Capabilities.add Capabilities.drop',
  },
  ClaimResourceStatus: {
    'io.k8s.api.core.v1': 'PersistentVolumeClaimStatus.allocatedResourceStatuses',
  },
  ExtraValue: {
    'io.k8s.api.authentication.v1': 'UserInfo.extra',
    'io.k8s.api.authorization.v1': 'SubjectAccessReviewSpec.extra',
    'io.k8s.api.certificates.v1': 'CertificateSigningRequestSpec.extra',
  },
  FinalizerName: {
    'io.k8s.api.core.v1': 'NamespaceSpec.finalizers',
  },
  IPFamily: {
    'io.k8s.api.core.v1': 'ServiceSpec.ipFamilies',
  },
  JSON: {
    'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1': 'JSONSchemaProps.enum',
  },
  KeyUsage: {
    'io.k8s.api.certificates.v1': 'CertificateSigningRequestSpec.usages',
  },
  OperationType: {
    'io.k8s.api.admissionregistration.v1': 'NamedRuleWithOperations.operations RuleWithOperations.operations',
  },
  PersistentVolumeAccessMode: {
    'io.k8s.api.core.v1': `
      PersistentVolumeClaimSpec.accessModes PersistentVolumeClaimStatus.accessModes PersistentVolumeSpec.accessModes`,
  },
  PolicyType: {
    'io.k8s.api.networking.v1': 'NetworkPolicySpec.policyTypes',
  },
  ResourceQuotaScope: {
    'io.k8s.api.core.v1': 'ResourceQuotaSpec.scopes',
  },
  UniqueVolumeName: {
    'io.k8s.api.core.v1': 'NodeStatus.volumesInUse',
  },
  ValidationAction: {
    'io.k8s.api.admissionregistration.v1': 'ValidatingAdmissionPolicyBindingSpec.validationActions',
  },
  VolumeLifecycleMode: {
    'io.k8s.api.storage.v1': 'CSIDriverSpec.volumeLifecycleModes',
  },
}

/** The same of the keys of maps that have no name of their own: "of type map[v1.QualifiedName]resource.Quantity". */
export const namedKeys: Record<string, Record<string, string>> = {
  QualifiedName: {
    'io.k8s.api.resource.v1': `
      CapacityRequirements.requests Device.attributes Device.capacity DeviceRequestAllocationResult.consumedCapacity`,
  },
  ResourceName: {
    'io.k8s.api.core.v1': `
      NodeAllocatableResourceClaimStatus.resources PersistentVolumeClaimStatus.allocatedResourceStatuses`,
  },
  'v1.ResourceName': {
    'io.k8s.api.resource.v1': 'Device.nodeAllocatableResourceMappings',
  },
}
