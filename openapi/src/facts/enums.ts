/** The values of fields that have a closed set of them, split by |. */
export const enumValues: Record<string, Record<string, string>> = {
  'io.k8s.api.admissionregistration.v1': {
    'MatchResources.matchPolicy': 'Equivalent|Exact',
    'MutatingAdmissionPolicySpec.failurePolicy': 'Fail|Ignore',
    'MutatingAdmissionPolicySpec.reinvocationPolicy': 'IfNeeded|Never',
    'MutatingWebhook.failurePolicy': 'Fail|Ignore',
    'MutatingWebhook.matchPolicy': 'Equivalent|Exact',
    'MutatingWebhook.reinvocationPolicy': 'IfNeeded|Never',
    'MutatingWebhook.sideEffects': 'None|NoneOnDryRun|Some|Unknown',
    'Mutation.patchType': 'ApplyConfiguration|JSONPatch',
    'NamedRuleWithOperations.scope': '*|Cluster|Namespaced',
    'RuleWithOperations.scope': '*|Cluster|Namespaced',
    'ValidatingAdmissionPolicySpec.failurePolicy': 'Fail|Ignore',
    'ValidatingWebhook.failurePolicy': 'Fail|Ignore',
    'ValidatingWebhook.matchPolicy': 'Equivalent|Exact',
    'ValidatingWebhook.sideEffects': 'None|NoneOnDryRun|Some|Unknown',
  },
  'io.k8s.api.admissionregistration.v1alpha1': { 'ParamRef.parameterNotFoundAction': 'Allow|Deny' },
  'io.k8s.api.apps.v1': {
    'DaemonSetUpdateStrategy.type': 'OnDelete|RollingUpdate',
    'DeploymentStrategy.type': 'Recreate|RollingUpdate',
    'StatefulSetSpec.podManagementPolicy': 'OrderedReady|Parallel',
    'StatefulSetUpdateStrategy.type': 'OnDelete|RollingUpdate',
  },
  'io.k8s.api.batch.v1': {
    'CronJobSpec.concurrencyPolicy': 'Allow|Forbid|Replace',
    'JobSpec.completionMode': 'Indexed|NonIndexed',
    'JobSpec.podReplacementPolicy': 'Failed|TerminatingOrFailed',
    'PodFailurePolicyOnExitCodesRequirement.operator': 'In|NotIn',
    'PodFailurePolicyRule.action': 'Count|FailIndex|FailJob|Ignore',
  },
  'io.k8s.api.core.v1': {
    'AppArmorProfile.type': 'Localhost|RuntimeDefault|Unconfined',
    'AzureDiskVolumeSource.cachingMode': 'None|ReadOnly|ReadWrite',
    'AzureDiskVolumeSource.kind': 'Dedicated|Managed|Shared',
    'Container.imagePullPolicy': 'Always|IfNotPresent|Never',
    'Container.terminationMessagePolicy': 'FallbackToLogsOnError|File',
    'ContainerPort.protocol': 'SCTP|TCP|UDP',
    'ContainerStatus.stopSignal':
      'SIGABRT|SIGALRM|SIGBUS|SIGCHLD|SIGCLD|SIGCONT|SIGFPE|SIGHUP|SIGILL|SIGINT|SIGIO|SIGIOT|SIGKILL|SIGPIPE|SIGPOLL|SIGPROF|SIGPWR|SIGQUIT|SIGRTMAX|SIGRTMAX-1|SIGRTMAX-10|SIGRTMAX-11|SIGRTMAX-12|SIGRTMAX-13|SIGRTMAX-14|SIGRTMAX-2|SIGRTMAX-3|SIGRTMAX-4|SIGRTMAX-5|SIGRTMAX-6|SIGRTMAX-7|SIGRTMAX-8|SIGRTMAX-9|SIGRTMIN|SIGRTMIN+1|SIGRTMIN+10|SIGRTMIN+11|SIGRTMIN+12|SIGRTMIN+13|SIGRTMIN+14|SIGRTMIN+15|SIGRTMIN+2|SIGRTMIN+3|SIGRTMIN+4|SIGRTMIN+5|SIGRTMIN+6|SIGRTMIN+7|SIGRTMIN+8|SIGRTMIN+9|SIGSEGV|SIGSTKFLT|SIGSTOP|SIGSYS|SIGTERM|SIGTRAP|SIGTSTP|SIGTTIN|SIGTTOU|SIGURG|SIGUSR1|SIGUSR2|SIGVTALRM|SIGWINCH|SIGXCPU|SIGXFSZ',
    'EndpointPort.protocol': 'SCTP|TCP|UDP',
    'EphemeralContainer.imagePullPolicy': 'Always|IfNotPresent|Never',
    'EphemeralContainer.terminationMessagePolicy': 'FallbackToLogsOnError|File',
    'HTTPGetAction.scheme': 'HTTP|HTTPS',
    'HostPathVolumeSource.type': '|BlockDevice|CharDevice|Directory|DirectoryOrCreate|File|FileOrCreate|Socket',
    'ImageVolumeSource.pullPolicy': 'Always|IfNotPresent|Never',
    'Lifecycle.stopSignal':
      'SIGABRT|SIGALRM|SIGBUS|SIGCHLD|SIGCLD|SIGCONT|SIGFPE|SIGHUP|SIGILL|SIGINT|SIGIO|SIGIOT|SIGKILL|SIGPIPE|SIGPOLL|SIGPROF|SIGPWR|SIGQUIT|SIGRTMAX|SIGRTMAX-1|SIGRTMAX-10|SIGRTMAX-11|SIGRTMAX-12|SIGRTMAX-13|SIGRTMAX-14|SIGRTMAX-2|SIGRTMAX-3|SIGRTMAX-4|SIGRTMAX-5|SIGRTMAX-6|SIGRTMAX-7|SIGRTMAX-8|SIGRTMAX-9|SIGRTMIN|SIGRTMIN+1|SIGRTMIN+10|SIGRTMIN+11|SIGRTMIN+12|SIGRTMIN+13|SIGRTMIN+14|SIGRTMIN+15|SIGRTMIN+2|SIGRTMIN+3|SIGRTMIN+4|SIGRTMIN+5|SIGRTMIN+6|SIGRTMIN+7|SIGRTMIN+8|SIGRTMIN+9|SIGSEGV|SIGSTKFLT|SIGSTOP|SIGSYS|SIGTERM|SIGTRAP|SIGTSTP|SIGTTIN|SIGTTOU|SIGURG|SIGUSR1|SIGUSR2|SIGVTALRM|SIGWINCH|SIGXCPU|SIGXFSZ',
    'ModifyVolumeStatus.status': 'InProgress|Infeasible|Pending',
    'NamespaceStatus.phase': 'Active|Terminating',
    'NodeSelectorRequirement.operator': 'DoesNotExist|Exists|Gt|In|Lt|NotIn',
    'NodeStatus.phase': 'Pending|Running|Terminated',
    'PersistentVolumeClaimSpec.volumeMode': 'Block|Filesystem',
    'PersistentVolumeClaimStatus.phase': 'Bound|Lost|Pending',
    'PersistentVolumeSpec.persistentVolumeReclaimPolicy': 'Delete|Recycle|Retain',
    'PersistentVolumeSpec.volumeMode': 'Block|Filesystem',
    'PersistentVolumeStatus.phase': 'Available|Bound|Failed|Pending|Released',
    'PodSecurityContext.fsGroupChangePolicy': 'Always|OnRootMismatch',
    'PodSecurityContext.supplementalGroupsPolicy': 'Merge|Strict',
    'PodSpec.dnsPolicy': 'ClusterFirst|ClusterFirstWithHostNet|Default|None',
    'PodSpec.preemptionPolicy': 'Never|PreemptLowerPriority',
    'PodSpec.restartPolicy': 'Always|Never|OnFailure',
    'PodStatus.phase': 'Failed|Pending|Running|Succeeded|Unknown',
    'PodStatus.qosClass': 'BestEffort|Burstable|Guaranteed',
    'PortStatus.protocol': 'SCTP|TCP|UDP',
    'ScopedResourceSelectorRequirement.operator': 'DoesNotExist|Exists|In|NotIn',
    'ScopedResourceSelectorRequirement.scopeName':
      'BestEffort|CrossNamespacePodAffinity|NotBestEffort|NotTerminating|PriorityClass|Terminating|VolumeAttributesClass',
    'SeccompProfile.type': 'Localhost|RuntimeDefault|Unconfined',
    'SecurityContext.procMount': 'Default|Unmasked',
    'ServicePort.protocol': 'SCTP|TCP|UDP',
    'ServiceSpec.externalTrafficPolicy': 'Cluster|Local',
    'ServiceSpec.internalTrafficPolicy': 'Cluster|Local',
    'ServiceSpec.ipFamilyPolicy': 'PreferDualStack|RequireDualStack|SingleStack',
    'ServiceSpec.sessionAffinity': 'ClientIP|None',
    'ServiceSpec.type': 'ClusterIP|ExternalName|LoadBalancer|NodePort',
    'Taint.effect': 'NoExecute|NoSchedule|PreferNoSchedule',
    'Toleration.effect': 'NoExecute|NoSchedule|PreferNoSchedule',
    'Toleration.operator': 'Equal|Exists|Gt|Lt',
    'TopologySpreadConstraint.nodeAffinityPolicy': 'Honor|Ignore',
    'TopologySpreadConstraint.nodeTaintsPolicy': 'Honor|Ignore',
    'TopologySpreadConstraint.whenUnsatisfiable': 'DoNotSchedule|ScheduleAnyway',
    'VolumeMount.mountPropagation': 'Bidirectional|HostToContainer|None',
  },
  'io.k8s.api.discovery.v1': {
    'EndpointPort.protocol': 'SCTP|TCP|UDP',
    'EndpointSlice.addressType': 'FQDN|IPv4|IPv6',
  },
  'io.k8s.api.networking.v1': {
    'HTTPIngressPath.pathType': 'Exact|ImplementationSpecific|Prefix',
    'IngressPortStatus.protocol': 'SCTP|TCP|UDP',
    'NetworkPolicyPort.protocol': 'SCTP|TCP|UDP',
  },
  'io.k8s.api.policy.v1': {
    'PodDisruptionBudgetSpec.unhealthyPodEvictionPolicy': 'AlwaysAllow|IfHealthyBudget',
  },
  'io.k8s.api.resource.v1': {
    'DeviceAllocationConfiguration.source': 'FromClaim|FromClass',
    'DeviceSubRequest.allocationMode': 'All|ExactCount',
    'DeviceTaint.effect': 'NoExecute|NoSchedule|None',
    'DeviceToleration.effect': 'NoExecute|NoSchedule|None',
    'DeviceToleration.operator': 'Equal|Exists',
    'ExactDeviceRequest.allocationMode': 'All|ExactCount',
  },
  'io.k8s.api.scheduling.v1': {
    'PriorityClass.preemptionPolicy': 'Never|PreemptLowerPriority',
  },
  'io.k8s.api.storage.v1': {
    'StorageClass.reclaimPolicy': 'Delete|Recycle|Retain',
    'StorageClass.volumeBindingMode': 'Immediate|WaitForFirstConsumer',
  },
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1': {
    'ValidationRule.reason': 'FieldValueDuplicate|FieldValueForbidden|FieldValueInvalid|FieldValueRequired',
  },
}

