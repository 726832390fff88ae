/** Field numbers of Kubernetes' protobuf messages; the notation is explained in ../protobuf-schema.ts. */
export const networkStorageMessages: Record<string, string> = {
  'networking/v1': `
    HTTPIngressPath path=1 backend=2:IngressBackend pathType=3
    HTTPIngressRuleValue paths=1:*HTTPIngressPath
    IPAddress metadata=1:.ObjectMeta spec=2:IPAddressSpec
    IPAddressList metadata=1:.ListMeta items=2:*IPAddress
    IPAddressSpec parentRef=1:ParentReference
    IPBlock cidr=1 except=2:*
    Ingress metadata=1:.ObjectMeta spec=2:IngressSpec status=3:IngressStatus
    IngressBackend resource=3:core/v1.TypedLocalObjectReference service=4:IngressServiceBackend
    IngressClass metadata=1:.ObjectMeta spec=2:IngressClassSpec
    IngressClassList metadata=1:.ListMeta items=2:*IngressClass
    IngressClassParametersReference apiGroup=1 kind=2 name=3 scope=4 namespace=5
    IngressClassSpec controller=1 parameters=2:IngressClassParametersReference
    IngressList metadata=1:.ListMeta items=2:*Ingress
    IngressLoadBalancerIngress ip=1 hostname=2 ports=4:*IngressPortStatus
    IngressLoadBalancerStatus ingress=1:*IngressLoadBalancerIngress
    IngressPortStatus port=1:i protocol=2 error=3
    IngressRule host=1 ^=2:IngressRuleValue
    IngressRuleValue http=1:HTTPIngressRuleValue
    IngressServiceBackend name=1 port=2:ServiceBackendPort
    IngressSpec defaultBackend=1:IngressBackend tls=2:*IngressTLS rules=3:*IngressRule ingressClassName=4
    IngressStatus loadBalancer=1:IngressLoadBalancerStatus
    IngressTLS hosts=1:* secretName=2
    NetworkPolicy metadata=1:.ObjectMeta spec=2:NetworkPolicySpec
    NetworkPolicyEgressRule ports=1:*NetworkPolicyPort to=2:*NetworkPolicyPeer
    NetworkPolicyIngressRule ports=1:*NetworkPolicyPort from=2:*NetworkPolicyPeer
    NetworkPolicyList metadata=1:.ListMeta items=2:*NetworkPolicy
    NetworkPolicyPeer podSelector=1:.LabelSelector namespaceSelector=2:.LabelSelector ipBlock=3:IPBlock
    NetworkPolicyPort protocol=1 port=2:X endPort=3:i
    NetworkPolicySpec podSelector=1:.LabelSelector ingress=2:*NetworkPolicyIngressRule
      egress=3:*NetworkPolicyEgressRule policyTypes=4:*
    ParentReference group=1 resource=2 namespace=3 name=4
    ServiceBackendPort name=1 number=2:i
    ServiceCIDR metadata=1:.ObjectMeta spec=2:ServiceCIDRSpec status=3:ServiceCIDRStatus
    ServiceCIDRList metadata=1:.ListMeta items=2:*ServiceCIDR
    ServiceCIDRSpec cidrs=1:*
    ServiceCIDRStatus conditions=1:*.Condition
  `,
  'discovery/v1': `
    Endpoint addresses=1:* conditions=2:EndpointConditions hostname=3 targetRef=4:core/v1.ObjectReference
      deprecatedTopology=5:% nodeName=6 zone=7 hints=8:EndpointHints
    EndpointConditions ready=1:b serving=2:b terminating=3:b
    EndpointHints forZones=1:*ForZone forNodes=2:*ForNode
    EndpointPort name=1 protocol=2 port=3:i appProtocol=4
    EndpointSlice metadata=1:.ObjectMeta endpoints=2:*Endpoint ports=3:*EndpointPort addressType=4
    EndpointSliceList metadata=1:.ListMeta items=2:*EndpointSlice
    ForNode name=1
    ForZone name=1
  `,
  'storage/v1': `
    CSIDriver metadata=1:.ObjectMeta spec=2:CSIDriverSpec
    CSIDriverList metadata=1:.ListMeta items=2:*CSIDriver
    CSIDriverSpec attachRequired=1:b podInfoOnMount=2:b volumeLifecycleModes=3:* storageCapacity=4:b fsGroupPolicy=5
      tokenRequests=6:*TokenRequest requiresRepublish=7:b seLinuxMount=8:b nodeAllocatableUpdatePeriodSeconds=9:l
      serviceAccountTokenInSecrets=10:b preventPodSchedulingIfMissing=11:b
    CSINode metadata=1:.ObjectMeta spec=2:CSINodeSpec
    CSINodeDriver name=1 nodeID=2 topologyKeys=3:* allocatable=4:VolumeNodeResources
    CSINodeList metadata=1:.ListMeta items=2:*CSINode
    CSINodeSpec drivers=1:*CSINodeDriver
    CSIStorageCapacity metadata=1:.ObjectMeta nodeTopology=2:.LabelSelector storageClassName=3 capacity=4:Q
      maximumVolumeSize=5:Q
    CSIStorageCapacityList metadata=1:.ListMeta items=2:*CSIStorageCapacity
    StorageClass metadata=1:.ObjectMeta provisioner=2 parameters=3:% reclaimPolicy=4 mountOptions=5:*
      allowVolumeExpansion=6:b volumeBindingMode=7 allowedTopologies=8:*core/v1.TopologySelectorTerm
    StorageClassList metadata=1:.ListMeta items=2:*StorageClass
    TokenRequest audience=1 expirationSeconds=2:l
    VolumeAttachment metadata=1:.ObjectMeta spec=2:VolumeAttachmentSpec status=3:VolumeAttachmentStatus
    VolumeAttachmentList metadata=1:.ListMeta items=2:*VolumeAttachment
    VolumeAttachmentSource persistentVolumeName=1 inlineVolumeSpec=2:core/v1.PersistentVolumeSpec
    VolumeAttachmentSpec attacher=1 source=2:VolumeAttachmentSource nodeName=3
    VolumeAttachmentStatus attached=1:b attachmentMetadata=2:% attachError=3:VolumeError detachError=4:VolumeError
    VolumeAttributesClass metadata=1:.ObjectMeta driverName=2 parameters=3:%
    VolumeAttributesClassList metadata=1:.ListMeta items=2:*VolumeAttributesClass
    VolumeError time=1:T message=2 errorCode=3:i
    VolumeNodeResources count=1:i
  `,
}
