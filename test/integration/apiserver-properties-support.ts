import fc from 'fast-check'
import type { Json } from './apiserver-support.ts'

/** Objects of many kinds that the server takes, and what can be done to them that it should not take. */
export interface Template {
  path: string
  object: Json & { metadata: Json & { name: string } }
}

const container = {
  name: 'web',
  image: 'web:1',
  ports: [{ containerPort: 80, name: 'http' }],
  env: [{ name: 'A', value: 'b' }],
  resources: { requests: { cpu: '100m', memory: '1Gi' } },
  livenessProbe: { httpGet: { path: '/', port: 'http' } },
  volumeMounts: [{ name: 'v', mountPath: '/v' }],
}
const podSpec = {
  containers: [container],
  volumes: [{ name: 'v', emptyDir: {} }],
  tolerations: [{ key: 'a', operator: 'Exists' }],
}
const podTemplate = { metadata: { labels: { app: 'x' } }, spec: podSpec }
const selector = { matchLabels: { app: 'x' } }

function template(apiVersion: string, kind: string, plural: string, rest: Json): Template {
  const clustered = /^(PersistentVolume|ClusterRole|StorageClass|PriorityClass)$/.test(kind)
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
  return {
    path: `${root}${clustered ? '' : '/namespaces/default'}/${plural}`,
    object: { apiVersion, kind, metadata: { name: 'p', labels: { a: 'b' }, annotations: { c: 'd' } }, ...rest },
  }
}

export const templates: readonly Template[] = [
  template('v1', 'Pod', 'pods', { spec: podSpec }),
  template('v1', 'ConfigMap', 'configmaps', { data: { a: 'b' }, binaryData: { c: 'AA==' } }),
  template('v1', 'Secret', 'secrets', { type: 'Opaque', data: { a: 'Yg==' }, stringData: { c: 'd' } }),
  template('v1', 'Service', 'services', { spec: { selector: { a: 'b' }, ports: [{ port: 80, targetPort: 'http' }] } }),
  template('v1', 'ResourceQuota', 'resourcequotas', { spec: { hard: { pods: '500', 'requests.cpu': '1k' } } }),
  template('v1', 'LimitRange', 'limitranges', {
    spec: { limits: [{ type: 'PersistentVolumeClaim', max: { storage: '9Ti' } }] },
  }),
  template('v1', 'PersistentVolumeClaim', 'persistentvolumeclaims', {
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  }),
  template('v1', 'PersistentVolume', 'persistentvolumes', {
    spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/x' } },
  }),
  template('apps/v1', 'Deployment', 'deployments', { spec: { replicas: 1, selector, template: podTemplate } }),
  template('apps/v1', 'StatefulSet', 'statefulsets', { spec: { serviceName: 'x', selector, template: podTemplate } }),
  template('apps/v1', 'DaemonSet', 'daemonsets', { spec: { selector, template: podTemplate } }),
  template('batch/v1', 'CronJob', 'cronjobs', {
    spec: {
      schedule: '* * * * *',
      jobTemplate: { spec: { template: { spec: { ...podSpec, restartPolicy: 'Never' } } } },
    },
  }),
  template('autoscaling/v2', 'HorizontalPodAutoscaler', 'horizontalpodautoscalers', {
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'p' },
      maxReplicas: 3,
      metrics: [
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } },
      ],
    },
  }),
  template('networking.k8s.io/v1', 'Ingress', 'ingresses', {
    spec: {
      rules: [
        {
          host: 'a.example.com',
          http: {
            paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'p', port: { number: 80 } } } }],
          },
        },
      ],
    },
  }),
  template('networking.k8s.io/v1', 'NetworkPolicy', 'networkpolicies', {
    spec: {
      podSelector: selector,
      ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } }] }],
    },
  }),
  template('policy/v1', 'PodDisruptionBudget', 'poddisruptionbudgets', { spec: { minAvailable: '50%', selector } }),
  template('rbac.authorization.k8s.io/v1', 'Role', 'roles', {
    rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }],
  }),
  template('rbac.authorization.k8s.io/v1', 'RoleBinding', 'rolebindings', {
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'p' },
    subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'u' }],
  }),
  template('storage.k8s.io/v1', 'StorageClass', 'storageclasses', { provisioner: 'x.example.com/y' }),
  template('coordination.k8s.io/v1', 'Lease', 'leases', {
    spec: { holderIdentity: 'x', leaseDurationSeconds: 10, renewTime: '2026-01-01T00:00:00.000000Z' },
  }),
  template('discovery.k8s.io/v1', 'EndpointSlice', 'endpointslices', {
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.0.0.1'] }],
    ports: [{ port: 80, name: 'http', protocol: 'TCP' }],
  }),
  template('fuzz.example.com/v1', 'Widget', 'widgets', {
    spec: { replicas: 1, items: [{ name: 'a', value: 1 }], tags: ['x'], any: { deep: [1, { er: null }] } },
  }),
]

