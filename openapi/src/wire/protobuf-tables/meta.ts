/** Field numbers of Kubernetes' protobuf messages; the notation is explained in ../protobuf-schema.ts. */
export const metaMessages: Record<string, string> = {
  'meta/v1': `
    APIGroup name=1 versions=2:*GroupVersionForDiscovery preferredVersion=3:GroupVersionForDiscovery
      serverAddressByClientCIDRs=4:*ServerAddressByClientCIDR
    APIGroupList groups=1:*APIGroup
    APIResource name=1 namespaced=2:b kind=3 verbs=4:V shortNames=5:* singularName=6 categories=7:* group=8
      version=9 storageVersionHash=10
    APIResourceList groupVersion=1 resources=2:*APIResource
    APIVersions versions=1:* serverAddressByClientCIDRs=2:*ServerAddressByClientCIDR
    Condition type=1 status=2 observedGeneration=3:l lastTransitionTime=4:T reason=5 message=6
    CreateOptions dryRun=1:* fieldManager=3 fieldValidation=4
    DeleteOptions gracePeriodSeconds=1:l preconditions=2:Preconditions orphanDependents=3:b propagationPolicy=4
      dryRun=5:* ignoreStoreReadErrorWithClusterBreakingPotential=6:b
    FieldSelectorRequirement key=1 operator=2 values=3:*
    GetOptions resourceVersion=1
    GroupVersionForDiscovery groupVersion=1 version=2
    GroupVersionKind group=1 version=2 kind=3
    LabelSelector matchLabels=1:% matchExpressions=2:*LabelSelectorRequirement
    LabelSelectorRequirement key=1 operator=2 values=3:*
    List metadata=1:ListMeta items=2:*R
    ListMeta selfLink=1 resourceVersion=2 continue=3 remainingItemCount=4:l shardInfo=5:ShardInfo
    ListOptions labelSelector=1 fieldSelector=2 watch=3:b resourceVersion=4 timeoutSeconds=5:l limit=7:l continue=8
      allowWatchBookmarks=9:b resourceVersionMatch=10 sendInitialEvents=11:b shardSelector=15
    ManagedFieldsEntry manager=1 operation=2 apiVersion=3 time=4:T fieldsType=6 fieldsV1=7:F subresource=8
    ObjectMeta name=1 generateName=2 namespace=3 selfLink=4 uid=5 resourceVersion=6 generation=7:l
      creationTimestamp=8:T deletionTimestamp=9:T deletionGracePeriodSeconds=10:l labels=11:% annotations=12:%
      ownerReferences=13:*OwnerReference finalizers=14:* managedFields=17:*ManagedFieldsEntry
    OwnerReference kind=1 name=3 uid=4 apiVersion=5 controller=6:b blockOwnerDeletion=7:b
    PartialObjectMetadata metadata=1:ObjectMeta
    PartialObjectMetadataList metadata=1:ListMeta items=2:*PartialObjectMetadata
    Patch
    PatchOptions dryRun=1:* force=2:b fieldManager=3 fieldValidation=4
    Preconditions uid=1 resourceVersion=2
    ServerAddressByClientCIDR clientCIDR=1 serverAddress=2
    ShardInfo selector=1
    Status metadata=1:ListMeta status=2 message=3 reason=4 details=5:StatusDetails code=6:i
    StatusCause reason=1 message=2 field=3
    StatusDetails name=1 group=2 kind=3 causes=4:*StatusCause retryAfterSeconds=5:i uid=6
    TableOptions includeObject=1
    UpdateOptions dryRun=1:* fieldManager=2 fieldValidation=3
    WatchEvent type=1 object=2:R
  `,
}
