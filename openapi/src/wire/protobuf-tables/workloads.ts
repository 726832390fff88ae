/** Field numbers of Kubernetes' protobuf messages; the notation is explained in ../protobuf-schema.ts. */
export const workloadsMessages: Record<string, string> = {
  'apps/v1': `
    ControllerRevision metadata=1:.ObjectMeta data=2:R revision=3:l
    ControllerRevisionList metadata=1:.ListMeta items=2:*ControllerRevision
    DaemonSet metadata=1:.ObjectMeta spec=2:DaemonSetSpec status=3:DaemonSetStatus
    DaemonSetCondition type=1 status=2 lastTransitionTime=3:T reason=4 message=5
    DaemonSetList metadata=1:.ListMeta items=2:*DaemonSet
    DaemonSetSpec selector=1:.LabelSelector template=2:core/v1.PodTemplateSpec
      updateStrategy=3:DaemonSetUpdateStrategy minReadySeconds=4:i revisionHistoryLimit=6:i
    DaemonSetStatus currentNumberScheduled=1:i numberMisscheduled=2:i desiredNumberScheduled=3:i numberReady=4:i
      observedGeneration=5:l updatedNumberScheduled=6:i numberAvailable=7:i numberUnavailable=8:i collisionCount=9:i
      conditions=10:*DaemonSetCondition
    DaemonSetUpdateStrategy type=1 rollingUpdate=2:RollingUpdateDaemonSet
    Deployment metadata=1:.ObjectMeta spec=2:DeploymentSpec status=3:DeploymentStatus
    DeploymentCondition type=1 status=2 reason=4 message=5 lastUpdateTime=6:T lastTransitionTime=7:T
    DeploymentList metadata=1:.ListMeta items=2:*Deployment
    DeploymentSpec replicas=1:i selector=2:.LabelSelector template=3:core/v1.PodTemplateSpec
      strategy=4:DeploymentStrategy minReadySeconds=5:i revisionHistoryLimit=6:i paused=7:b
      progressDeadlineSeconds=9:i
    DeploymentStatus observedGeneration=1:l replicas=2:i updatedReplicas=3:i availableReplicas=4:i
      unavailableReplicas=5:i conditions=6:*DeploymentCondition readyReplicas=7:i collisionCount=8:i
      terminatingReplicas=9:i
    DeploymentStrategy type=1 rollingUpdate=2:RollingUpdateDeployment
    ReplicaSet metadata=1:.ObjectMeta spec=2:ReplicaSetSpec status=3:ReplicaSetStatus
    ReplicaSetCondition type=1 status=2 lastTransitionTime=3:T reason=4 message=5
    ReplicaSetList metadata=1:.ListMeta items=2:*ReplicaSet
    ReplicaSetSpec replicas=1:i selector=2:.LabelSelector template=3:core/v1.PodTemplateSpec minReadySeconds=4:i
    ReplicaSetStatus replicas=1:i fullyLabeledReplicas=2:i observedGeneration=3:l readyReplicas=4:i
      availableReplicas=5:i conditions=6:*ReplicaSetCondition terminatingReplicas=7:i
    RollingUpdateDaemonSet maxUnavailable=1:X maxSurge=2:X
    RollingUpdateDeployment maxUnavailable=1:X maxSurge=2:X
    RollingUpdateStatefulSetStrategy partition=1:i maxUnavailable=2:X
    StatefulSet metadata=1:.ObjectMeta spec=2:StatefulSetSpec status=3:StatefulSetStatus
    StatefulSetCondition type=1 status=2 lastTransitionTime=3:T reason=4 message=5
    StatefulSetList metadata=1:.ListMeta items=2:*StatefulSet
    StatefulSetOrdinals start=1:i
    StatefulSetPersistentVolumeClaimRetentionPolicy whenDeleted=1 whenScaled=2
    StatefulSetSpec replicas=1:i selector=2:.LabelSelector template=3:core/v1.PodTemplateSpec
      volumeClaimTemplates=4:*core/v1.PersistentVolumeClaim serviceName=5 podManagementPolicy=6
      updateStrategy=7:StatefulSetUpdateStrategy revisionHistoryLimit=8:i minReadySeconds=9:i
      persistentVolumeClaimRetentionPolicy=10:StatefulSetPersistentVolumeClaimRetentionPolicy
      ordinals=11:StatefulSetOrdinals
    StatefulSetStatus observedGeneration=1:l replicas=2:i readyReplicas=3:i currentReplicas=4:i updatedReplicas=5:i
      currentRevision=6 updateRevision=7 collisionCount=9:i conditions=10:*StatefulSetCondition
      availableReplicas=11:i
    StatefulSetUpdateStrategy type=1 rollingUpdate=2:RollingUpdateStatefulSetStrategy
  `,
  'batch/v1': `
    CronJob metadata=1:.ObjectMeta spec=2:CronJobSpec status=3:CronJobStatus
    CronJobList metadata=1:.ListMeta items=2:*CronJob
    CronJobSpec schedule=1 startingDeadlineSeconds=2:l concurrencyPolicy=3 suspend=4:b jobTemplate=5:JobTemplateSpec
      successfulJobsHistoryLimit=6:i failedJobsHistoryLimit=7:i timeZone=8
    CronJobStatus active=1:*core/v1.ObjectReference lastScheduleTime=4:T lastSuccessfulTime=5:T
    Job metadata=1:.ObjectMeta spec=2:JobSpec status=3:JobStatus
    JobCondition type=1 status=2 lastProbeTime=3:T lastTransitionTime=4:T reason=5 message=6
    JobList metadata=1:.ListMeta items=2:*Job
    JobSpec parallelism=1:i completions=2:i activeDeadlineSeconds=3:l selector=4:.LabelSelector manualSelector=5:b
      template=6:core/v1.PodTemplateSpec backoffLimit=7:i ttlSecondsAfterFinished=8:i completionMode=9 suspend=10:b
      podFailurePolicy=11:PodFailurePolicy backoffLimitPerIndex=12:i maxFailedIndexes=13:i podReplacementPolicy=14
      managedBy=15 successPolicy=16:SuccessPolicy
    JobStatus conditions=1:*JobCondition startTime=2:T completionTime=3:T active=4:i succeeded=5:i failed=6:i
      completedIndexes=7 uncountedTerminatedPods=8:UncountedTerminatedPods ready=9:i failedIndexes=10
      terminating=11:i
    JobTemplateSpec metadata=1:.ObjectMeta spec=2:JobSpec
    PodFailurePolicy rules=1:*PodFailurePolicyRule
    PodFailurePolicyOnExitCodesRequirement containerName=1 operator=2 values=3:*i
    PodFailurePolicyOnPodConditionsPattern type=1 status=2
    PodFailurePolicyRule action=1 onExitCodes=2:PodFailurePolicyOnExitCodesRequirement
      onPodConditions=3:*PodFailurePolicyOnPodConditionsPattern
    SuccessPolicy rules=1:*SuccessPolicyRule
    SuccessPolicyRule succeededIndexes=1 succeededCount=2:i
    UncountedTerminatedPods succeeded=1:* failed=2:*
  `,
  'autoscaling/v1': `
    CrossVersionObjectReference kind=1 name=2 apiVersion=3
    HorizontalPodAutoscaler metadata=1:.ObjectMeta spec=2:HorizontalPodAutoscalerSpec
      status=3:HorizontalPodAutoscalerStatus
    HorizontalPodAutoscalerList metadata=1:.ListMeta items=2:*HorizontalPodAutoscaler
    HorizontalPodAutoscalerSpec scaleTargetRef=1:CrossVersionObjectReference minReplicas=2:i maxReplicas=3:i
      targetCPUUtilizationPercentage=4:i
    HorizontalPodAutoscalerStatus observedGeneration=1:l lastScaleTime=2:T currentReplicas=3:i desiredReplicas=4:i
      currentCPUUtilizationPercentage=5:i
    Scale metadata=1:.ObjectMeta spec=2:ScaleSpec status=3:ScaleStatus
    ScaleSpec replicas=1:i
    ScaleStatus replicas=1:i selector=2
  `,
  'autoscaling/v2': `
    ContainerResourceMetricSource name=1 target=2:MetricTarget container=3
    ContainerResourceMetricStatus name=1 current=2:MetricValueStatus container=3
    CrossVersionObjectReference kind=1 name=2 apiVersion=3
    ExternalMetricSource metric=1:MetricIdentifier target=2:MetricTarget
    ExternalMetricStatus metric=1:MetricIdentifier current=2:MetricValueStatus
    HPAScalingPolicy type=1 value=2:i periodSeconds=3:i
    HPAScalingRules selectPolicy=1 policies=2:*HPAScalingPolicy stabilizationWindowSeconds=3:i tolerance=4:Q
    HorizontalPodAutoscaler metadata=1:.ObjectMeta spec=2:HorizontalPodAutoscalerSpec
      status=3:HorizontalPodAutoscalerStatus
    HorizontalPodAutoscalerBehavior scaleUp=1:HPAScalingRules scaleDown=2:HPAScalingRules
    HorizontalPodAutoscalerCondition type=1 status=2 lastTransitionTime=3:T reason=4 message=5
    HorizontalPodAutoscalerList metadata=1:.ListMeta items=2:*HorizontalPodAutoscaler
    HorizontalPodAutoscalerSpec scaleTargetRef=1:CrossVersionObjectReference minReplicas=2:i maxReplicas=3:i
      metrics=4:*MetricSpec behavior=5:HorizontalPodAutoscalerBehavior
    HorizontalPodAutoscalerStatus observedGeneration=1:l lastScaleTime=2:T currentReplicas=3:i desiredReplicas=4:i
      currentMetrics=5:*MetricStatus conditions=6:*HorizontalPodAutoscalerCondition
    MetricIdentifier name=1 selector=2:.LabelSelector
    MetricSpec type=1 object=2:ObjectMetricSource pods=3:PodsMetricSource resource=4:ResourceMetricSource
      external=5:ExternalMetricSource containerResource=7:ContainerResourceMetricSource
    MetricStatus type=1 object=2:ObjectMetricStatus pods=3:PodsMetricStatus resource=4:ResourceMetricStatus
      external=5:ExternalMetricStatus containerResource=7:ContainerResourceMetricStatus
    MetricTarget type=1 value=2:Q averageValue=3:Q averageUtilization=4:i
    MetricValueStatus value=1:Q averageValue=2:Q averageUtilization=3:i
    ObjectMetricSource describedObject=1:CrossVersionObjectReference target=2:MetricTarget metric=3:MetricIdentifier
    ObjectMetricStatus metric=1:MetricIdentifier current=2:MetricValueStatus
      describedObject=3:CrossVersionObjectReference
    PodsMetricSource metric=1:MetricIdentifier target=2:MetricTarget
    PodsMetricStatus metric=1:MetricIdentifier current=2:MetricValueStatus
    ResourceMetricSource name=1 target=2:MetricTarget
    ResourceMetricStatus name=1 current=2:MetricValueStatus
  `,
  'policy/v1': `
    Eviction metadata=1:.ObjectMeta deleteOptions=2:.DeleteOptions
    PodDisruptionBudget metadata=1:.ObjectMeta spec=2:PodDisruptionBudgetSpec status=3:PodDisruptionBudgetStatus
    PodDisruptionBudgetList metadata=1:.ListMeta items=2:*PodDisruptionBudget
    PodDisruptionBudgetSpec minAvailable=1:X selector=2:.LabelSelector maxUnavailable=3:X
      unhealthyPodEvictionPolicy=4
    PodDisruptionBudgetStatus observedGeneration=1:l disruptedPods=2:%T disruptionsAllowed=3:i currentHealthy=4:i
      desiredHealthy=5:i expectedPods=6:i conditions=7:*.Condition
  `,
  'scheduling/v1': `
    PriorityClass metadata=1:.ObjectMeta value=2:i globalDefault=3:b description=4 preemptionPolicy=5
    PriorityClassList metadata=1:.ListMeta items=2:*PriorityClass
  `,
  'node/v1': `
    Overhead podFixed=1:%Q
    RuntimeClass metadata=1:.ObjectMeta handler=2 overhead=3:Overhead scheduling=4:Scheduling
    RuntimeClassList metadata=1:.ListMeta items=2:*RuntimeClass
    Scheduling nodeSelector=1:% tolerations=2:*core/v1.Toleration
  `,
  'resource/v1': `
    AllocatedDeviceStatus driver=1 pool=2 device=3 conditions=4:*.Condition data=5:R networkData=6:NetworkDeviceData
      shareID=7
    AllocationResult devices=1:DeviceAllocationResult nodeSelector=3:core/v1.NodeSelector allocationTimestamp=5:T
    CELDeviceSelector expression=1
    CapacityRequestPolicy default=1:Q validValues=3:*Q validRange=4:CapacityRequestPolicyRange
    CapacityRequestPolicyRange min=1:Q max=2:Q step=3:Q
    CapacityRequirements requests=1:%Q
    Counter value=1:Q
    CounterSet name=1 counters=2:%Counter
    Device name=1 attributes=2:%DeviceAttribute capacity=3:%DeviceCapacity
      consumesCounters=4:*DeviceCounterConsumption nodeName=5 nodeSelector=6:core/v1.NodeSelector allNodes=7:b
      taints=8:*DeviceTaint bindsToNode=9:b bindingConditions=10:* bindingFailureConditions=11:*
      allowMultipleAllocations=12:b nodeAllocatableResourceMappings=13:%NodeAllocatableResourceMapping
    DeviceAllocationConfiguration source=1 requests=2:* ^=3:DeviceConfiguration
    DeviceAllocationResult results=1:*DeviceRequestAllocationResult config=2:*DeviceAllocationConfiguration
    DeviceAttribute int=2:l bool=3:b string=4 version=5 ints=6:*l bools=7:*b strings=8:* versions=9:*
    DeviceCapacity value=1:Q requestPolicy=2:CapacityRequestPolicy
    DeviceClaim requests=1:*DeviceRequest constraints=2:*DeviceConstraint config=3:*DeviceClaimConfiguration
    DeviceClaimConfiguration requests=1:* ^=2:DeviceConfiguration
    DeviceClass metadata=1:.ObjectMeta spec=2:DeviceClassSpec
    DeviceClassConfiguration ^=1:DeviceConfiguration
    DeviceClassList metadata=1:.ListMeta items=2:*DeviceClass
    DeviceClassSpec selectors=1:*DeviceSelector config=2:*DeviceClassConfiguration extendedResourceName=4
    DeviceConfiguration opaque=1:OpaqueDeviceConfiguration
    DeviceConstraint requests=1:* matchAttribute=2 distinctAttribute=3
    DeviceCounterConsumption counterSet=1 counters=2:%Counter
    DeviceRequest name=1 exactly=2:ExactDeviceRequest firstAvailable=3:*DeviceSubRequest
    DeviceRequestAllocationResult request=1 driver=2 pool=3 device=4 adminAccess=5:b tolerations=6:*DeviceToleration
      bindingConditions=7:* bindingFailureConditions=8:* shareID=9 consumedCapacity=10:%Q
    DeviceSelector cel=1:CELDeviceSelector
    DeviceSubRequest name=1 deviceClassName=2 selectors=3:*DeviceSelector allocationMode=4 count=5:l
      tolerations=6:*DeviceToleration capacity=7:CapacityRequirements
    DeviceTaint key=1 value=2 effect=3 timeAdded=4:T
    DeviceToleration key=1 operator=2 value=3 effect=4 tolerationSeconds=5:l
    ExactDeviceRequest deviceClassName=1 selectors=2:*DeviceSelector allocationMode=3 count=4:l adminAccess=5:b
      tolerations=6:*DeviceToleration capacity=7:CapacityRequirements
    NetworkDeviceData interfaceName=1 ips=2:* hardwareAddress=3
    NodeAllocatableResourceMapping capacityKey=1 allocationMultiplier=2:Q
    OpaqueDeviceConfiguration driver=1 parameters=2:R
    ResourceClaim metadata=1:.ObjectMeta spec=2:ResourceClaimSpec status=3:ResourceClaimStatus
    ResourceClaimConsumerReference apiGroup=1 resource=3 name=4 uid=5
    ResourceClaimList metadata=1:.ListMeta items=2:*ResourceClaim
    ResourceClaimSpec devices=1:DeviceClaim
    ResourceClaimStatus allocation=1:AllocationResult reservedFor=2:*ResourceClaimConsumerReference
      devices=4:*AllocatedDeviceStatus
    ResourceClaimTemplate metadata=1:.ObjectMeta spec=2:ResourceClaimTemplateSpec
    ResourceClaimTemplateList metadata=1:.ListMeta items=2:*ResourceClaimTemplate
    ResourceClaimTemplateSpec metadata=1:.ObjectMeta spec=2:ResourceClaimSpec
    ResourcePool name=1 generation=2:l resourceSliceCount=3:l
    ResourceSlice metadata=1:.ObjectMeta spec=2:ResourceSliceSpec
    ResourceSliceList metadata=1:.ListMeta items=2:*ResourceSlice
    ResourceSliceSpec driver=1 pool=2:ResourcePool nodeName=3 nodeSelector=4:core/v1.NodeSelector allNodes=5:b
      devices=6:*Device perDeviceNodeSelection=7:b sharedCounters=8:*CounterSet
  `,
  'coordination/v1': `
    Lease metadata=1:.ObjectMeta spec=2:LeaseSpec
    LeaseList metadata=1:.ListMeta items=2:*Lease
    LeaseSpec holderIdentity=1 leaseDurationSeconds=2:i acquireTime=3:U renewTime=4:U leaseTransitions=5:i
      strategy=6 preferredHolder=7
  `,
  'events/v1': `
    Event metadata=1:.ObjectMeta eventTime=2:U series=3:EventSeries reportingController=4 reportingInstance=5
      action=6 reason=7 regarding=8:core/v1.ObjectReference related=9:core/v1.ObjectReference note=10 type=11
      deprecatedSource=12:core/v1.EventSource deprecatedFirstTimestamp=13:T deprecatedLastTimestamp=14:T
      deprecatedCount=15:i
    EventList metadata=1:.ListMeta items=2:*Event
    EventSeries count=1:i lastObservedTime=2:U
  `,
}
