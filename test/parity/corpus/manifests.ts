import type { ParityCases } from '../case.ts'
import { core, create, deployment, get, grouped, patch, pod, put, remove } from './build.ts'

/** Manifests as charts and operators write them, in odd spellings, and what is done to them later. */
const pods = core('pods')
const services = core('services')
const jobs = grouped('batch/v1', 'jobs')
const cronJobs = grouped('batch/v1', 'cronjobs')
const scalers = grouped('autoscaling/v2', 'horizontalpodautoscalers')
const budgets = grouped('policy/v1', 'poddisruptionbudgets')
const deployments = grouped('apps/v1', 'deployments')
const ingresses = grouped('networking.k8s.io/v1', 'ingresses')

const made = (apiVersion: string, kind: string, spec: unknown, metadata: Record<string, unknown> = {}) => ({
  apiVersion,
  kind,
  metadata: { name: 'a', ...metadata },
  spec,
})
const job = (spec: Record<string, unknown>, metadata: Record<string, unknown> = {}, inner: unknown = undefined) =>
  made(
    'batch/v1',
    'Job',
    {
      template: {
        ...(inner === undefined ? {} : { metadata: inner }),
        spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'registry.example/a:1' }] },
      },
      ...spec,
    },
    metadata,
  )
const cronJob = (spec: Record<string, unknown>) =>
  made('batch/v1', 'CronJob', { schedule: '0 0 * * *', jobTemplate: { spec: job({}).spec }, ...spec })
const scaler = (spec: Record<string, unknown>) =>
  made('autoscaling/v2', 'HorizontalPodAutoscaler', {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'a' },
    maxReplicas: 5,
    ...spec,
  })
const budget = (spec: unknown) => made('policy/v1', 'PodDisruptionBudget', spec)
const service = (spec: Record<string, unknown>, metadata?: Record<string, unknown>) =>
  made('v1', 'Service', { selector: { app: 'a' }, ports: [{ port: 80 }], ...spec }, metadata)
const container = (more: Record<string, unknown>) =>
  pod('a', { containers: [{ name: 'c', image: 'registry.example/a:1', ...more }] })
const ingress = (spec: unknown, metadata?: Record<string, unknown>) =>
  made('networking.k8s.io/v1', 'Ingress', spec, metadata)
const backend = { service: { name: 'web', port: { name: 'http' } } }
const cpu = (target: unknown) => [{ type: 'Resource', resource: { name: 'cpu', target } }]
const claimsOwner = {
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: { name: 'a' },
  spec: {
    serviceName: 'a',
    replicas: 3,
    selector: { matchLabels: { app: 'a' } },
    template: {
      metadata: { labels: { app: 'a' } },
      spec: {
        terminationGracePeriodSeconds: 0,
        containers: [
          { name: 'db', image: 'postgres:17', volumeMounts: [{ name: 'data', mountPath: '/var/lib/postgresql/data' }] },
        ],
      },
    },
    volumeClaimTemplates: [
      {
        metadata: { name: 'data' },
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1.5Gi' } } },
      },
    ],
  },
}

/** One case a body: made, then the answer is all. */
function each(path: string, bodies: Record<string, unknown>): ParityCases {
  return Object.fromEntries(Object.entries(bodies).map(([title, body]) => [title, { steps: [create(path, body)] }]))
}

