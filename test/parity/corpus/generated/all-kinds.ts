import { binding, merge, mutation, onConfigMaps, policy } from '../policy-build.ts'
import { template } from '../build.ts'
import { definition, object as schemaObject } from '../crd-build.ts'
import type { Subject } from './ask.ts'

/** Every kind that is served by default, each with the least that makes a good object of it. */
export interface LeastObject {
  subject: Subject
  body: Record<string, unknown>
  /** Asked and answered, not kept. */
  isReview?: boolean
}

const kind = (
  apiVersion: string,
  name: string,
  plural: string,
  body: Record<string, unknown> = {},
  more: Partial<Subject> = {},
): LeastObject => ({ subject: { apiVersion, kind: name, plural, ...more }, body })
const cluster = { clusterScoped: true }
const review = (made: LeastObject): LeastObject => ({ ...made, isReview: true })
/** Without what the answers to all kinds alike begin with. */
const rest = ({ apiVersion: _a, kind: _k, metadata: _m, ...body }: Record<string, unknown>): Record<string, unknown> =>
  body

const selector = { matchLabels: { app: 'a' } }
const jobSpec = { template: { spec: { restartPolicy: 'Never', containers: template().spec.containers } } }
const scaled = { maxReplicas: 3, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' } }
const devices = { devices: { requests: [{ name: 'r', exactly: { deviceClassName: 'c' } }] } }
const webhook = {
  name: 'w.example.com',
  admissionReviewVersions: ['v1'],
  sideEffects: 'None',
  clientConfig: { url: 'https://127.0.0.1:1/x' },
  rules: [{ apiGroups: ['{{id}}.example.com'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['things'] }],
}
const request =
  'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlITk1IVUNBUUF3RXpFUk1BOEdBMVVFQXd3SWNHRnlhWFI1TFdFd1dUQVRCZ2NxaGtqT1BRSUJCZ2dxaGtqTwpQUU1CQndOQ0FBVEdBbHFiSFRDaDBEZXZPNm0rblFvZU9Va1ZtUHlpVU51SHgwRUZuYTBZaWpzN2ZkZDcwWFR6ClVCV082RDVVV09TSUc5U2xuRmR2b1l1QTZ2Z3gyeUh1b0FBd0NnWUlLb1pJemowRUF3SURTQUF3UlFJZ0hSOGwKVUJXN2sxanQ0WG5vSUVKc3JzQ2NIYWFwUjdBTnNYWU1Yd1BRSXRvQ0lRRERZeEx5R0prSzdhU3d0cXpPQjZDQgpBY1h2bnRJQ1c5VWk2Mk9JNFdReTFRPT0KLS0tLS1FTkQgQ0VSVElGSUNBVEUgUkVRVUVTVC0tLS0tCg=='
const rbac = 'rbac.authorization.k8s.io'
const role = (name: string): object => ({ roleRef: { apiGroup: rbac, kind: name, name: 'view' } })
const flow = 'flowcontrol.apiserver.k8s.io/v1'
const admission = 'admissionregistration.k8s.io/v1'
const pods = { verb: 'get', resource: 'pods' }

export const leastObjects: readonly LeastObject[] = [
  kind('v1', 'ConfigMap', 'configmaps'),
  kind('v1', 'Endpoints', 'endpoints'),
  kind('v1', 'Event', 'events', { involvedObject: { kind: 'Pod', name: 'p', namespace: '{{ns}}' } }),
  kind('v1', 'LimitRange', 'limitranges'),
  kind('v1', 'Namespace', 'namespaces', {}, cluster),
  kind('v1', 'Node', 'nodes', {}, cluster),
  kind(
    'v1',
    'PersistentVolume',
    'persistentvolumes',
    {
      spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/data' } },
    },
    cluster,
  ),
  kind('v1', 'PersistentVolumeClaim', 'persistentvolumeclaims', {
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  }),
  kind('v1', 'Pod', 'pods', { spec: template().spec }),
  kind('v1', 'PodTemplate', 'podtemplates', { template: template() }),
  kind('v1', 'ReplicationController', 'replicationcontrollers', { spec: { template: template() } }),
  kind('v1', 'ResourceQuota', 'resourcequotas'),
  kind('v1', 'Secret', 'secrets'),
  kind('v1', 'Service', 'services', { spec: { ports: [{ port: 80 }] } }),
  kind('v1', 'ServiceAccount', 'serviceaccounts'),
  kind('apps/v1', 'ControllerRevision', 'controllerrevisions', { data: { a: 1 }, revision: 1 }),
  kind('apps/v1', 'DaemonSet', 'daemonsets', { spec: { selector, template: template() } }),
  kind('apps/v1', 'Deployment', 'deployments', { spec: { selector, template: template() } }),
  kind('apps/v1', 'ReplicaSet', 'replicasets', { spec: { selector, template: template() } }),
  kind('apps/v1', 'StatefulSet', 'statefulsets', { spec: { selector, template: template() } }),
  kind('autoscaling/v1', 'HorizontalPodAutoscaler', 'horizontalpodautoscalers', { spec: scaled }),
  kind('autoscaling/v2', 'HorizontalPodAutoscaler', 'horizontalpodautoscalers', { spec: scaled }),
  kind('batch/v1', 'CronJob', 'cronjobs', { spec: { schedule: '*/5 * * * *', jobTemplate: { spec: jobSpec } } }),
  kind('batch/v1', 'Job', 'jobs', { spec: jobSpec }),
  kind(
    'certificates.k8s.io/v1',
    'CertificateSigningRequest',
    'certificatesigningrequests',
    {
      spec: { request, signerName: 'example.com/s', usages: ['digital signature'] },
    },
    cluster,
  ),
  kind('coordination.k8s.io/v1', 'Lease', 'leases'),
  kind('discovery.k8s.io/v1', 'EndpointSlice', 'endpointslices', {
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.0.0.1'] }],
  }),
  kind('events.k8s.io/v1', 'Event', 'events', {
    eventTime: '2026-01-02T03:04:05.000006Z',
    regarding: { kind: 'Pod', name: 'p', namespace: '{{ns}}' },
    reportingController: 'example.com/c',
    reportingInstance: 'i',
    action: 'Do',
    reason: 'Why',
    type: 'Normal',
  }),
  kind(
    flow,
    'FlowSchema',
    'flowschemas',
    {
      spec: {
        priorityLevelConfiguration: { name: 'global-default' },
        rules: [
          {
            subjects: [{ kind: 'User', user: { name: 'nobody-here' } }],
            nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/nowhere'] }],
          },
        ],
      },
    },
    cluster,
  ),
  kind(
    flow,
    'PriorityLevelConfiguration',
    'prioritylevelconfigurations',
    {
      spec: { type: 'Limited', limited: { limitResponse: { type: 'Queue', queuing: {} } } },
    },
    cluster,
  ),
  kind(
    'networking.k8s.io/v1',
    'IPAddress',
    'ipaddresses',
    {
      spec: { parentRef: { resource: 'services', namespace: 'default', name: 'parity' } },
    },
    { ...cluster, name: '192.0.2.78' },
  ),
  kind('networking.k8s.io/v1', 'Ingress', 'ingresses', {
    spec: { ingressClassName: 'c', defaultBackend: { service: { name: 's', port: { number: 80 } } } },
  }),
  kind('networking.k8s.io/v1', 'IngressClass', 'ingressclasses', { spec: { controller: 'example.com/c' } }, cluster),
  kind('networking.k8s.io/v1', 'NetworkPolicy', 'networkpolicies', { spec: { podSelector: {} } }),
  kind('networking.k8s.io/v1', 'ServiceCIDR', 'servicecidrs', { spec: { cidrs: ['192.0.2.0/24'] } }, cluster),
  kind('node.k8s.io/v1', 'RuntimeClass', 'runtimeclasses', { handler: 'runc' }, cluster),
  kind('policy/v1', 'PodDisruptionBudget', 'poddisruptionbudgets', { spec: { minAvailable: 1, selector } }),
  kind(`${rbac}/v1`, 'ClusterRole', 'clusterroles', {}, cluster),
  kind(`${rbac}/v1`, 'ClusterRoleBinding', 'clusterrolebindings', { ...role('ClusterRole') }, cluster),
  kind(`${rbac}/v1`, 'Role', 'roles'),
  kind(`${rbac}/v1`, 'RoleBinding', 'rolebindings', { ...role('Role') }),
  kind('resource.k8s.io/v1', 'DeviceClass', 'deviceclasses', { spec: {} }, cluster),
  kind('resource.k8s.io/v1', 'ResourceClaim', 'resourceclaims', { spec: devices }),
  kind('resource.k8s.io/v1', 'ResourceClaimTemplate', 'resourceclaimtemplates', { spec: { spec: devices } }),
  kind(
    'resource.k8s.io/v1',
    'ResourceSlice',
    'resourceslices',
    {
      spec: { driver: 'd.example.com', nodeName: 'n', pool: { name: 'p', generation: 1, resourceSliceCount: 1 } },
    },
    cluster,
  ),
  kind('scheduling.k8s.io/v1', 'PriorityClass', 'priorityclasses', { value: 100 }, cluster),
  kind('storage.k8s.io/v1', 'CSIDriver', 'csidrivers', { spec: {} }, cluster),
  kind('storage.k8s.io/v1', 'CSINode', 'csinodes', { spec: { drivers: [] } }, cluster),
  kind('storage.k8s.io/v1', 'CSIStorageCapacity', 'csistoragecapacities', { storageClassName: 'c' }),
  kind('storage.k8s.io/v1', 'StorageClass', 'storageclasses', { provisioner: 'example.com' }, cluster),
  kind(
    'storage.k8s.io/v1',
    'VolumeAttachment',
    'volumeattachments',
    {
      spec: { attacher: 'example.com', nodeName: 'n', source: { persistentVolumeName: 'v' } },
    },
    cluster,
  ),
  kind(
    'storage.k8s.io/v1',
    'VolumeAttributesClass',
    'volumeattributesclasses',
    {
      driverName: 'example.com',
      parameters: { a: 'b' },
    },
    cluster,
  ),
  kind(
    admission,
    'ValidatingAdmissionPolicy',
    'validatingadmissionpolicies',
    {
      ...rest(policy({ matchConstraints: onConfigMaps, validations: [{ expression: 'true' }] })),
    },
    cluster,
  ),
  kind(
    admission,
    'ValidatingAdmissionPolicyBinding',
    'validatingadmissionpolicybindings',
    {
      ...rest(binding({ policyName: 'nosuch', validationActions: ['Deny'] })),
    },
    cluster,
  ),
  kind(
    admission,
    'MutatingAdmissionPolicy',
    'mutatingadmissionpolicies',
    { ...rest(mutation({ mutations: [merge('Object{}')] })) },
    cluster,
  ),
  kind(
    admission,
    'MutatingAdmissionPolicyBinding',
    'mutatingadmissionpolicybindings',
    {
      spec: { policyName: 'nosuch' },
    },
    cluster,
  ),
  kind(
    admission,
    'ValidatingWebhookConfiguration',
    'validatingwebhookconfigurations',
    { webhooks: [webhook] },
    cluster,
  ),
  kind(admission, 'MutatingWebhookConfiguration', 'mutatingwebhookconfigurations', { webhooks: [webhook] }, cluster),
  kind(
    'apiextensions.k8s.io/v1',
    'CustomResourceDefinition',
    'customresourcedefinitions',
    {
      ...rest(definition({ schema: schemaObject({}) })),
    },
    { ...cluster, name: 'things.{{id}}.example.com' },
  ),
  kind(
    'apiregistration.k8s.io/v1',
    'APIService',
    'apiservices',
    {
      spec: {
        group: '{{id}}.example.com',
        version: 'v1',
        groupPriorityMinimum: 100,
        versionPriority: 10,
        insecureSkipTLSVerify: true,
        service: { namespace: 'default', name: 'nosuch' },
      },
    },
    { ...cluster, name: 'v1.{{id}}.example.com' },
  ),
  review(kind('authentication.k8s.io/v1', 'SelfSubjectReview', 'selfsubjectreviews', {}, cluster)),
  review(
    kind('authentication.k8s.io/v1', 'TokenReview', 'tokenreviews', { spec: { token: 'no.such.token' } }, cluster),
  ),
  review(
    kind('authorization.k8s.io/v1', 'LocalSubjectAccessReview', 'localsubjectaccessreviews', {
      spec: { user: 'alice', resourceAttributes: { ...pods, namespace: '{{ns}}' } },
    }),
  ),
  review(
    kind(
      'authorization.k8s.io/v1',
      'SelfSubjectAccessReview',
      'selfsubjectaccessreviews',
      {
        spec: { resourceAttributes: pods },
      },
      cluster,
    ),
  ),
  review(
    kind(
      'authorization.k8s.io/v1',
      'SelfSubjectRulesReview',
      'selfsubjectrulesreviews',
      {
        spec: { namespace: '{{ns}}' },
      },
      cluster,
    ),
  ),
  review(
    kind(
      'authorization.k8s.io/v1',
      'SubjectAccessReview',
      'subjectaccessreviews',
      {
        spec: { user: 'alice', resourceAttributes: pods },
      },
      cluster,
    ),
  ),
]
