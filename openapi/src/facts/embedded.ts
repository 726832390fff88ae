/**
 * Fields that the original's types hold by way of a struct without a name of its own in JSON. Errors about types name
 * it on the way: "Go struct field Volume.spec.volumes.VolumeSource.hostPath of type v1.HostPathVolumeSource".
 */
export const embedded: Record<string, Record<string, string>> = {
  DeviceConfiguration: {
    'io.k8s.api.resource.v1': `
      DeviceAllocationConfiguration.opaque DeviceClaimConfiguration.opaque DeviceClassConfiguration.opaque`,
  },
  EphemeralContainerCommon: {
    'io.k8s.api.core.v1': `
      EphemeralContainer.args EphemeralContainer.command EphemeralContainer.env EphemeralContainer.envFrom
      EphemeralContainer.image EphemeralContainer.imagePullPolicy EphemeralContainer.lifecycle
      EphemeralContainer.livenessProbe EphemeralContainer.name EphemeralContainer.ports
      EphemeralContainer.readinessProbe EphemeralContainer.resizePolicy EphemeralContainer.resources
      EphemeralContainer.restartPolicy EphemeralContainer.restartPolicyRules EphemeralContainer.securityContext
      EphemeralContainer.startupProbe EphemeralContainer.stdin EphemeralContainer.stdinOnce
      EphemeralContainer.terminationMessagePath EphemeralContainer.terminationMessagePolicy EphemeralContainer.tty
      EphemeralContainer.volumeDevices EphemeralContainer.volumeMounts EphemeralContainer.workingDir`,
  },
  IngressRuleValue: {
    'io.k8s.api.networking.v1': 'IngressRule.http',
  },
  LocalObjectReference: {
    'io.k8s.api.core.v1': `
      ConfigMapEnvSource.name ConfigMapKeySelector.name ConfigMapProjection.name ConfigMapVolumeSource.name
      SecretEnvSource.name SecretKeySelector.name SecretProjection.name`,
  },
  PersistentVolumeSource: {
    'io.k8s.api.core.v1': `
      PersistentVolumeSpec.awsElasticBlockStore PersistentVolumeSpec.azureDisk PersistentVolumeSpec.azureFile
      PersistentVolumeSpec.cephfs PersistentVolumeSpec.cinder PersistentVolumeSpec.csi PersistentVolumeSpec.fc
      PersistentVolumeSpec.flexVolume PersistentVolumeSpec.flocker PersistentVolumeSpec.gcePersistentDisk
      PersistentVolumeSpec.glusterfs PersistentVolumeSpec.hostPath PersistentVolumeSpec.iscsi
      PersistentVolumeSpec.local PersistentVolumeSpec.nfs PersistentVolumeSpec.photonPersistentDisk
      PersistentVolumeSpec.portworxVolume PersistentVolumeSpec.quobyte PersistentVolumeSpec.rbd
      PersistentVolumeSpec.scaleIO PersistentVolumeSpec.storageos PersistentVolumeSpec.vsphereVolume`,
  },
  ProbeHandler: {
    'io.k8s.api.core.v1': 'Probe.exec Probe.grpc Probe.httpGet Probe.tcpSocket',
  },
  Rule: {
    'io.k8s.api.admissionregistration.v1': `
      RuleWithOperations.apiGroups RuleWithOperations.apiVersions RuleWithOperations.resources
      RuleWithOperations.scope`,
  },
  RuleWithOperations: {
    'io.k8s.api.admissionregistration.v1': 'NamedRuleWithOperations.operations',
  },
  'RuleWithOperations.Rule': {
    'io.k8s.api.admissionregistration.v1': `
      NamedRuleWithOperations.apiGroups NamedRuleWithOperations.apiVersions NamedRuleWithOperations.resources
      NamedRuleWithOperations.scope`,
  },
  VolumeSource: {
    'io.k8s.api.core.v1': `
      Volume.awsElasticBlockStore Volume.azureDisk Volume.azureFile Volume.cephfs Volume.cinder Volume.configMap
      Volume.csi Volume.downwardAPI Volume.emptyDir Volume.ephemeral Volume.fc Volume.flexVolume Volume.flocker
      Volume.gcePersistentDisk Volume.gitRepo Volume.glusterfs Volume.hostPath Volume.image Volume.iscsi Volume.nfs
      Volume.persistentVolumeClaim Volume.photonPersistentDisk Volume.portworxVolume Volume.projected Volume.quobyte
      Volume.rbd Volume.scaleIO Volume.secret Volume.storageos Volume.vsphereVolume`,
  },
}