const singles: ParityCases = {
  ...each(jobs, {
    'Job: bad name, template without labels': job({}, { name: 'Bad_Name!' }),
    'Job: bad name, template with labels': job({}, { name: 'Bad_Name!' }, { labels: { app: 'a' } }),
    'Job: bad name, labels of its own': job({}, { name: 'Bad_Name!', labels: { app: 'a' } }),
    'Job: name of 64 letters': job({}, { name: 'a'.repeat(64) }),
    'Job: Indexed without completions': job({ completionMode: 'Indexed' }),
    'Job: backoff per index without Indexed': job({ backoffLimitPerIndex: 1 }),
    'Job: manual selector that misses': job({ manualSelector: true, selector: { matchLabels: { a: 'b' } } }),
    'Job: negative numbers': job({ parallelism: -1, completions: -2, backoffLimit: -3, ttlSecondsAfterFinished: -4 }),
    'Job: suspended, managed by another': job({ suspend: true, managedBy: 'example.com/x' }),
    'Job: managed by no path': job({ managedBy: 'x' }),
  }),
  ...each(
    cronJobs,
    Object.fromEntries(
      [
        '@hourly',
        '@every 5m',
        '*/7 1-5 ? * MON-FRI',
        '60 * * * *',
        '* * * *',
        'TZ=UTC 0 * * * *',
        '0 0 31 2 *',
        '@Never',
      ].map((schedule) => [`CronJob: ${schedule}`, cronJob({ schedule })]),
    ),
  ),
  ...each(cronJobs, {
    'CronJob: zone': cronJob({ timeZone: 'Europe/Vienna' }),
    'CronJob: zone unknown': cronJob({ timeZone: 'Europe/Nowhere' }),
    'CronJob: zone empty': cronJob({ timeZone: '' }),
    'CronJob: policy in small letters': cronJob({ concurrencyPolicy: 'forbid' }),
    'CronJob: negative': cronJob({ startingDeadlineSeconds: -1, successfulJobsHistoryLimit: -1 }),
    'CronJob: name of 53 letters': { ...cronJob({}), metadata: { name: 'a'.repeat(53) } },
  }),
  ...each(scalers, {
    'HPA: percent of cpu': scaler({ metrics: cpu({ type: 'Utilization', averageUtilization: 80 }) }),
    'HPA: both targets': scaler({ metrics: cpu({ type: 'Utilization', averageUtilization: 80, averageValue: '1' }) }),
    'HPA: no target': scaler({ metrics: cpu({ type: 'Utilization' }) }),
    'HPA: min over max': scaler({ minReplicas: 9 }),
    'HPA: min of none': scaler({ minReplicas: 0 }),
    'HPA: down slowly': scaler({
      behavior: { scaleDown: { policies: [{ type: 'Pods', value: 1, periodSeconds: 60 }] } },
    }),
    'HPA: odd behavior': scaler({
      behavior: {
        scaleUp: {
          stabilizationWindowSeconds: 3601,
          selectPolicy: 'max',
          policies: [{ type: 'pods', value: 0, periodSeconds: 1801 }],
        },
      },
    }),
    'HPA: a value in thousandths': scaler({ metrics: cpu({ type: 'AverageValue', averageValue: '1500m' }) }),
  }),
  ...each(budgets, {
    'PDB: both': budget({ minAvailable: 1, maxUnavailable: 1, selector: {} }),
    'PDB: neither': budget({ selector: { matchLabels: { a: 'b' } } }),
    'PDB: 101 %': budget({ maxUnavailable: '101%' }),
    'PDB: a word': budget({ minAvailable: 'half' }),
    'PDB: negative': budget({ minAvailable: -1 }),
    'PDB: policy in small letters': budget({ minAvailable: 1, unhealthyPodEvictionPolicy: 'alwaysAllow' }),
    'PDB: odd selector': budget({
      minAvailable: 1,
      selector: { matchExpressions: [{ key: 'a', operator: 'Exists', values: ['x'] }] },
    }),
  }),
  ...each(services, {
    'Service: both families asked of one': service({ ipFamilyPolicy: 'RequireDualStack' }),
    'Service: family unknown': service({ ipFamilies: ['IPv5'] }),
    'Service: two families, single': service({ ipFamilyPolicy: 'SingleStack', ipFamilies: ['IPv4', 'IPv6'] }),
    'Service: external name in capitals': service({ type: 'ExternalName', externalName: 'Example.COM' }),
    'Service: external name is an address': service({ type: 'ExternalName', externalName: '10.0.0.1' }),
    'Service: headless with node ports': service({ clusterIP: 'None', type: 'NodePort' }),
    'Service: ports without names': service({ ports: [{ port: 80 }, { port: 81 }] }),
    'Service: port twice': service({
      ports: [
        { name: 'a', port: 80 },
        { name: 'b', port: 80 },
      ],
    }),
    'Service: protocol in small letters': service({ ports: [{ port: 80, protocol: 'tcp' }] }),
    'Service: named target too long': service({ ports: [{ port: 80, targetPort: 'a-name-of-17-long' }] }),
    'Service: affinity for ever': service({
      sessionAffinity: 'ClientIP',
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 86401 } },
    }),
    'Service: traffic policy without need': service({ externalTrafficPolicy: 'Local' }),
    'Service: internal policy unknown': service({ internalTrafficPolicy: 'local' }),
    'Service: source ranges of a cluster IP': service({ loadBalancerSourceRanges: ['10.0.0.0/8'] }),
    'Service: source ranges bad': service({ type: 'LoadBalancer', loadBalancerSourceRanges: ['10.0.0.1'] }),
    'Service: class of a cluster IP': service({ loadBalancerClass: 'example.com/x' }),
    'Service: distribution': service({ trafficDistribution: 'PreferClose' }),
    'Service: distribution unknown': service({ trafficDistribution: 'Close' }),
    'Service: name begins with a digit': service({}, { name: '1a' }),
    'Service: external addresses bad': service({ externalIPs: ['127.0.0.1', 'x', '::'] }),
  }),
  ...each(pods, {
    'Pod: names of variables twice': container({
      env: [{ name: 'A', value: '1' }, { name: 'A', value: '2' }, { name: 'A=B' }],
    }),
    'Pod: host ports clash': container({
      ports: [
        { containerPort: 1, hostPort: 9 },
        { containerPort: 2, hostPort: 9 },
      ],
    }),
    'Pod: port names clash': container({
      ports: [
        { name: 'a', containerPort: 1 },
        { name: 'a', containerPort: 2 },
      ],
    }),
    'Pod: two handlers': container({ livenessProbe: { tcpSocket: { port: 1 }, exec: { command: ['x'] } } }),
    'Pod: no handler': container({ readinessProbe: { periodSeconds: 3 } }),
    'Pod: odd probe': container({
      livenessProbe: { httpGet: { port: 'web_1', scheme: 'https' }, successThreshold: 2, timeoutSeconds: -1 },
    }),
    'Pod: gRPC probe': container({ startupProbe: { grpc: { port: 70000 } } }),
    'Pod: grace at readiness': container({
      readinessProbe: { tcpSocket: { port: 1 }, terminationGracePeriodSeconds: 3 },
    }),
    'Pod: quantities in odd spellings': container({
      resources: { requests: { cpu: '0.1', memory: '1e3Mi' }, limits: { cpu: '1000m', memory: '1.5Gi' } },
    }),
    'Pod: good quantities in odd spellings': container({
      resources: {
        requests: { cpu: 0.1, memory: '1e3' },
        limits: { cpu: '1000m', memory: '1.5Gi', 'ephemeral-storage': '2048Ki' },
      },
    }),
    'Pod: asks for more than it may': container({ resources: { requests: { cpu: 2 }, limits: { cpu: '1' } } }),
    'Pod: huge pages': container({ resources: { limits: { 'hugepages-2Mi': '3Mi' } } }),
    'Pod: own resource without its limit': container({ resources: { requests: { 'example.com/gpu': '1' } } }),
    'Pod: half a GPU': container({ resources: { limits: { 'example.com/gpu': '500m' } } }),
    'Pod: pull policy in small letters': container({ imagePullPolicy: 'always' }),
    'Pod: mounts clash': container({
      volumeMounts: [
        { name: 'x', mountPath: '/a' },
        { name: 'y', mountPath: '/a' },
      ],
    }),
    'Pod: label too long': pod('a', {}, { labels: { a: 'x'.repeat(64), ['k'.repeat(64)]: 'x', 'a/b/c': '' } }),
    'Pod: tolerates oddly': pod('a', {
      tolerations: [
        { operator: 'Exists', value: 'x' },
        { key: 'a', effect: 'noSchedule' },
        { tolerationSeconds: 3, key: 'b' },
      ],
    }),
    'Pod: spreads oddly': pod('a', {
      topologySpreadConstraints: [{ maxSkew: 0, topologyKey: '', whenUnsatisfiable: 'x' }],
    }),
    'Pod: near none': pod('a', {
      affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: '' }] } },
    }),
    'Pod: names of its own': pod('a', { dnsPolicy: 'None', hostname: 'A', subdomain: 'b.c' }),
    'Pod: host names': pod('a', { hostAliases: [{ ip: 'x', hostnames: ['A_'] }] }),
    'Pod: windows and privileged': pod('a', {
      os: { name: 'windows' },
      hostPID: true,
      securityContext: { runAsUser: 1 },
    }),
    'Pod: sidecar with Always in small letters': pod('a', {
      initContainers: [{ name: 'i', image: 'i', restartPolicy: 'always' }],
    }),
  }),
  ...each(ingresses, {
    'Ingress: like a chart': ingress(
      {
        ingressClassName: 'nginx',
        rules: [{ host: 'a.example.com', http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }],
        tls: [{ hosts: ['a.example.com'], secretName: 'a-tls' }],
      },
      { annotations: { 'cert-manager.io/cluster-issuer': 'letsencrypt' } },
    ),
    'Ingress: class twice': ingress(
      { ingressClassName: 'x', defaultBackend: backend },
      { annotations: { 'kubernetes.io/ingress.class': 'x' } },
    ),
    'Ingress: no path type': ingress({ rules: [{ http: { paths: [{ path: '/', backend }] } }] }),
    'Ingress: odd path': ingress({
      rules: [
        {
          host: '*.*.x',
          http: {
            paths: [
              { path: '/a/../b', pathType: 'Exact', backend },
              { path: 'x', pathType: 'Prefix', backend: {} },
            ],
          },
        },
      ],
    }),
    'Ingress: nothing': ingress({}),
  }),
}

