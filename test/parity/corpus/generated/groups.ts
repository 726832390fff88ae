import type { ParityCases } from '../../case.ts'
import { remove } from '../build.ts'
import { collectionOf, creations, nameOf, replacements, type Bodies, type Subject } from './ask.ts'
import type { MutationOptions } from './mutate.ts'

/** Good objects of the groups beside the core, and what can be wrong with them. */
interface Row {
  subject: Subject
  bodies: Bodies
  options?: MutationOptions
}

const kind = (apiVersion: string, name: string, plural: string, more: Partial<Subject> = {}): Subject => ({
  apiVersion,
  kind: name,
  plural,
  ...more,
})
const cluster = { clusterScoped: true }
const selector = { matchLabels: { a: 'b' }, matchExpressions: [{ key: 'c', operator: 'In', values: ['d'] }] }

const networking: Row[] = [
  {
    subject: kind('networking.k8s.io/v1', 'Ingress', 'ingresses'),
    bodies: {
      least: { spec: { defaultBackend: { service: { name: 's', port: { number: 80 } } } } },
      rich: {
        spec: {
          ingressClassName: 'c',
          tls: [{ hosts: ['a.example', '*.b.example'], secretName: 's' }],
          rules: [
            {
              host: 'a.example',
              http: {
                paths: [
                  { path: '/a', pathType: 'Prefix', backend: { service: { name: 's', port: { name: 'web' } } } },
                  {
                    path: '/b',
                    pathType: 'Exact',
                    backend: { resource: { apiGroup: 'example.com', kind: 'K', name: 'n' } },
                  },
                  { pathType: 'ImplementationSpecific', backend: { service: { name: 's', port: { number: 80 } } } },
                ],
              },
            },
          ],
        },
      },
    },
  },
  {
    subject: kind('networking.k8s.io/v1', 'IngressClass', 'ingressclasses', cluster),
    bodies: {
      least: { spec: { controller: 'example.com/c' } },
      rich: {
        spec: {
          controller: 'example.com/c',
          parameters: { apiGroup: 'example.com', kind: 'K', name: 'n', scope: 'Namespace', namespace: 'ns' },
        },
      },
      'with parameters of the cluster': {
        spec: { controller: 'example.com/c', parameters: { kind: 'K', name: 'n', scope: 'Cluster' } },
      },
    },
  },
  {
    subject: kind('networking.k8s.io/v1', 'NetworkPolicy', 'networkpolicies'),
    bodies: {
      least: { spec: { podSelector: {} } },
      rich: {
        spec: {
          podSelector: selector,
          policyTypes: ['Ingress', 'Egress'],
          ingress: [
            {
              from: [{ podSelector: selector, namespaceSelector: selector }],
              ports: [{ port: 80, endPort: 90, protocol: 'TCP' }, { port: 'web' }],
            },
          ],
          egress: [{ to: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } }] }],
        },
      },
    },
  },
  {
    subject: kind('networking.k8s.io/v1', 'IPAddress', 'ipaddresses', { ...cluster, name: '192.0.2.77' }),
    bodies: { good: { spec: { parentRef: { group: 'example.com', resource: 'r', namespace: 'n', name: 'x' } } } },
  },
  {
    subject: kind('networking.k8s.io/v1', 'ServiceCIDR', 'servicecidrs', cluster),
    bodies: { good: { spec: { cidrs: ['192.0.2.0/24', '2001:db8::/64'] } } },
  },
]

