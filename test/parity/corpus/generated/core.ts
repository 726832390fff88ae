import type { ParityCases, ParityStep } from '../../case.ts'
import { patch, remove, template } from '../build.ts'
import { collectionOf, creations, nameOf, patched, replacements, type Bodies, type Subject } from './ask.ts'
import { persistentVolume, pvSpec } from './volumes.ts'

const v1 = (kind: string, plural: string, more: Partial<Subject> = {}): Subject => ({
  apiVersion: 'v1',
  kind,
  plural,
  ...more,
})
const cleared = (subject: Subject): ParityStep[] => [
  remove(`${collectionOf(subject)}/${nameOf(subject)}`, { gracePeriodSeconds: 0 }, { codeOnly: true }),
]

const service = v1('Service', 'services')
const serviceBodies: Bodies = {
  'with many fields': {
    spec: {
      type: 'ClusterIP',
      selector: { a: 'b' },
      ports: [
        { name: 'web', port: 80, targetPort: 'http', protocol: 'TCP', appProtocol: 'http' },
        { name: 'dns', port: 53, targetPort: 5353, protocol: 'UDP' },
      ],
      sessionAffinity: 'ClientIP',
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } },
      internalTrafficPolicy: 'Local',
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      publishNotReadyAddresses: true,
      trafficDistribution: 'PreferClose',
      externalIPs: ['203.0.113.1'],
    },
  },
  'of node ports': {
    spec: {
      type: 'NodePort',
      externalTrafficPolicy: 'Local',
      ports: [
        { name: 'a', port: 80 },
        { name: 'b', port: 81 },
      ],
    },
  },
  'of a load balancer': {
    spec: {
      type: 'LoadBalancer',
      ports: [{ port: 80 }],
      loadBalancerClass: 'example.com/lb',
      loadBalancerSourceRanges: ['10.0.0.0/8'],
      loadBalancerIP: '203.0.113.9',
      allocateLoadBalancerNodePorts: false,
      externalTrafficPolicy: 'Cluster',
    },
  },
  'without a head': { spec: { clusterIP: 'None', clusterIPs: ['None'], selector: { a: 'b' }, ports: [{ port: 80 }] } },
  'of another name': { spec: { type: 'ExternalName', externalName: 'a.example', ports: [{ port: 80 }] } },
  'of two families': {
    spec: { ipFamilyPolicy: 'PreferDualStack', ipFamilies: ['IPv4'], ports: [{ port: 80 }] },
  },
}

export const services: ParityCases = {
  ...creations(service, serviceBodies),
  ...replacements(service, serviceBodies, { skip: ['spec.ports.name', 'spec.ports.appProtocol'] }),
  ...patched(service, serviceBodies['with many fields'] ?? {}, { sessionAffinity: 'None' }),
}

const claim = v1('PersistentVolumeClaim', 'persistentvolumeclaims')
const claimBodies: Bodies = {
  'with many fields': {
    spec: {
      accessModes: ['ReadWriteOnce', 'ReadOnlyMany'],
      resources: { requests: { storage: '1Gi' }, limits: { storage: '2Gi' } },
      selector: { matchLabels: { a: 'b' }, matchExpressions: [{ key: 'c', operator: 'In', values: ['d'] }] },
      storageClassName: 's',
      volumeMode: 'Filesystem',
      volumeName: 'v',
      volumeAttributesClassName: 'x',
    },
  },
  'from a snapshot': {
    spec: {
      accessModes: ['ReadWriteOncePod'],
      resources: { requests: { storage: '1Gi' } },
      dataSource: { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 's' },
    },
  },
  'from another claim': {
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '1Gi' } },
      dataSourceRef: { kind: 'PersistentVolumeClaim', name: 'c' },
    },
  },
}
const claimStatus = {
  phase: 'Bound',
  accessModes: ['ReadWriteOnce'],
  capacity: { storage: '1Gi' },
  allocatedResources: { storage: '2Gi' },
  allocatedResourceStatuses: { storage: 'ControllerResizeInProgress' },
  conditions: [{ type: 'Resizing', status: 'True', reason: 'R', message: 'm' }],
  currentVolumeAttributesClassName: 'x',
}
const bound = (door: string): ParityStep =>
  patch(
    'merge',
    `${door}/status`,
    { status: { phase: 'Bound', capacity: { storage: '1Gi' } } },
    {
      setup: true,
      capture: { rv: 'metadata.resourceVersion' },
    },
  )
