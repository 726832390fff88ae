/**
 * Versions that are served only where `--runtime-config` asks for them: betas and alphas, most of them older forms of
 * kinds that are stable by now.
 */
export interface OptionalVersion {
  group: string
  version: string
  package: string
  /** As in `definition-names.ts`. */
  definitions: string
  /** As in `resources.ts`. */
  resources: string
  /** The package that it is a form of: what the other tables know of definitions there holds for those of its own. */
  like?: string
  /** Definitions, and fields of them, that are like those of another name there. */
  alias?: Readonly<Record<string, string>>
  /** Definitions and fields whose markers are not those of the other package. */
  unlike?: string
}

const mutatingPolicies = `
  mutatingadmissionpolicies MutatingAdmissionPolicy
  mutatingadmissionpolicybindings MutatingAdmissionPolicyBinding
`
const mutatingPolicyDefinitions = `
  ApplyConfiguration JSONPatch MatchCondition MatchResources MutatingAdmissionPolicy MutatingAdmissionPolicyBinding
  MutatingAdmissionPolicyBindingList MutatingAdmissionPolicyBindingSpec MutatingAdmissionPolicyList
  MutatingAdmissionPolicySpec Mutation NamedRuleWithOperations ParamKind ParamRef Variable`
const leaseCandidates = {
  group: 'coordination.k8s.io',
  definitions: 'LeaseCandidate LeaseCandidateList LeaseCandidateSpec',
  resources: 'leasecandidates LeaseCandidate ns',
}
const deviceDefinitions = `
  AllocatedDeviceStatus AllocationResult CELDeviceSelector CapacityRequestPolicy CapacityRequestPolicyRange
  CapacityRequirements Counter CounterSet Device DeviceAllocationConfiguration DeviceAllocationResult DeviceAttribute
  DeviceCapacity DeviceClaim DeviceClaimConfiguration DeviceClass DeviceClassConfiguration DeviceClassList
  DeviceClassSpec DeviceConstraint DeviceCounterConsumption DeviceRequest DeviceRequestAllocationResult DeviceSelector
  DeviceSubRequest DeviceTaint DeviceToleration NetworkDeviceData NodeAllocatableResourceMapping
  OpaqueDeviceConfiguration ResourceClaim ResourceClaimConsumerReference ResourceClaimList ResourceClaimSpec
  ResourceClaimStatus ResourceClaimTemplate ResourceClaimTemplateList ResourceClaimTemplateSpec ResourcePool
  ResourceSlice ResourceSliceList ResourceSliceSpec`
const deviceTaintRules =
  'DeviceTaintRule DeviceTaintRuleList DeviceTaintRuleSpec DeviceTaintRuleStatus DeviceTaintSelector'
const deviceResources = `
  deviceclasses DeviceClass
  resourceclaims ResourceClaim ns
  resourceclaims/status ResourceClaim ns
  resourceclaimtemplates ResourceClaimTemplate ns
  resourceslices ResourceSlice
`
const deviceTaintRuleResources = `
  devicetaintrules DeviceTaintRule
  devicetaintrules/status DeviceTaintRule
`

/** A version that is like another one stands behind it. */
export const optionalVersions: readonly OptionalVersion[] = [
  {
    group: 'admissionregistration.k8s.io',
    version: 'v1beta1',
    package: 'io.k8s.api.admissionregistration.v1beta1',
    like: 'io.k8s.api.admissionregistration.v1',
    unlike: 'MatchResources.matchPolicy MutatingAdmissionPolicySpec.failurePolicy',
    definitions: mutatingPolicyDefinitions,
    resources: mutatingPolicies,
  },
  {
    group: 'admissionregistration.k8s.io',
    version: 'v1alpha1',
    package: 'io.k8s.api.admissionregistration.v1alpha1',
    like: 'io.k8s.api.admissionregistration.v1',
    unlike: 'Variable',
    definitions: mutatingPolicyDefinitions,
    resources: mutatingPolicies,
  },
  { ...leaseCandidates, version: 'v1beta1', package: 'io.k8s.api.coordination.v1beta1' },
  {
    ...leaseCandidates,
    version: 'v1alpha2',
    package: 'io.k8s.api.coordination.v1alpha2',
    like: 'io.k8s.api.coordination.v1beta1',
  },
  {
    group: 'internal.apiserver.k8s.io',
    version: 'v1alpha1',
    package: 'io.k8s.api.apiserverinternal.v1alpha1',
    definitions: `
      ServerStorageVersion StorageVersion StorageVersionCondition StorageVersionList StorageVersionSpec
      StorageVersionStatus`,
    resources: `
      storageversions StorageVersion
      storageversions/status StorageVersion
    `,
  },
  {
    group: 'networking.k8s.io',
    version: 'v1beta1',
    package: 'io.k8s.api.networking.v1beta1',
    like: 'io.k8s.api.networking.v1',
    definitions: `
      IPAddress IPAddressList IPAddressSpec ParentReference ServiceCIDR ServiceCIDRList ServiceCIDRSpec
      ServiceCIDRStatus`,
    resources: `
      ipaddresses IPAddress
      servicecidrs ServiceCIDR
      servicecidrs/status ServiceCIDR
    `,
  },
  {
    group: 'resource.k8s.io',
    version: 'v1beta2',
    package: 'io.k8s.api.resource.v1beta2',
    like: 'io.k8s.api.resource.v1',
    definitions: `${deviceDefinitions} ExactDeviceRequest ${deviceTaintRules}`,
    resources: `${deviceResources.trim()}\n${deviceTaintRuleResources.trim()}`,
  },
  {
    group: 'resource.k8s.io',
    version: 'v1beta1',
    package: 'io.k8s.api.resource.v1beta1',
    like: 'io.k8s.api.resource.v1',
    // A request for devices, and a device, were not yet one of several kinds.
    alias: {
      BasicDevice: 'Device',
      DeviceRequest: 'ExactDeviceRequest',
      'DeviceRequest.firstAvailable': 'DeviceRequest',
    },
    definitions: `${deviceDefinitions} BasicDevice`,
    resources: deviceResources,
  },
  {
    group: 'resource.k8s.io',
    version: 'v1alpha3',
    package: 'io.k8s.api.resource.v1alpha3',
    like: 'io.k8s.api.resource.v1beta2',
    definitions: `
      DeviceTaint ${deviceTaintRules} PoolStatus ResourcePoolStatusRequest ResourcePoolStatusRequestList
      ResourcePoolStatusRequestSpec ResourcePoolStatusRequestStatus`,
    resources: `
      ${deviceTaintRuleResources.trim()}
      resourcepoolstatusrequests ResourcePoolStatusRequest
      resourcepoolstatusrequests/status ResourcePoolStatusRequest
    `,
  },
  {
    group: 'storage.k8s.io',
    version: 'v1beta1',
    package: 'io.k8s.api.storage.v1beta1',
    like: 'io.k8s.api.storage.v1',
    definitions: 'VolumeAttributesClass VolumeAttributesClassList',
    resources: 'volumeattributesclasses VolumeAttributesClass',
  },
]