export const widgetDefinition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.fuzz.example.com' },
  spec: {
    group: 'fuzz.example.com',
    scope: 'Namespaced',
    names: { plural: 'widgets', kind: 'Widget' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                properties: {
                  replicas: { type: 'integer', minimum: 0, default: 1 },
                  items: {
                    type: 'array',
                    'x-kubernetes-list-type': 'map',
                    'x-kubernetes-list-map-keys': ['name'],
                    maxItems: 10,
                    items: {
                      type: 'object',
                      required: ['name'],
                      properties: { name: { type: 'string', maxLength: 20 }, value: { type: 'integer' } },
                    },
                  },
                  tags: { type: 'array', 'x-kubernetes-list-type': 'set', maxItems: 5, items: { type: 'string' } },
                  any: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
                },
                'x-kubernetes-validations': [{ rule: '!has(self.items) || self.items.all(i, i.value < 100)' }],
              },
            },
          },
        },
      },
    ],
  },
}

/** Values that stand where others belong. As JSON text: what JavaScript cannot write is among them. */
export const hostile = fc.constantFrom(
  'null',
  'true',
  '0',
  '-1',
  '1.5',
  '1e308',
  '1e999',
  '-0',
  '99999999999999999999',
  '2147483648',
  '""',
  '"x"',
  '"-"',
  '"é\\u0000\\ud800"',
  '"1Gi"',
  '"1e9999999"',
  '"2026-13-45T99:99:99Z"',
  `"${'x'.repeat(5000)}"`,
  '"../../etc/passwd"',
  '"%s%n{{.}}$(A)"',
  '[]',
  '[null]',
  '[[]]',
  '[{}]',
  '["a","a"]',
  '{}',
  '{"":""}',
  '{"a":null}',
  '{"__proto__":{"polluted":true}}',
  '{"constructor":{"prototype":{"polluted":true}}}',
  '{"$patch":"delete"}',
  '{"a":{"b":{"c":[1,{"d":2}]}}}',
  `${'['.repeat(900)}${']'.repeat(900)}`,
)

/** The paths of all members and items of a value. */
function pathsOf(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [[...path]]
  const inner = Object.entries(value).flatMap(([key, member]) => pathsOf(member, [...path, key]))
  return [[...path], ...inner]
}

/** A change of one place: by its path, to a JSON text, or gone; or a member more. */
export interface Change {
  at: string[]
  to: string | undefined
  extra?: string | undefined
}

export const changeOf = (object: object): fc.Arbitrary<Change> =>
  fc.record({
    at: fc.constantFrom(...pathsOf(object)),
    to: fc.option(hostile, { nil: undefined, freq: 6 }),
    extra: fc.option(fc.constantFrom('__proto__', 'constructor', 'toString', 'nope', '', 'kind', 'status'), {
      nil: undefined,
      freq: 6,
    }),
  })

const isHolder = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

/** The object with its changes, as JSON text. */
export function changed(object: object, changes: readonly Change[]): string {
  const copy = structuredClone(object) as Record<string, unknown>
  const texts: string[] = []
  for (const { at, to, extra } of changes) {
    let holder: unknown = copy
    for (const key of at.slice(0, -1)) holder = isHolder(holder) && Object.hasOwn(holder, key) ? holder[key] : undefined
    const key = extra ?? at.at(-1)
    if (!isHolder(holder) || key === undefined) continue
    if (to === undefined) {
      delete holder[key]
      continue
    }
    texts.push(to)
    const value = `\u0001${texts.length - 1}\u0001`
    Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true })
  }
  return JSON.stringify(copy).replaceAll(
    /"\\u0001(\d+)\\u0001"/g,
    (_all, index: string) => texts[Number(index)] ?? 'null',
  )
}
