/**
 * What the columns of tables are described as. By resource, or by "*" for columns of many: the field that says it, by
 * definition and property, or a text of our own where no one field does.
 */
export type ColumnText = { field: string; paragraphs?: true } | { text: string }

const field = (path: string): ColumnText => ({ field: path })
/** The same, of a text whose double blanks are ends of paragraphs that the client's models have lost. */
const paragraphsOf = (path: string): ColumnText => ({ field: path, paragraphs: true })
const text = (own: string): ColumnText => ({ text: own })

export const columnTexts: Readonly<Record<string, Readonly<Record<string, ColumnText>>>> = {
  '*': {
    Name: field('meta.v1.ObjectMeta.name'),
    Age: paragraphsOf('meta.v1.ObjectMeta.creationTimestamp'),
    'Created At': paragraphsOf('meta.v1.ObjectMeta.creationTimestamp'),
    Containers: text('The names of the containers of its pods.'),
    Images: text('The images that those containers run.'),
    Webhooks: text('How many webhooks the configuration has.'),
    ParamKind: text('The kind of the objects that parametrize the policy.'),
    PolicyName: text('The policy that is bound.'),
    ParamRef: text('The objects that parametrize the policy here.'),
    Users: text('The users to whom the role is given.'),
    Groups: text('The groups to whom the role is given.'),
    ServiceAccounts: text('The service accounts to whom the role is given.'),
  },
  componentstatuses: {
    Status: text('Whether the component says that it is well.'),
    Message: text('What the component says of itself.'),
    Error: text('Why the component could not be asked.'),
  },
  configmaps: {
    Data: field('core.v1.ConfigMap.data'),
  },
  endpoints: {
    Endpoints: field('core.v1.Endpoints.subsets'),
  },
  events: {
    'Last Seen': field('core.v1.Event.lastTimestamp'),
    Type: field('core.v1.Event.type'),
    Reason: field('core.v1.Event.reason'),
    Object: field('core.v1.Event.involvedObject'),
    Subobject: field('core.v1.ObjectReference.fieldPath'),
    Source: field('core.v1.Event.source'),
    Message: field('core.v1.Event.message'),
    'First Seen': field('core.v1.Event.firstTimestamp'),
    Count: field('core.v1.Event.count'),
  },
  namespaces: {
    Status: text('The phase: Active, or Terminating while its contents are deleted.'),
  },
  nodes: {
    Status: text('Whether the node is ready, and whether it takes new pods.'),
    Roles: text('What the node is for, by its labels.'),
    Version: field('core.v1.NodeSystemInfo.kubeletVersion'),
    'Internal-IP': field('core.v1.NodeStatus.addresses'),
    'External-IP': field('core.v1.NodeStatus.addresses'),
    'OS-Image': field('core.v1.NodeSystemInfo.osImage'),
    'Kernel-Version': field('core.v1.NodeSystemInfo.kernelVersion'),
    'Container-Runtime': field('core.v1.NodeSystemInfo.containerRuntimeVersion'),
  },
  persistentvolumeclaims: {
    Status: field('core.v1.PersistentVolumeClaimStatus.phase'),
    Volume: field('core.v1.PersistentVolumeClaimSpec.volumeName'),
    Capacity: field('core.v1.PersistentVolumeClaimStatus.capacity'),
    'Access Modes': field('core.v1.PersistentVolumeClaimStatus.accessModes'),
    StorageClass: text('The class of storage that the claim asks for.'),
    VolumeAttributesClass: text('The class of attributes that the claim asks for.'),
    VolumeMode: field('core.v1.PersistentVolumeClaimSpec.volumeMode'),
  },
  persistentvolumes: {
    Capacity: field('core.v1.PersistentVolumeSpec.capacity'),
    'Access Modes': field('core.v1.PersistentVolumeSpec.accessModes'),
    'Reclaim Policy': field('core.v1.PersistentVolumeSpec.persistentVolumeReclaimPolicy'),
    Status: field('core.v1.PersistentVolumeStatus.phase'),
    Claim: field('core.v1.PersistentVolumeSpec.claimRef'),
    StorageClass: text('The class of storage that the volume belongs to.'),
    VolumeAttributesClass: text('The class of attributes that the volume has.'),
    Reason: field('core.v1.PersistentVolumeStatus.reason'),
    VolumeMode: field('core.v1.PersistentVolumeSpec.volumeMode'),
  },
  pods: {
    Ready: text('How many of its containers are ready, of how many.'),
    Status: text('In one word, what the containers of the pod are doing.'),
    Restarts: text('How often containers of the pod were started again, and how long ago the last time.'),
    IP: field('core.v1.PodStatus.podIP'),
    Node: field('core.v1.PodSpec.nodeName'),
    'Nominated Node': field('core.v1.PodStatus.nominatedNodeName'),
    'Readiness Gates': field('core.v1.PodSpec.readinessGates'),
  },
  podtemplates: {
    'Pod Labels': text('The labels of pods made from it.'),
  },
  replicationcontrollers: {
    Desired: field('core.v1.ReplicationControllerSpec.replicas'),
    Current: field('core.v1.ReplicationControllerStatus.replicas'),
    Ready: field('core.v1.ReplicationControllerStatus.readyReplicas'),
    Selector: field('core.v1.ReplicationControllerSpec.selector'),
  },
  resourcequotas: {
    Request: text('Of each request and count that is limited: how much is used, of how much.'),
    Limit: text('Of each limit that is limited: how much is used, of how much.'),
  },
  secrets: {
    Type: field('core.v1.Secret.type'),
    Data: field('core.v1.Secret.data'),
  },
  services: {
    Type: field('core.v1.ServiceSpec.type'),
    'Cluster-IP': field('core.v1.ServiceSpec.clusterIP'),
    'External-IP': field('core.v1.ServiceSpec.externalIPs'),
    'Port(s)': field('core.v1.ServiceSpec.ports'),
    Selector: field('core.v1.ServiceSpec.selector'),
  },
  'apiservices.apiregistration.k8s.io': {
    Service: text('The Service that answers for the group and version, or Local.'),
    Available: text('Whether it can be reached, and if not, why.'),
  },
  'controllerrevisions.apps': {
    Controller: text('The object whose revision it is.'),
    Revision: field('apps.v1.ControllerRevision.revision'),
  },
  'daemonsets.apps': {
    Desired: field('apps.v1.DaemonSetStatus.desiredNumberScheduled'),
    Current: field('apps.v1.DaemonSetStatus.currentNumberScheduled'),
    Ready: field('apps.v1.DaemonSetStatus.numberReady'),
    'Up-to-date': field('apps.v1.DaemonSetStatus.updatedNumberScheduled'),
    Available: field('apps.v1.DaemonSetStatus.numberAvailable'),
    'Node Selector': field('core.v1.PodSpec.nodeSelector'),
    Selector: field('apps.v1.DaemonSetSpec.selector'),
  },
  'deployments.apps': {
    Ready: text('How many of its pods are ready, of how many.'),
    'Up-to-date': field('apps.v1.DeploymentStatus.updatedReplicas'),
    Available: field('apps.v1.DeploymentStatus.availableReplicas'),
    Selector: field('apps.v1.DeploymentSpec.selector'),
  },
  'replicasets.apps': {
    Desired: field('apps.v1.ReplicaSetSpec.replicas'),
    Current: field('apps.v1.ReplicaSetStatus.replicas'),
    Ready: field('apps.v1.ReplicaSetStatus.readyReplicas'),
    Selector: field('apps.v1.ReplicaSetSpec.selector'),
  },
  'statefulsets.apps': {
    Ready: text('How many of its pods are ready, of how many.'),
  },
  'events.events.k8s.io': {
    'Last Seen': field('core.v1.Event.lastTimestamp'),
    Type: field('core.v1.Event.type'),
    Reason: field('core.v1.Event.reason'),
    Object: field('core.v1.Event.involvedObject'),
    Subobject: field('core.v1.ObjectReference.fieldPath'),
    Source: field('core.v1.Event.source'),
    Message: field('core.v1.Event.message'),
    'First Seen': field('core.v1.Event.firstTimestamp'),
    Count: field('core.v1.Event.count'),
  },
  'horizontalpodautoscalers.autoscaling': {
    Reference: field('autoscaling.v2.HorizontalPodAutoscalerSpec.scaleTargetRef'),
    Targets: field('autoscaling.v2.HorizontalPodAutoscalerSpec.metrics'),
    MinPods: field('autoscaling.v1.HorizontalPodAutoscalerSpec.minReplicas'),
    MaxPods: field('autoscaling.v2.HorizontalPodAutoscalerSpec.maxReplicas'),
    Replicas: field('autoscaling.v2.HorizontalPodAutoscalerStatus.currentReplicas'),
  },
  'cronjobs.batch': {
    Schedule: field('batch.v1.CronJobSpec.schedule'),
    Timezone: field('batch.v1.CronJobSpec.timeZone'),
    Suspend: field('batch.v1.CronJobSpec.suspend'),
    Active: field('batch.v1.CronJobStatus.active'),
    'Last Schedule': field('batch.v1.CronJobStatus.lastScheduleTime'),
    Selector: field('batch.v1.JobSpec.selector'),
  },
  'jobs.batch': {
    Status: text('How the job stands: running, suspended, complete or failed.'),
    Completions: field('batch.v1.JobStatus.succeeded'),
    Duration: text('How long the job has run, or ran.'),
    Selector: field('batch.v1.JobSpec.selector'),
  },
  'certificatesigningrequests.certificates.k8s.io': {
    SignerName: field('certificates.v1.CertificateSigningRequestSpec.signerName'),
    Requestor: text('Who made the request.'),
    RequestedDuration: field('certificates.v1.CertificateSigningRequestSpec.expirationSeconds'),
    Condition: text('Whether it was approved, denied, has failed, and whether a certificate was issued.'),
  },
  'ingressclasses.networking.k8s.io': {
    Controller: text('The controller that answers for ingresses of the class.'),
    Parameters: text('The object that says more about the class.'),
  },
  'ingresses.networking.k8s.io': {
    Class: text('The class that the ingress belongs to.'),
    Hosts: text('The hosts that its rules are about.'),
    Address: text('Where its load balancer can be reached.'),
    Ports: text('The ports that it listens on: 443 as well where it has TLS.'),
  },
  'ipaddresses.networking.k8s.io': {
    ParentRef: field('networking.v1.IPAddressSpec.parentRef'),
  },
  'networkpolicies.networking.k8s.io': {
    'Pod-Selector': field('networking.v1.NetworkPolicySpec.podSelector'),
  },
  'servicecidrs.networking.k8s.io': {
    CIDRs: field('networking.v1.ServiceCIDRSpec.cidrs'),
  },
  'poddisruptionbudgets.policy': {
    'Min Available': text('How many pods have to stay available.'),
    'Max Unavailable': text('How many pods may be unavailable.'),
    'Allowed Disruptions': text('How many pods may be evicted now.'),
  },
  'clusterrolebindings.rbac.authorization.k8s.io': {
    Role: field('rbac.v1.ClusterRoleBinding.roleRef'),
  },
  'rolebindings.rbac.authorization.k8s.io': {
    Role: field('rbac.v1.RoleBinding.roleRef'),
  },
  'csidrivers.storage.k8s.io': {
    AttachRequired: field('storage.v1.CSIDriverSpec.attachRequired'),
    PodInfoOnMount: field('storage.v1.CSIDriverSpec.podInfoOnMount'),
    StorageCapacity: field('storage.v1.CSIDriverSpec.storageCapacity'),
    TokenRequests: field('storage.v1.CSIDriverSpec.tokenRequests'),
    RequiresRepublish: field('storage.v1.CSIDriverSpec.requiresRepublish'),
    Modes: field('storage.v1.CSIDriverSpec.volumeLifecycleModes'),
  },
  'csinodes.storage.k8s.io': {
    Drivers: text('How many CSI drivers the node has.'),
  },
  'storageclasses.storage.k8s.io': {
    Provisioner: field('storage.v1.StorageClass.provisioner'),
    ReclaimPolicy: field('storage.v1.StorageClass.reclaimPolicy'),
    VolumeBindingMode: field('storage.v1.StorageClass.volumeBindingMode'),
    AllowVolumeExpansion: field('storage.v1.StorageClass.allowVolumeExpansion'),
  },
  'volumeattachments.storage.k8s.io': {
    Attacher: field('storage.v1.VolumeAttachmentSpec.attacher'),
    PV: field('storage.v1.VolumeAttachmentSource.persistentVolumeName'),
    Node: field('storage.v1.VolumeAttachmentSpec.nodeName'),
    Attached: field('storage.v1.VolumeAttachmentStatus.attached'),
  },
  'volumeattributesclasses.storage.k8s.io': {
    DriverName: field('storage.v1.VolumeAttributesClass.driverName'),
  },
  'mutatingadmissionpolicies.admissionregistration.k8s.io': {
    Mutations: text('How many mutations the policy makes.'),
  },
  'validatingadmissionpolicies.admissionregistration.k8s.io': {
    Validations: text('How many validations the policy has.'),
  },
  'priorityclasses.scheduling.k8s.io': {
    Value: field('scheduling.v1.PriorityClass.value'),
    'Global-Default': field('scheduling.v1.PriorityClass.globalDefault'),
    PreemptionPolicy: field('scheduling.v1.PriorityClass.preemptionPolicy'),
  },
  'leases.coordination.k8s.io': {
    Holder: field('coordination.v1.LeaseSpec.holderIdentity'),
  },
  'leasecandidates.coordination.k8s.io': {
    LeaseName: field('coordination.v1beta1.LeaseCandidateSpec.leaseName'),
    BinaryVersion: field('coordination.v1beta1.LeaseCandidateSpec.binaryVersion'),
    EmulationVersion: field('coordination.v1beta1.LeaseCandidateSpec.emulationVersion'),
  },
  'storageversions.internal.apiserver.k8s.io': {
    CommonEncodingVersion: field('apiserverinternal.v1alpha1.StorageVersionStatus.commonEncodingVersion'),
    StorageVersions: text('The version that each server stores in.'),
  },
  'devicetaintrules.resource.k8s.io': {
    Key: field('resource.v1beta2.DeviceTaint.key'),
    Value: field('resource.v1beta2.DeviceTaint.value'),
    Effect: field('resource.v1beta2.DeviceTaint.effect'),
    TimeAdded: field('resource.v1beta2.DeviceTaint.timeAdded'),
  },
  'resourcepoolstatusrequests.resource.k8s.io': {
    Driver: field('resource.v1alpha3.ResourcePoolStatusRequestSpec.driver'),
    Total: text('How many devices all pools have together.'),
    Available: text('How many of them can be allocated.'),
    Allocated: text('How many of them are allocated.'),
    Unavailable: text('How many of them can be neither.'),
    Errors: text('How many pools could not be read.'),
    Pools: field('resource.v1alpha3.ResourcePoolStatusRequestStatus.poolCount'),
    Status: text('Whether the answer is there, or why there is none.'),
    Completed: text('How long ago the answer was given.'),
  },
  'runtimeclasses.node.k8s.io': {
    Handler: field('node.v1.RuntimeClass.handler'),
  },
  'endpointslices.discovery.k8s.io': {
    AddressType: field('discovery.v1.EndpointSlice.addressType'),
    Ports: field('discovery.v1.EndpointSlice.ports'),
    Endpoints: field('discovery.v1.EndpointSlice.endpoints'),
  },
  'resourceclaims.resource.k8s.io': {
    State: text('Whether devices are allocated to the claim, and whether pods hold it.'),
  },
  'resourceslices.resource.k8s.io': {
    Node: field('resource.v1.ResourceSliceSpec.nodeName'),
    Driver: field('resource.v1.ResourceSliceSpec.driver'),
    Pool: field('resource.v1.ResourcePool.name'),
  },
  'flowschemas.flowcontrol.apiserver.k8s.io': {
    PriorityLevel: field('flowcontrol.v1.PriorityLevelConfigurationReference.name'),
    MatchingPrecedence: field('flowcontrol.v1.FlowSchemaSpec.matchingPrecedence'),
    DistinguisherMethod: field('flowcontrol.v1.FlowSchemaSpec.distinguisherMethod'),
    MissingPL: text('Whether the priority level that it names is not there.'),
  },
  'prioritylevelconfigurations.flowcontrol.apiserver.k8s.io': {
    Type: field('flowcontrol.v1.PriorityLevelConfigurationSpec.type'),
    NominalConcurrencyShares: field('flowcontrol.v1.LimitedPriorityLevelConfiguration.nominalConcurrencyShares'),
    Queues: field('flowcontrol.v1.QueuingConfiguration.queues'),
    HandSize: field('flowcontrol.v1.QueuingConfiguration.handSize'),
    QueueLengthLimit: field('flowcontrol.v1.QueuingConfiguration.queueLengthLimit'),
  },
}
