import { startTestServer, type TestServer } from './apiserver-support.ts'

/**
 * Whatever is taken away from an object, emptied or made null, the answer is a Status that says what is wrong or an
 * object that is stored: never an internal error. The mutations are the same in every run.
 */

const pod = {
  restartPolicy: 'Never',
  containers: [
    {
      name: 'c',
      image: 'nginx:1',
      ports: [{ name: 'http', containerPort: 80, hostPort: 80 }],
      env: [
        { name: 'A', value: 'b' },
        { name: 'B', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      ],
      resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '500m' } },
      livenessProbe: { httpGet: { port: 'http' }, periodSeconds: 5 },
      volumeMounts: [{ name: 'v', mountPath: '/v' }],
      securityContext: { capabilities: { add: ['NET_ADMIN'] }, runAsUser: 1 },
    },
  ],
  initContainers: [{ name: 'i', image: 'busybox', restartPolicy: 'Always' }],
  volumes: [
    { name: 'v', configMap: { name: 'm', items: [{ key: 'a', path: 'b' }] } },
    { name: 'p', projected: { sources: [{ serviceAccountToken: { path: 't', expirationSeconds: 600 } }] } },
  ],
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'In', values: ['b'] }] }],
      },
    },
    podAntiAffinity: {
      preferredDuringSchedulingIgnoredDuringExecution: [
        { weight: 1, podAffinityTerm: { topologyKey: 'z', labelSelector: { matchLabels: { a: 'b' } } } },
      ],
    },
  },
  tolerations: [{ key: 'a', operator: 'Equal', value: 'b', effect: 'NoSchedule' }],
  topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'z', whenUnsatisfiable: 'DoNotSchedule' }],
  dnsConfig: { nameservers: ['1.1.1.1'], options: [{ name: 'ndots' }] },
}
const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'nginx' }] } }
const selector = { matchLabels: { a: 'b' }, matchExpressions: [{ key: 'a', operator: 'Exists' }] }
const inDefault = '/namespaces/default'

const samples: Readonly<Record<string, object>> = {
  [`/api/v1${inDefault}/pods`]: { spec: pod },
  [`/apis/apps/v1${inDefault}/deployments`]: {
    spec: { replicas: 1, selector, strategy: { rollingUpdate: { maxSurge: '10%' } }, template },
  },
  [`/apis/apps/v1${inDefault}/daemonsets`]: { spec: { selector, template, updateStrategy: { type: 'OnDelete' } } },
  [`/apis/apps/v1${inDefault}/statefulsets`]: {
    spec: {
      serviceName: 's',
      selector,
      template,
      volumeClaimTemplates: [
        {
          metadata: { name: 'd' },
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
        },
      ],
    },
  },
  [`/apis/batch/v1${inDefault}/jobs`]: {
    spec: {
      template: { spec: pod },
      podFailurePolicy: { rules: [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [1] } }] },
    },
  },
  [`/apis/batch/v1${inDefault}/cronjobs`]: {
    spec: { schedule: '* * * * *', timeZone: 'UTC', jobTemplate: { spec: { template: { spec: pod } } } },
  },
  [`/api/v1${inDefault}/services`]: {
    spec: {
      type: 'LoadBalancer',
      selector: { a: 'b' },
      ports: [{ name: 'a', port: 80, targetPort: 'http' }],
      sessionAffinity: 'ClientIP',
      loadBalancerSourceRanges: ['10.0.0.0/8'],
    },
  },
  [`/api/v1${inDefault}/endpoints`]: { subsets: [{ addresses: [{ ip: '10.0.0.1' }], ports: [{ port: 80 }] }] },
  [`/api/v1${inDefault}/secrets`]: { type: 'kubernetes.io/tls', data: { 'tls.crt': 'YQ==', 'tls.key': 'YQ==' } },
  [`/api/v1${inDefault}/resourcequotas`]: { spec: { hard: { pods: '1000' }, scopes: ['NotTerminating'] } },
  [`/api/v1${inDefault}/limitranges`]: {
    spec: { limits: [{ type: 'Container', min: { cpu: '0' }, default: { cpu: '1' } }] },
  },
  [`/apis/rbac.authorization.k8s.io/v1${inDefault}/rolebindings`]: {
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'r' },
    subjects: [{ kind: 'ServiceAccount', name: 'x', namespace: 'y' }],
  },
  [`/apis/networking.k8s.io/v1${inDefault}/networkpolicies`]: {
    spec: {
      podSelector: {},
      ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8' } }], ports: [{ port: 80, endPort: 90 }] }],
    },
  },
  [`/apis/networking.k8s.io/v1${inDefault}/ingresses`]: {
    spec: {
      rules: [
        {
          host: 'a.b',
          http: {
            paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 's', port: { number: 80 } } } }],
          },
        },
      ],
    },
  },
  [`/apis/autoscaling/v2${inDefault}/horizontalpodautoscalers`]: {
    spec: {
      maxReplicas: 3,
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' },
      metrics: [
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 1 } } },
      ],
      behavior: { scaleUp: { policies: [{ type: 'Pods', value: 1, periodSeconds: 1 }] } },
    },
  },
  [`/apis/policy/v1${inDefault}/poddisruptionbudgets`]: { spec: { minAvailable: '50%', selector } },
}

/** A small generator of numbers, so that a failure can be run again. */
function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return state / 2_147_483_648
  }
}

type Place = [parent: Record<string, unknown>, key: string]

function places(value: unknown): Place[] {
  if (typeof value !== 'object' || value === null) return []
  const parent = value as Record<string, unknown>
  return Object.keys(parent).flatMap((key): Place[] => [[parent, key], ...places(parent[key])])
}

const texts = ['', ' ', '..', 'A_', '-1', '/', '*', 'x'.repeat(300)]
const counts = [0, -1, 65_536, 2_147_483_647]

function mutate(object: object, next: () => number): object {
  const copy = structuredClone(object)
  const all = places(copy)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T
  for (let i = 0; i < 1 + Math.floor(next() * 2); i++) {
    const [parent, key] = pick(all)
    const value = parent[key]
    const way = next()
    if (way < 0.4) delete parent[key]
    else if (way < 0.6) parent[key] = null
    else if (typeof value === 'string') parent[key] = pick(texts)
    else if (typeof value === 'number') parent[key] = pick(counts)
    else if (Array.isArray(value)) parent[key] = pick([[], [...(value as unknown[]), ...(value as unknown[])]])
    else parent[key] = {}
  }
  return copy
}

/** The one 500 that the original means: a resourceVersion that is no number. */
const isOfVersion = (message: string): boolean => /^strconv\.ParseUint: parsing .*: invalid syntax$/.test(message)

describe('mutated objects', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startTestServer()
    await server.ask('POST', '/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'default' } })
  })
  afterAll(() => server.close())

  it.each(Object.entries(samples))('%s answers what is wrong', async (path, sample) => {
    const next = numbers(path.length)
    const faults: unknown[] = []
    for (let i = 0; i < 40; i++) {
      const body = { metadata: { name: `m${i}` }, ...mutate(sample, next) }
      const made = await server.ask('POST', path, body)
      if (made.status >= 500) faults.push({ body, answer: made.json.message })
      if (made.status !== 201) continue
      const changed = mutate(made.json, next)
      const put = await server.ask('PUT', `${path}/m${i}`, changed)
      if (put.status >= 500 && !isOfVersion(String(put.json.message)))
        faults.push({ changed, answer: put.json.message })
    }
    expect(faults).toEqual([])
  })
})