const storage: Row[] = [
  {
    subject: kind('storage.k8s.io/v1', 'StorageClass', 'storageclasses', cluster),
    bodies: {
      least: { provisioner: 'example.com/p' },
      rich: {
        provisioner: 'example.com/p',
        parameters: { a: 'b' },
        reclaimPolicy: 'Retain',
        mountOptions: ['ro'],
        allowVolumeExpansion: true,
        volumeBindingMode: 'WaitForFirstConsumer',
        allowedTopologies: [{ matchLabelExpressions: [{ key: 'zone', values: ['a', 'b'] }] }],
      },
    },
  },
  {
    subject: kind('storage.k8s.io/v1', 'CSIDriver', 'csidrivers', cluster),
    bodies: {
      least: { spec: {} },
      rich: {
        spec: {
          attachRequired: false,
          podInfoOnMount: true,
          volumeLifecycleModes: ['Persistent', 'Ephemeral'],
          storageCapacity: true,
          fsGroupPolicy: 'File',
          tokenRequests: [{ audience: 'a', expirationSeconds: 3600 }],
          requiresRepublish: true,
          seLinuxMount: true,
          nodeAllocatableUpdatePeriodSeconds: 60,
          serviceAccountTokenInSecrets: true,
        },
      },
    },
  },
  {
    subject: kind('storage.k8s.io/v1', 'CSINode', 'csinodes', cluster),
    bodies: {
      least: { spec: { drivers: [] } },
      rich: {
        spec: {
          drivers: [{ name: 'd.example.com', nodeID: 'n', topologyKeys: ['a', 'b'], allocatable: { count: 5 } }],
        },
      },
    },
  },
  {
    subject: kind('storage.k8s.io/v1', 'CSIStorageCapacity', 'csistoragecapacities'),
    bodies: {
      least: { storageClassName: 'c' },
      rich: { storageClassName: 'c', nodeTopology: selector, capacity: '1Gi', maximumVolumeSize: '1Mi' },
    },
  },
  {
    subject: kind('storage.k8s.io/v1', 'VolumeAttachment', 'volumeattachments', cluster),
    bodies: {
      good: { spec: { attacher: 'a.example.com', nodeName: 'n', source: { persistentVolumeName: 'pv' } } },
      inline: {
        spec: {
          attacher: 'a.example.com',
          nodeName: 'n',
          source: {
            inlineVolumeSpec: {
              accessModes: ['ReadWriteOnce'],
              csi: { driver: 'a.example.com', volumeHandle: 'h' },
            },
          },
        },
      },
    },
  },
  {
    subject: kind('storage.k8s.io/v1', 'VolumeAttributesClass', 'volumeattributesclasses', cluster),
    bodies: { good: { driverName: 'd.example.com', parameters: { a: 'b' } } },
  },
]

const rule = { apiGroups: [''], resources: ['pods'], resourceNames: ['p'], verbs: ['get'] }
const rbacGroup = 'rbac.authorization.k8s.io'
const subjects = [
  { kind: 'User', name: 'u', apiGroup: rbacGroup },
  { kind: 'Group', name: 'g', apiGroup: rbacGroup },
  { kind: 'ServiceAccount', name: 's', namespace: 'n' },
]
const rbac: Row[] = [
  { subject: kind(`${rbacGroup}/v1`, 'Role', 'roles'), bodies: { least: {}, rich: { rules: [rule] } } },
  {
    subject: kind(`${rbacGroup}/v1`, 'ClusterRole', 'clusterroles', cluster),
    bodies: {
      rich: { rules: [rule, { nonResourceURLs: ['/a/*'], verbs: ['get'] }] },
      aggregated: { aggregationRule: { clusterRoleSelectors: [selector] } },
    },
  },
  {
    subject: kind(`${rbacGroup}/v1`, 'RoleBinding', 'rolebindings'),
    bodies: { good: { subjects, roleRef: { apiGroup: rbacGroup, kind: 'Role', name: 'r' } } },
  },
  {
    subject: kind(`${rbacGroup}/v1`, 'ClusterRoleBinding', 'clusterrolebindings', cluster),
    bodies: { good: { subjects, roleRef: { apiGroup: rbacGroup, kind: 'ClusterRole', name: 'view' } } },
  },
]