const flows: ParityCases = {
  'flow: apply, taken over, force': {
    steps: [
      patch('apply', `${deployments}/a?fieldManager=helm`, deployment('a', { replicas: 2 })),
      patch('apply', `${deployments}/a?fieldManager=argo`, deployment('a', { replicas: 3 })),
      patch('apply', `${deployments}/a?fieldManager=argo&force=true`, deployment('a', { replicas: 3 })),
      patch('apply', `${deployments}/a?fieldManager=helm`, deployment('a')),
      patch('merge', `${deployments}/a/scale`, { spec: { replicas: 4 } }),
      get(`${deployments}/a/scale`),
      patch('apply', `${deployments}/a?fieldManager=argo`, deployment('a', { replicas: 1 })),
    ],
  },
  'flow: selector never changes': {
    steps: [
      create(deployments, deployment('a'), { setup: true }),
      put(`${deployments}/a`, deployment('a', { selector: { matchLabels: { app: 'b' } } })),
      patch('merge', `${deployments}/a`, { spec: { selector: { matchLabels: { more: 'x' } } } }),
      patch('apply', `${deployments}/a?fieldManager=m`, deployment('a', { selector: { matchLabels: { app: 'b' } } })),
    ],
  },
  'flow: finalizer holds': {
    steps: [
      create(core('configmaps'), {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'a', finalizers: ['example.com/x'] },
      }),
      remove(core('configmaps', 'a'), { propagationPolicy: 'Foreground' }),
      patch('merge', core('configmaps', 'a'), { metadata: { finalizers: ['example.com/x', 'example.com/y'] } }),
      patch('json', core('configmaps', 'a'), [{ op: 'remove', path: '/metadata/finalizers' }]),
      get(core('configmaps', 'a')),
    ],
  },
  'flow: bound twice': {
    steps: [
      create(pods, pod('a'), { setup: true }),
      create(`${pods}/a/binding`, {
        apiVersion: 'v1',
        kind: 'Binding',
        metadata: { name: 'a' },
        target: { kind: 'Node', name: 'n1' },
      }),
      create(`${pods}/a/binding`, {
        apiVersion: 'v1',
        kind: 'Binding',
        metadata: { name: 'a' },
        target: { name: 'n2' },
      }),
      patch('merge', `${pods}/a`, { spec: { nodeName: 'n2' } }),
    ],
  },
  'flow: a database grows': {
    steps: [
      create(grouped('apps/v1', 'statefulsets'), claimsOwner),
      patch('merge', grouped('apps/v1', 'statefulsets', 'a'), { spec: { serviceName: 'b', replicas: 5 } }),
      patch('json', grouped('apps/v1', 'statefulsets', 'a'), [
        { op: 'replace', path: '/spec/volumeClaimTemplates/0/spec/resources/requests/storage', value: '2Gi' },
      ]),
      patch('merge', grouped('apps/v1', 'statefulsets', 'a'), {
        spec: { minReadySeconds: 3, updateStrategy: { type: 'OnDelete' } },
      }),
    ],
  },
  'flow: a service changes its type': {
    steps: [
      create(services, service({ clusterIP: 'None' })),
      patch('merge', `${services}/a`, { spec: { clusterIP: '10.0.0.9' } }),
      patch('merge', `${services}/a`, {
        spec: { type: 'ExternalName', externalName: 'x.example.com', clusterIP: null },
      }),
      patch('merge', `${services}/a`, { spec: { ports: [{ port: 0 }] } }),
    ],
  },
  'flow: a job that has begun': {
    steps: [
      create(jobs, job({ completions: 3 })),
      patch('merge', `${jobs}/a`, { spec: { completions: 4 } }),
      patch('merge', `${jobs}/a`, { spec: { parallelism: 2, suspend: true, activeDeadlineSeconds: 60 } }),
      patch('strategic', `${jobs}/a`, { spec: { template: { spec: { containers: [{ name: 'c', image: 'b' }] } } } }),
    ],
  },
  'flow: immutable': {
    steps: [
      create(core('configmaps'), {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'a' },
        data: { a: '1' },
        immutable: true,
      }),
      patch('merge', core('configmaps', 'a'), { data: { a: '2' } }),
      patch('merge', core('configmaps', 'a'), { immutable: false }),
      patch('merge', core('configmaps', 'a'), { metadata: { labels: { a: 'b' } } }),
      remove(core('configmaps', 'a'), { preconditions: { resourceVersion: '1' } }),
    ],
  },
}

export const manifests: ParityCases = { ...singles, ...flows }