const claimSimple = claimBodies['with many fields'] ?? {}
export const claims: ParityCases = {
  ...creations(claim, claimBodies),
  ...replacements(claim, claimBodies),
  ...replacements(claim, { 'that is bound': claimSimple }, { between: [bound(`${collectionOf(claim)}/a`)] }),
  ...replacements(
    claim,
    { 'with its status': { ...claimSimple, status: claimStatus } },
    { subresource: 'status', only: ['status'] },
  ),
  ...patched(claim, claimSimple, { volumeName: 'w' }),
}

const volumeBodies: Bodies = {
  'on a host': pvSpec({ hostPath: { path: '/a' }, persistentVolumeReclaimPolicy: 'Retain', mountOptions: ['ro'] }),
  'of a driver': pvSpec({
    csi: { driver: 'd.example', volumeHandle: 'h' },
    nodeAffinity: {
      required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'In', values: ['b'] }] }] },
    },
    volumeMode: 'Block',
  }),
}
export const volumesReplaced: ParityCases = replacements(persistentVolume, volumeBodies, {
  after: cleared(persistentVolume),
})

const configMap = v1('ConfigMap', 'configmaps')
const secret = v1('Secret', 'secrets')
const account = v1('ServiceAccount', 'serviceaccounts')
const secretBodies: Bodies = {
  'of any use': { data: { a: 'Yg==' }, stringData: { c: 'd' }, immutable: true },
  'for a registry': { type: 'kubernetes.io/dockerconfigjson', data: { '.dockerconfigjson': 'e30=' } },
  'for an old registry': { type: 'kubernetes.io/dockercfg', data: { '.dockercfg': 'e30=' } },
  'for a user': { type: 'kubernetes.io/basic-auth', data: { username: 'dQ==', password: 'cA==' } },
  'for SSH': { type: 'kubernetes.io/ssh-auth', data: { 'ssh-privatekey': 'aw==' } },
  'for TLS': { type: 'kubernetes.io/tls', data: { 'tls.crt': 'eA==', 'tls.key': 'eQ==' } },
  'for an account': {
    metadata: { annotations: { 'kubernetes.io/service-account.name': 'default' } },
    type: 'kubernetes.io/service-account-token',
  },
  'for a new node': { type: 'bootstrap.kubernetes.io/token', data: { 'token-id': 'eA==' } },
}
const configBodies: Bodies = {
  'with both kinds of data': { data: { a: 'b' }, binaryData: { c: 'ZA==' }, immutable: false },
}
export const configuration: ParityCases = {
  ...creations(configMap, configBodies),
  ...replacements(configMap, {
    ...configBodies,
    'that stays': { data: { a: 'b' }, binaryData: { c: 'ZA==' }, immutable: true },
  }),
  ...creations(secret, secretBodies),
  ...replacements(secret, secretBodies),
  ...creations(account, {
    'with many fields': {
      secrets: [{ name: 's' }],
      imagePullSecrets: [{ name: 'p' }],
      automountServiceAccountToken: false,
    },
  }),
}

const quota = v1('ResourceQuota', 'resourcequotas')
const quotaBodies: Bodies = {
  'of many things': {
    spec: {
      hard: {
        pods: '10',
        'requests.cpu': '4',
        'limits.memory': '8Gi',
        'requests.storage': '10Gi',
        's.storageclass.storage.k8s.io/persistentvolumeclaims': '2',
        'count/deployments.apps': '5',
        'services.nodeports': '1',
        'requests.example.com/gpu': '2',
      },
    },
  },
  'with a scope': { spec: { hard: { pods: '10' }, scopes: ['NotTerminating'] } },
  'with scopes that clash': { spec: { hard: { pods: '10' }, scopes: ['BestEffort', 'NotBestEffort'] } },
  'with a scope of things it cannot have': { spec: { hard: { 'requests.cpu': '1' }, scopes: ['BestEffort'] } },
  'with a selector of priorities': {
    spec: {
      hard: { pods: '10' },
      scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In', values: ['high'] }] },
    },
  },
  'with a selector of ends': {
    spec: {
      hard: { pods: '10' },
      scopeSelector: { matchExpressions: [{ scopeName: 'Terminating', operator: 'Exists' }] },
    },
  },
}
const limits = v1('LimitRange', 'limitranges')
const limitBodies: Bodies = {
  'of containers': {
    spec: {
      limits: [
        {
          type: 'Container',
          min: { cpu: '100m', memory: '4Mi' },
          max: { cpu: '2', memory: '1Gi' },
          default: { cpu: '500m', memory: '64Mi' },
          defaultRequest: { cpu: '200m', memory: '32Mi' },
          maxLimitRequestRatio: { cpu: '4' },
        },
      ],
    },
  },
  'of pods and claims': {
    spec: {
      limits: [
        { type: 'Pod', min: { cpu: '1' }, max: { cpu: '2' }, maxLimitRequestRatio: { cpu: '2' } },
        { type: 'PersistentVolumeClaim', min: { storage: '1Gi' }, max: { storage: '2Gi' } },
      ],
    },
  },
  'of pods, with defaults': {
    spec: { limits: [{ type: 'Pod', default: { cpu: '1' }, defaultRequest: { cpu: '1' } }] },
  },
}
export const quotas: ParityCases = {
  ...creations(quota, quotaBodies),
  ...replacements(quota, quotaBodies),
  ...replacements(
    quota,
    { 'with its status': { spec: { hard: { pods: '1' } }, status: { hard: { pods: '1' }, used: { pods: '0' } } } },
    { subresource: 'status', only: ['status'] },
  ),
  ...creations(limits, limitBodies),
  ...replacements(limits, { 'of containers': limitBodies['of containers'] ?? {} }),
}