const accessModes = 'ReadOnlyMany|ReadWriteMany|ReadWriteOnce|ReadWriteOncePod'

/** The same for the items of lists and the values of maps. */
export const itemEnumValues: Record<string, Record<string, string>> = {
  'io.k8s.api.admissionregistration.v1': {
    'NamedRuleWithOperations.operations': '*|CONNECT|CREATE|DELETE|UPDATE',
    'RuleWithOperations.operations': '*|CONNECT|CREATE|DELETE|UPDATE',
    'ValidatingAdmissionPolicyBindingSpec.validationActions': 'Audit|Deny|Warn',
  },
  'io.k8s.api.certificates.v1': {
    'CertificateSigningRequestSpec.usages':
      'any|cert sign|client auth|code signing|content commitment|crl sign|data encipherment|decipher only|digital signature|email protection|encipher only|ipsec end system|ipsec tunnel|ipsec user|key agreement|key encipherment|microsoft sgc|netscape sgc|ocsp signing|s/mime|server auth|signing|timestamping',
  },
  'io.k8s.api.core.v1': {
    'PersistentVolumeClaimSpec.accessModes': accessModes,
    'PersistentVolumeClaimStatus.accessModes': accessModes,
    'PersistentVolumeClaimStatus.allocatedResourceStatuses':
      'ControllerResizeInProgress|ControllerResizeInfeasible|NodeResizeInProgress|NodeResizeInfeasible|NodeResizePending',
    'PersistentVolumeSpec.accessModes': accessModes,
    'ResourceQuotaSpec.scopes':
      'BestEffort|CrossNamespacePodAffinity|NotBestEffort|NotTerminating|PriorityClass|Terminating|VolumeAttributesClass',
    'ServiceSpec.ipFamilies': '|IPv4|IPv6',
  },
  'io.k8s.api.networking.v1': { 'NetworkPolicySpec.policyTypes': 'Egress|Ingress' },
}