const small: Row[] = [
  {
    subject: kind('coordination.k8s.io/v1', 'Lease', 'leases'),
    bodies: {
      least: {},
      rich: {
        spec: {
          holderIdentity: 'h',
          leaseDurationSeconds: 10,
          acquireTime: '2026-01-02T03:04:05.000006Z',
          renewTime: '2026-01-02T03:04:05.000006Z',
          leaseTransitions: 1,
          strategy: 'OldestEmulationVersion',
          preferredHolder: 'p',
        },
      },
    },
  },
  {
    subject: kind('discovery.k8s.io/v1', 'EndpointSlice', 'endpointslices'),
    bodies: {
      least: { addressType: 'IPv4', endpoints: [] },
      rich: {
        addressType: 'IPv4',
        endpoints: [
          {
            addresses: ['10.0.0.1'],
            conditions: { ready: true, serving: true, terminating: false },
            hostname: 'h',
            nodeName: 'n',
            zone: 'z',
            hints: { forZones: [{ name: 'z' }], forNodes: [{ name: 'n' }] },
            targetRef: { kind: 'Pod', name: 'p', namespace: 'n' },
            deprecatedTopology: { a: 'b' },
          },
        ],
        ports: [
          { name: 'a', port: 80, protocol: 'TCP', appProtocol: 'http' },
          { name: 'b', port: 81 },
        ],
      },
      'of addresses of the sixth version': { addressType: 'IPv6', endpoints: [{ addresses: ['2001:db8::1'] }] },
      'of names': { addressType: 'FQDN', endpoints: [{ addresses: ['a.example'] }] },
    },
  },
  {
    subject: kind('events.k8s.io/v1', 'Event', 'events'),
    bodies: {
      good: {
        eventTime: '2026-01-02T03:04:05.000006Z',
        reportingController: 'example.com/c',
        reportingInstance: 'i',
        action: 'A',
        reason: 'R',
        note: 'n',
        type: 'Normal',
        regarding: { kind: 'Pod', name: 'p', namespace: '{{ns}}' },
        series: { count: 2, lastObservedTime: '2026-01-02T03:04:05.000006Z' },
      },
    },
  },
  {
    subject: kind('node.k8s.io/v1', 'RuntimeClass', 'runtimeclasses', cluster),
    bodies: {
      least: { handler: 'h' },
      rich: {
        handler: 'h',
        overhead: { podFixed: { cpu: '1', memory: '1Gi' } },
        scheduling: {
          nodeSelector: { a: 'b' },
          tolerations: [{ key: 'k', operator: 'Equal', value: 'v', effect: 'NoExecute', tolerationSeconds: 5 }],
        },
      },
    },
  },
  {
    subject: kind('scheduling.k8s.io/v1', 'PriorityClass', 'priorityclasses', cluster),
    bodies: { good: { value: 1000, description: 'd', preemptionPolicy: 'Never', globalDefault: false } },
  },
  {
    subject: kind('flowcontrol.apiserver.k8s.io/v1', 'FlowSchema', 'flowschemas', cluster),
    bodies: {
      least: { spec: { priorityLevelConfiguration: { name: 'p' } } },
      rich: {
        spec: {
          priorityLevelConfiguration: { name: 'p' },
          matchingPrecedence: 500,
          distinguisherMethod: { type: 'ByUser' },
          rules: [
            {
              subjects: [
                { kind: 'User', user: { name: 'u' } },
                { kind: 'Group', group: { name: 'g' } },
                { kind: 'ServiceAccount', serviceAccount: { name: 's', namespace: 'n' } },
              ],
              resourceRules: [
                { verbs: ['get'], apiGroups: [''], resources: ['pods'], namespaces: ['n'], clusterScope: true },
              ],
              nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/a'] }],
            },
          ],
        },
      },
    },
  },
  {
    subject: kind(
      'flowcontrol.apiserver.k8s.io/v1',
      'PriorityLevelConfiguration',
      'prioritylevelconfigurations',
      cluster,
    ),
    bodies: {
      least: { spec: { type: 'Limited', limited: { limitResponse: { type: 'Reject' } } } },
      rich: {
        spec: {
          type: 'Limited',
          limited: {
            nominalConcurrencyShares: 10,
            lendablePercent: 50,
            borrowingLimitPercent: 20,
            limitResponse: { type: 'Queue', queuing: { queues: 16, handSize: 4, queueLengthLimit: 10 } },
          },
        },
      },
      exempt: { spec: { type: 'Exempt', exempt: { nominalConcurrencyShares: 1, lendablePercent: 1 } } },
    },
  },
  {
    subject: kind('apiregistration.k8s.io/v1', 'APIService', 'apiservices', { ...cluster, name: 'v1.{{id}}.example' }),
    bodies: {
      local: { spec: { group: '{{id}}.example', version: 'v1', groupPriorityMinimum: 100, versionPriority: 10 } },
      'of a service': {
        spec: {
          group: '{{id}}.example',
          version: 'v1',
          groupPriorityMinimum: 100,
          versionPriority: 10,
          insecureSkipTLSVerify: true,
          service: { name: 's', namespace: 'n', port: 443 },
        },
      },
    },
  },
]