const node = v1('Node', 'nodes', { clusterScoped: true })
const nodeBody = {
  spec: {
    podCIDR: '10.0.0.0/24',
    podCIDRs: ['10.0.0.0/24'],
    providerID: 'x://y',
    unschedulable: true,
    taints: [
      { key: 'a', value: 'b', effect: 'NoSchedule' },
      { key: 'c', effect: 'NoExecute' },
    ],
    configSource: { configMap: { namespace: 'n', name: 'm', kubeletConfigKey: 'k' } },
  },
}
const nodeStatus = {
  status: {
    capacity: { cpu: '4', memory: '8Gi', 'example.com/gpu': '1' },
    allocatable: { cpu: '3' },
    phase: 'Running',
    conditions: [{ type: 'Ready', status: 'True', reason: 'R' }],
    addresses: [{ type: 'InternalIP', address: '10.0.0.1' }],
    daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
    nodeInfo: { kubeletVersion: 'v1', machineID: 'm' },
    images: [{ names: ['a'], sizeBytes: 5 }],
    volumesInUse: ['v'],
    volumesAttached: [{ name: 'v', devicePath: '/d' }],
    runtimeHandlers: [{ name: 'r', features: { recursiveReadOnlyMounts: true } }],
    features: { supplementalGroupsPolicy: true },
    declaredFeatures: ['A'],
  },
}
const namespace = v1('Namespace', 'namespaces', { clusterScoped: true })
const controller = v1('ReplicationController', 'replicationcontrollers')
const controllerBodies: Bodies = {
  'with many fields': { spec: { replicas: 2, minReadySeconds: 3, selector: { app: 'a' }, template: template() } },
}
const endpoints = v1('Endpoints', 'endpoints')
const endpointsBody: Bodies = {
  'with many fields': {
    subsets: [
      {
        addresses: [{ ip: '10.0.0.1', hostname: 'h', nodeName: 'n', targetRef: { kind: 'Pod', name: 'p' } }],
        notReadyAddresses: [{ ip: '10.0.0.2' }],
        ports: [
          { name: 'a', port: 80, protocol: 'TCP', appProtocol: 'http' },
          { name: 'b', port: 81 },
        ],
      },
    ],
  },
}
export const otherCore: ParityCases = {
  ...creations(node, { 'with many fields': nodeBody }),
  ...replacements(node, { 'with many fields': nodeBody }, { after: cleared(node) }),
  ...replacements(
    node,
    { 'with its status': nodeStatus },
    { subresource: 'status', only: ['status'], after: cleared(node) },
  ),
  ...creations(namespace, { 'with finalizers': { spec: { finalizers: ['example.com/f', 'kubernetes'] } } }),
  ...creations(controller, controllerBodies, { skip: ['spec.template.spec'] }),
  ...replacements(controller, controllerBodies, { skip: ['spec.template.spec.containers'] }),
  ...creations(endpoints, endpointsBody),
  ...replacements(endpoints, endpointsBody),
  ...creations(
    v1('PodTemplate', 'podtemplates'),
    { 'with little': { template: template({ automountServiceAccountToken: false }) } },
    { skip: ['template.spec.containers'] },
  ),
}
