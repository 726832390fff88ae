/**
 * Field numbers of the versions that are served on demand only; the notation is explained in ../protobuf-schema.ts.
 * What is not told here is as in the package that {@link repeatedPackages} names.
 */
export const optionalMessages: Record<string, string> = {
  'apiserverinternal/v1alpha1': `
    ServerStorageVersion apiServerID=1 encodingVersion=2 decodableVersions=3:* servedVersions=4:*
    StorageVersion metadata=1:.ObjectMeta spec=2:StorageVersionSpec status=3:StorageVersionStatus
    StorageVersionCondition type=1 status=2 observedGeneration=3:l lastTransitionTime=4:T reason=5 message=6
    StorageVersionList metadata=1:.ListMeta items=2:*StorageVersion
    StorageVersionSpec
    StorageVersionStatus storageVersions=1:*ServerStorageVersion commonEncodingVersion=2
      conditions=3:*StorageVersionCondition
  `,
  'coordination/v1beta1': `
    LeaseCandidate metadata=1:.ObjectMeta spec=2:LeaseCandidateSpec
    LeaseCandidateList metadata=1:.ListMeta items=2:*LeaseCandidate
    LeaseCandidateSpec leaseName=1 pingTime=2:U renewTime=3:U binaryVersion=4 emulationVersion=5 strategy=6
  `,
  'resource/v1beta2': `
    DeviceTaintRule metadata=1:.ObjectMeta spec=2:DeviceTaintRuleSpec status=3:DeviceTaintRuleStatus
    DeviceTaintRuleList metadata=1:.ListMeta items=2:*DeviceTaintRule
    DeviceTaintRuleSpec deviceSelector=1:DeviceTaintSelector taint=2:DeviceTaint
    DeviceTaintRuleStatus conditions=1:*.Condition
    DeviceTaintSelector driver=2 pool=3 device=4
  `,
  'resource/v1alpha3': `
    PoolStatus driver=1 poolName=2 nodeName=3 totalDevices=4:i allocatedDevices=5:i availableDevices=6:i
      unavailableDevices=7:i resourceSliceCount=8:i generation=9:l validationError=10
    ResourcePoolStatusRequest metadata=1:.ObjectMeta spec=2:ResourcePoolStatusRequestSpec
      status=3:ResourcePoolStatusRequestStatus
    ResourcePoolStatusRequestList metadata=1:.ListMeta items=2:*ResourcePoolStatusRequest
    ResourcePoolStatusRequestSpec driver=1 poolName=2 limit=3:i
    ResourcePoolStatusRequestStatus pools=2:*PoolStatus conditions=3:*.Condition poolCount=6:i
  `,
  'resource/v1beta1': `
    BasicDevice attributes=1:%DeviceAttribute capacity=2:%DeviceCapacity consumesCounters=3:*DeviceCounterConsumption
      nodeName=4 nodeSelector=5:core/v1.NodeSelector allNodes=6:b taints=7:*DeviceTaint bindsToNode=8:b
      bindingConditions=9:* bindingFailureConditions=10:* allowMultipleAllocations=11:b
      nodeAllocatableResourceMappings=12:%NodeAllocatableResourceMapping
    Device name=1 basic=2:BasicDevice
    DeviceRequest name=1 deviceClassName=2 selectors=3:*DeviceSelector allocationMode=4 count=5:l adminAccess=6:b
      firstAvailable=7:*DeviceSubRequest tolerations=8:*DeviceToleration capacity=9:CapacityRequirements
    DeviceSubRequest name=1 deviceClassName=2 selectors=3:*DeviceSelector allocationMode=4 count=5:l
      tolerations=7:*DeviceToleration capacity=8:CapacityRequirements
  `,
}

/** A package to the one whose messages it has as well. */
export const repeatedPackages: Readonly<Record<string, string>> = {
  'admissionregistration/v1alpha1': 'admissionregistration/v1',
  'admissionregistration/v1beta1': 'admissionregistration/v1',
  'coordination/v1alpha2': 'coordination/v1beta1',
  'networking/v1beta1': 'networking/v1',
  'resource/v1alpha3': 'resource/v1beta2',
  'resource/v1beta1': 'resource/v1',
  'resource/v1beta2': 'resource/v1',
  'storage/v1beta1': 'storage/v1',
}