const device = { name: 'd', attributes: { model: { string: 'm' }, 'x.example.com/n': { int: 5 } }, capacity: {} }
const claim = {
  devices: {
    requests: [
      {
        name: 'a',
        exactly: {
          deviceClassName: 'c.example.com',
          allocationMode: 'ExactCount',
          count: 2,
          adminAccess: false,
          selectors: [{ cel: { expression: 'device.driver == "d.example.com"' } }],
          tolerations: [{ key: 'k', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 5 }],
          capacity: { requests: { memory: '1Gi' } },
        },
      },
      {
        name: 'b',
        firstAvailable: [
          { name: 'x', deviceClassName: 'c.example.com', allocationMode: 'All' },
          { name: 'y', deviceClassName: 'c.example.com', count: 1 },
        ],
      },
    ],
    constraints: [{ requests: ['a', 'b/x'], matchAttribute: 'd.example.com/model' }],
    config: [{ requests: ['a'], opaque: { driver: 'd.example.com', parameters: { a: 1 } } }],
  },
}
const resource: Row[] = [
  {
    subject: kind('resource.k8s.io/v1', 'ResourceClaim', 'resourceclaims'),
    bodies: { least: { spec: {} }, rich: { spec: claim } },
  },
  {
    subject: kind('resource.k8s.io/v1', 'ResourceClaimTemplate', 'resourceclaimtemplates'),
    bodies: {
      least: { spec: { spec: {} } },
      rich: { spec: { metadata: { labels: { a: 'b' }, annotations: { c: 'd' } }, spec: claim } },
    },
    options: {
      only: ['spec', 'spec.spec.devices.requests.name', 'spec.spec.devices.requests.exactly.deviceClassName'],
    },
  },
  {
    subject: kind('resource.k8s.io/v1', 'DeviceClass', 'deviceclasses', cluster),
    bodies: {
      least: { spec: {} },
      rich: {
        spec: {
          selectors: [{ cel: { expression: 'device.driver == "d.example.com"' } }],
          config: [{ opaque: { driver: 'd.example.com', parameters: { a: 1 } } }],
          extendedResourceName: 'example.com/r',
        },
      },
    },
  },
  {
    subject: kind('resource.k8s.io/v1', 'ResourceSlice', 'resourceslices', cluster),
    bodies: {
      least: {
        spec: { driver: 'd.example.com', pool: { name: 'p', generation: 1, resourceSliceCount: 1 }, nodeName: 'n' },
      },
      rich: {
        spec: {
          driver: 'd.example.com',
          pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
          allNodes: true,
          devices: [
            {
              ...device,
              capacity: { memory: { value: '1Gi' } },
              taints: [{ key: 'k', value: 'v', effect: 'NoSchedule' }],
            },
            { name: 'e', attributes: { v: { version: '1.2.3' }, b: { bool: true } } },
          ],
        },
      },
      'with counters': {
        spec: {
          driver: 'd.example.com',
          pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
          nodeSelector: {
            nodeSelectorTerms: [{ matchExpressions: [{ key: 'k', operator: 'In', values: ['v'] }] }],
          },
          sharedCounters: [{ name: 's', counters: { memory: { value: '1Gi' } } }],
        },
      },
    },
  },
]

const rows = { networking, storage, rbac, small, resource }

function made(list: readonly Row[]): ParityCases {
  return Object.assign({}, ...list.map(({ subject, bodies, options }) => creations(subject, bodies, options)))
}

/** The original's own controller writes to them at once: what a replacement meets is a race. */
const raced = new Set(['FlowSchema', 'PriorityLevelConfiguration', 'APIService'])

function replaced(list: readonly Row[]): ParityCases {
  const one = ({ subject, bodies, options }: Row): ParityCases => {
    const gone = remove(`${collectionOf(subject)}/${nameOf(subject)}`, undefined, { setup: true })
    return replacements(subject, bodies, {
      ...options,
      ...(subject.clusterScoped === true ? { after: [gone] } : {}),
    })
  }
  return Object.assign({}, ...list.filter(({ subject }) => !raced.has(subject.kind)).map(one))
}

/** By the file they are recorded in. */
export const groups: Record<string, ParityCases> = Object.fromEntries(
  Object.entries(rows).flatMap(([name, list]) => [
    [`made-${name}`, made(list)],
    [`made-${name}-replaced`, replaced(list)],
  ]),
)
