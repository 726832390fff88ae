/**
 * The resources that the documents describe. One a line: name, kind (with its group and version where they differ),
 * "ns" when namespaced, and the verbs where they are not the usual ones (all eight; get, patch and update for a
 * subresource).
 */
export interface ResourcesOfGroupVersion {
  group: string
  version: string
  /** Where the definitions of its kinds are. */
  package: string
  resources: string
}

export const resources: ResourcesOfGroupVersion[] = [
  {
    group: '',
    version: 'v1',
    package: 'io.k8s.api.core.v1',
    resources: `
      bindings Binding ns create
      componentstatuses ComponentStatus get,list
      configmaps ConfigMap ns
      endpoints Endpoints ns
      events Event ns
      limitranges LimitRange ns
      namespaces Namespace create,delete,get,list,patch,update,watch
      namespaces/finalize Namespace update
      namespaces/status Namespace
      nodes Node
      nodes/proxy NodeProxyOptions create,delete,get,patch,update
      nodes/status Node
      persistentvolumeclaims PersistentVolumeClaim ns
      persistentvolumeclaims/status PersistentVolumeClaim ns
      persistentvolumes PersistentVolume
      persistentvolumes/status PersistentVolume
      pods Pod ns
      pods/attach PodAttachOptions ns create,get
      pods/binding Binding ns create
      pods/ephemeralcontainers Pod ns
      pods/eviction policy/v1/Eviction ns create
      pods/exec PodExecOptions ns create,get
      pods/log Pod ns get
      pods/portforward PodPortForwardOptions ns create,get
      pods/proxy PodProxyOptions ns create,delete,get,patch,update
      pods/resize Pod ns
      pods/status Pod ns
      podtemplates PodTemplate ns
      replicationcontrollers ReplicationController ns
      replicationcontrollers/scale autoscaling/v1/Scale ns
      replicationcontrollers/status ReplicationController ns
      resourcequotas ResourceQuota ns
      resourcequotas/status ResourceQuota ns
      secrets Secret ns
      serviceaccounts ServiceAccount ns
      serviceaccounts/token authentication.k8s.io/v1/TokenRequest ns create
      services Service ns
      services/proxy ServiceProxyOptions ns create,delete,get,patch,update
      services/status Service ns
    `,
  },
  {
    group: 'admissionregistration.k8s.io',
    version: 'v1',
    package: 'io.k8s.api.admissionregistration.v1',
    resources: `
      mutatingadmissionpolicies MutatingAdmissionPolicy
      mutatingadmissionpolicybindings MutatingAdmissionPolicyBinding
      mutatingwebhookconfigurations MutatingWebhookConfiguration
      validatingadmissionpolicies ValidatingAdmissionPolicy
      validatingadmissionpolicies/status ValidatingAdmissionPolicy
      validatingadmissionpolicybindings ValidatingAdmissionPolicyBinding
      validatingwebhookconfigurations ValidatingWebhookConfiguration
    `,
  },
  {
    group: 'apiextensions.k8s.io',
    version: 'v1',
    package: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1',
    resources: `
      customresourcedefinitions CustomResourceDefinition
      customresourcedefinitions/status CustomResourceDefinition
    `,
  },
  {
    group: 'apiregistration.k8s.io',
    version: 'v1',
    package: 'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1',
    resources: `
      apiservices APIService
      apiservices/status APIService
    `,
  },
  {
    group: 'apps',
    version: 'v1',
    package: 'io.k8s.api.apps.v1',
    resources: `
      controllerrevisions ControllerRevision ns
      daemonsets DaemonSet ns
      daemonsets/status DaemonSet ns
      deployments Deployment ns
      deployments/scale autoscaling/v1/Scale ns
      deployments/status Deployment ns
      replicasets ReplicaSet ns
      replicasets/scale autoscaling/v1/Scale ns
      replicasets/status ReplicaSet ns
      statefulsets StatefulSet ns
      statefulsets/scale autoscaling/v1/Scale ns
      statefulsets/status StatefulSet ns
    `,
  },
  {
    group: 'authentication.k8s.io',
    version: 'v1',
    package: 'io.k8s.api.authentication.v1',
    resources: `
      selfsubjectreviews SelfSubjectReview create
      tokenreviews TokenReview create
    `,
  },
  {
    group: 'authorization.k8s.io',
    version: 'v1',
    package: 'io.k8s.api.authorization.v1',
    resources: `
      localsubjectaccessreviews LocalSubjectAccessReview ns create
      selfsubjectaccessreviews SelfSubjectAccessReview create
      selfsubjectrulesreviews SelfSubjectRulesReview create
      subjectaccessreviews SubjectAccessReview create
    `,
  },
  {
    group: 'autoscaling',
    version: 'v1',
    package: 'io.k8s.api.autoscaling.v1',
    resources: `
      horizontalpodautoscalers HorizontalPodAutoscaler ns
      horizontalpodautoscalers/status HorizontalPodAutoscaler ns
    `,
  },
  {
    group: 'autoscaling',
    version: 'v2',
    package: 'io.k8s.api.autoscaling.v2',
    resources: `
      horizontalpodautoscalers HorizontalPodAutoscaler ns
      horizontalpodautoscalers/status HorizontalPodAutoscaler ns
    `,
  },
  {
    group: 'batch',
    version: 'v1',
    package: 'io.k8s.api.batch.v1',
    resources: `
      cronjobs CronJob ns
      cronjobs/status CronJob ns
      jobs Job ns
      jobs/status Job ns
    `,
  },
  {
    group: 'certificates.k8s.io',
    version: 'v1',
    package: 'io.k8s.api.certificates.v1',
    resources: `
      certificatesigningrequests CertificateSigningRequest
      certificatesigningrequests/approval CertificateSigningRequest
      certificatesigningrequests/status CertificateSigningRequest
    `,
  },
  {
    group: 'coordination.k8s.io',
    version: 'v1',
    package: 'io.k8s.api.coordination.v1',
    resources: `
      leases Lease ns
    `,
  },
  {
    group: 'discovery.k8s.io',
    version: 'v1',
    package: 'io.k8s.api.discovery.v1',
    resources: `
      endpointslices EndpointSlice ns
    `,
  },
  {
    group: 'events.k8s.io',
    version: 'v1',
    package: 'io.k8s.api.events.v1',
    resources: `
      events Event ns
    `,
  },
  {
    group: 'flowcontrol.apiserver.k8s.io',
    version: 'v1',
    package: 'io.k8s.api.flowcontrol.v1',
    resources: `
      flowschemas FlowSchema
      flowschemas/status FlowSchema
      prioritylevelconfigurations PriorityLevelConfiguration
      prioritylevelconfigurations/status PriorityLevelConfiguration
    `,
  },
  {
    group: 'networking.k8s.io',
    version: 'v1',
    package: 'io.k8s.api.networking.v1',
    resources: `
      ingressclasses IngressClass
      ingresses Ingress ns
      ingresses/status Ingress ns
      ipaddresses IPAddress
      networkpolicies NetworkPolicy ns
      servicecidrs ServiceCIDR
      servicecidrs/status ServiceCIDR
    `,
  },
  {
    group: 'node.k8s.io',
    version: 'v1',
    package: 'io.k8s.api.node.v1',
    resources: `
      runtimeclasses RuntimeClass
    `,
  },
  {
    group: 'policy',
    version: 'v1',
    package: 'io.k8s.api.policy.v1',
    resources: `
      poddisruptionbudgets PodDisruptionBudget ns
      poddisruptionbudgets/status PodDisruptionBudget ns
    `,
  },
  {
    group: 'rbac.authorization.k8s.io',
    version: 'v1',
    package: 'io.k8s.api.rbac.v1',
    resources: `
      clusterrolebindings ClusterRoleBinding
      clusterroles ClusterRole
      rolebindings RoleBinding ns
      roles Role ns
    `,
  },
  {
    group: 'resource.k8s.io',
    version: 'v1',
    package: 'io.k8s.api.resource.v1',
    resources: `
      deviceclasses DeviceClass
      resourceclaims ResourceClaim ns
      resourceclaims/status ResourceClaim ns
      resourceclaimtemplates ResourceClaimTemplate ns
      resourceslices ResourceSlice
    `,
  },
  {
    group: 'scheduling.k8s.io',
    version: 'v1',
    package: 'io.k8s.api.scheduling.v1',
    resources: `
      priorityclasses PriorityClass
    `,
  },
  {
    group: 'storage.k8s.io',
    version: 'v1',
    package: 'io.k8s.api.storage.v1',
    resources: `
      csidrivers CSIDriver
      csinodes CSINode
      csistoragecapacities CSIStorageCapacity ns
      storageclasses StorageClass
      volumeattachments VolumeAttachment
      volumeattachments/status VolumeAttachment
      volumeattributesclasses VolumeAttributesClass
    `,
  },
]
