import { once } from 'node:events'
import { mkdirSync, readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import type { V1Pod } from '@kapell/openapi/types'
import { freePort, Kubectl, startKapell, temporaryDir, type Kapell } from '../support/kapell.ts'
import { until } from '../support/wait.ts'
import { chart, Helm } from './helm.ts'
import { buildChartImages } from './images.ts'
import { startPrometheus } from './prometheus.ts'

/** A dozen charts as popular ones are, on a real containerd: each installs, becomes ready, works, and leaves. */
let cluster: Kapell
let kubectl: Kubectl
let helm: Helm
let ingressPort: number
const dir = temporaryDir('charts')
const wait = ['--wait', '--timeout=100s']
const run = (...args: string[]): Promise<string> => kubectl.run(...args)
const install = (name: string, ...more: string[]): Promise<string> =>
  helm.run('install', name, chart(name), ...wait, ...more)

beforeAll(async () => {
  const images = join(dir.path, 'images')
  mkdirSync(images, { recursive: true })
  await buildChartImages(images)
  const args = ['--agent-port', '0', '--pod-cidr', '10.206.0.0/24', '--service-cluster-ip-range', '10.207.0.0/16']
  ingressPort = await freePort()
  args.push('--ingress-ports', `${await freePort()},${ingressPort}`)
  cluster = await startKapell({ dataDir: dir.path, port: await freePort(), args })
  kubectl = new Kubectl(cluster.kubeconfig)
  helm = new Helm(cluster.kubeconfig)
}, 180_000)
afterAll(async () => {
  await cluster.stop()
  dir.remove()
}, 120_000)

/** What a browser outside gets; undefined while it is not by a certificate for the host. */
async function overIngress(host: string): Promise<string | undefined> {
  const options = { host: '127.0.0.1', port: ingressPort, servername: host, headers: { host }, agent: false }
  const sent = request({ ...options, rejectUnauthorized: false }).end()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  const by = String((response.socket as TLSSocket).getPeerCertificate().subject.CN)
  const text = Buffer.concat(await response.toArray()).toString()
  return response.statusCode === 200 && by === host ? text : undefined
}

const logs = (target: string, ...more: string[]): Promise<string> => run('logs', target, ...more)
const podsOf = async (app: string, ...more: string[]): Promise<V1Pod[]> =>
  (await kubectl.json<{ items: V1Pod[] }>('get', 'pods', '-l', `app=${app}`, ...more)).items

afterEach(async () => {
  for (const { name, namespace } of await helm.json<{ name: string; namespace: string }[]>('list', '-A'))
    await helm.run('uninstall', name, '-n', namespace, '--wait', '--timeout=60s')
}, 100_000)

it('web: init container, probes, non-root, Ingress with TLS, HPA, budget, policy', async () => {
  await install('web')
  const service = await run('get', 'service', 'web', '-o', 'jsonpath={.spec.clusterIP}')
  const text = await until('the site', async () => (await fetch(`http://${service}/`)).text())
  expect(text).toMatch(/^hello from web-/)
  expect(await run('get', 'ingress', 'web')).toMatch(/web\.example .* 80, 443/)
  expect(await until('the site from outside', () => overIngress('web.example'))).toMatch(/^hello from web-/)
  expect(await run('get', 'secret', 'web-tls')).toMatch(/kubernetes\.io\/tls +2/)
  await until('the budget', async () => /web +1 +N\/A +1 /.test(await run('get', 'pdb', 'web')))
  const [pod] = await podsOf('web')
  expect(await run('exec', pod!.metadata!.name!, '--', 'id', '-u')).toBe('1000\n')
  expect(await run('describe', 'pod', pod!.metadata!.name!)).toMatch(
    /Normal +Scheduled .*Successfully assigned default\/web-[^]*Normal +Pulled .*Container image "localhost\/charts\/busybox:1" already present on machine[^]*Normal +Created .*Container created\n[^]*Normal +Started .*Container started\n/,
  )
}, 150_000)

it('stateful: claims from templates are bound, kept by their pod, and go with the set', async () => {
  await install('stateful')
  expect(await run('get', 'pvc', '-l', 'app=stateful')).toMatch(/data-stateful-0 +Bound [^]*data-stateful-1 +Bound /)
  await run('delete', 'pod', 'stateful-0')
  await run('rollout', 'status', 'statefulset/stateful', '--timeout=60s')
  expect(await run('exec', 'stateful-0', '--', 'cat', '/data/starts')).toBe('stateful-0\nstateful-0\n')
  expect(await run('exec', 'stateful-1', '--', 'wget', '-qO-', 'http://stateful-0.stateful:8080/starts')).toContain(
    'stateful-0',
  )
  await helm.run('uninstall', 'stateful', ...wait)
  await until('the claims to go', async () => (await run('get', 'pvc', '-l', 'app=stateful', '-o', 'name')) === '')
}, 200_000)

it('operator: acts on objects of its own kind', async () => {
  await install('operator')
  await run('wait', '--for=jsonpath={.status.said}=hello world', 'greeting/operator', '--timeout=40s')
  expect(await run('get', 'greetings')).toMatch(/^NAME +SAID\noperator +hello world\n$/)
}, 150_000)

it('webhook: certificates of the chart are believed; it changes and refuses', async () => {
  await install('webhook')
  const guarded = (name: string, data: object): object => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, labels: { guarded: 'yes' } },
    data,
  })
  await until('the webhook', () => kubectl.apply(guarded('good', {})))
  expect(await run('get', 'configmap', 'good', '-o', 'jsonpath={.metadata.annotations.touched}')).toBe('yes')
  await expect(kubectl.apply(guarded('bad', { forbidden: 'x' }))).rejects.toThrow(
    'admission webhook "validating.webhook.example.com" denied the request: forbidden is forbidden',
  )
}, 150_000)

it('migration: a hook with a projected token makes what the API lets it', async () => {
  await install('migration')
  expect(await run('get', 'configmap', 'migrated', '-o', 'name')).toBe('configmap/migrated\n')
  expect(await logs('job/migration-migrate')).toMatch(/^201 /)
  await helm.run('upgrade', 'migration', chart('migration'), ...wait)
  expect(await logs('job/migration-migrate')).toMatch(/^409 /)
}, 150_000)

it('spread: affinities, constraints and priority', async () => {
  await install('spread')
  for (const pod of await podsOf('spread')) expect(pod.spec?.priority).toBe(1000)
  await run('scale', 'deployment/spread-alone', '--replicas=2')
  await until('a pod that finds no place', async () =>
    (await run('events', '--types=Warning')).includes("1 node(s) didn't match pod anti-affinity rules"),
  )
}, 150_000)

it('agent: on every node, with the host in view', async () => {
  await install('agent')
  expect(await run('get', 'daemonset', 'agent')).toMatch(/agent +1 +1 +1 +1 +1 /)
  expect(await logs('daemonset/agent')).toMatch(/^on \S+: Linux\n$/)
}, 150_000)

it('cron: a job is made of it by hand', async () => {
  await install('cron')
  expect(await run('get', 'cronjob', 'cron')).toMatch(/cron +0 3 \* \* \* +Europe\/Berlin +False +0 /)
  await run('create', 'job', 'now', '--from=cronjob/cron')
  await run('wait', '--for=condition=Complete', 'job/now', '--timeout=40s')
  expect(await logs('job/now')).toBe('saved\n')
  await run('delete', 'job', 'now')
}, 150_000)

it('sidecar: it is up first; four sources make one volume', async () => {
  await install('sidecar')
  const [pod] = await podsOf('sidecar')
  expect(pod?.status?.initContainerStatuses?.[0]).toMatchObject({ started: true, ready: true })
  expect(await run('get', 'pods', '-l', 'app=sidecar')).toMatch(/ 2\/2 +Running /)
  expect(await logs('deployment/sidecar', '-c', 'app')).toMatch(/^color\nlabels\npw\ntoken\nblue/)
}, 150_000)

it('umbrella: conditions, globals and a library', async () => {
  await install('umbrella')
  expect(await logs('deployment/umbrella-front')).toBe('from the parent\n')
  expect((await kubectl.try(['get', 'deployment', 'umbrella-back'])).stderr).toContain('NotFound')
  await helm.run('upgrade', 'umbrella', chart('umbrella'), '--set', 'back.enabled=true', ...wait)
  expect(await logs('deployment/umbrella-back')).toBe('own\n')
}, 150_000)

it('secrets: a password stays over upgrades, and the claim with its data over an uninstall', async () => {
  await install('secrets')
  const first = await logs('deployment/secrets')
  expect(first).toMatch(/^\w{16}\/1\n$/)
  await helm.run('upgrade', 'secrets', chart('secrets'), ...wait)
  const [pod] = (await podsOf('secrets')).filter(({ metadata }) => metadata?.deletionTimestamp === undefined)
  expect(await logs(pod!.metadata!.name!)).toBe(first.replace('/1', '/2'))
  expect(await run('exec', pod!.metadata!.name!, '--', 'cat', '/data/runs')).toBe('x\nx\n')
  await helm.run('uninstall', 'secrets', ...wait)
  expect(await run('get', 'pvc', 'secrets')).toMatch(/secrets +Bound /)
  await run('delete', 'pvc', 'secrets')
}, 200_000)

it('tenant: quota, limits, policy and roles of a namespace', async () => {
  await install('tenant', '-n', 'tenant', '--create-namespace')
  const [pod] = await podsOf('tenant', '-n', 'tenant')
  expect(pod?.spec?.containers[0]?.resources).toEqual({ limits: { cpu: '200m' }, requests: { cpu: '100m' } })
  await run('-n', 'tenant', 'scale', 'deployment/tenant', '--replicas=3')
  await until('the quota to be told of', async () =>
    (await run('-n', 'tenant', 'events')).includes(
      'exceeded quota: tenant, requested: pods=1, used: pods=2, limited: pods=2',
    ),
  )
  const can = ['auth', 'can-i', '-n', 'tenant', '--as=jane', '--as-group=tenant']
  expect(await run(...can, 'delete', 'pods')).toBe('yes\n')
  expect((await kubectl.try([...can, 'create', 'rolebindings'])).stdout).toBe('no\n')
}, 150_000)

it('monitoring, which we ship: what to scrape, alerts and dashboards of metrics that there are', async () => {
  const monitoring = fileURLToPath(new URL('../../../charts/monitoring', import.meta.url))
  const account = ['--set', 'serviceAccount.create=true,serviceAccount.name=scraper']
  await helm.run('install', 'monitoring', monitoring, ...account, ...wait)
  // Without the operator's kinds: a plain configuration and the dashboards.
  expect(await run('get', 'configmaps', '-l', 'grafana_dashboard=1', '-o', 'name')).toBe(
    'configmap/monitoring-dashboard-apiserver\nconfigmap/monitoring-dashboard-nodes\n',
  )
  expect(
    parse(await run('get', 'configmap', 'monitoring-prometheus', '-o', 'jsonpath={.data.scrape\\.yml}')),
  ).toMatchObject({
    scrape_configs: [{ job_name: 'apiserver' }, {}, {}, {}, {}, {}],
  })
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'measured' },
    spec: { containers: [{ name: 'c', image: 'localhost/charts/busybox:1', command: ['sleep', '3600'] }] },
  }
  await kubectl.apply(pod)
  await run('wait', '--for=condition=Ready', 'pod/measured', '--timeout=60s')
  const node = await run('get', 'nodes', '-o', 'jsonpath={.items[0].metadata.name}')

  // The account may read metrics, and little else.
  expect(await run('auth', 'can-i', 'get', '/metrics', '--as=system:serviceaccount:default:scraper')).toBe('yes\n')
  expect(await run('auth', 'can-i', 'get', 'nodes/metrics', '--as=system:serviceaccount:default:scraper')).toBe('yes\n')
  const rules = await run('get', 'configmap', 'monitoring-prometheus', '-o', 'jsonpath={.data.rules\\.yml}')
  const boards = await run('get', 'configmaps', '-l', 'grafana_dashboard=1', '-o', 'jsonpath={.items[*].data}')
  const prefix = 'apiserver|aggregator|etcd|kubelet|container|node|process|nodejs'
  const named = new Set(
    [...`${rules}${boards}`.matchAll(new RegExp(`\\b(?:${prefix})_[a-z0-9_]+(?=[\\[{) ]|\\\\?")`, 'g'))].map(([name]) =>
      name.replace(/_bucket$/, ''),
    ),
  )
  expect(named.size).toBeGreaterThan(15)
  await until(
    'every metric that is asked for',
    async () => {
      const paths = ['', '/cadvisor', '/resource'].map((path) => `/api/v1/nodes/${node}/proxy/metrics${path}`)
      const texts = await Promise.all(['/metrics', ...paths].map((path) => run('get', '--raw', path)))
      const known = new Set([...texts.join('\n').matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name))
      const missing = [...named].filter((name) => !known.has(name))
      if (missing.length > 0) throw new Error(`no metrics ${missing.join(', ')}`)
      return true
    },
    { timeoutMs: 30_000 },
  )
  await run('delete', 'pod', 'measured', '--now')
  // With them: its objects as well.
  const kinds = ['v1/ServiceMonitor', 'v1alpha1/ScrapeConfig', 'v1/PrometheusRule'].flatMap((kind) => [
    '--api-versions',
    `monitoring.coreos.com/${kind}`,
  ])
  const made = await helm.run('template', 'monitoring', monitoring, ...kinds)
  for (const kind of ['ServiceMonitor', 'ScrapeConfig', 'PrometheusRule']) expect(made).toContain(`kind: ${kind}\n`)
}, 150_000)

it("a Prometheus of Debian's scrapes every component as that chart says, and takes its rules", async () => {
  const monitoring = fileURLToPath(new URL('../../../charts/monitoring', import.meta.url))
  const set = ['serviceAccount.create=true', 'serviceAccount.name=scraper', 'interval=1s']
  for (const [component, value] of [
    ['kube-controller-manager', 'controllerManager'],
    ['kube-scheduler', 'scheduler'],
  ] as const)
    set.push(`${value}.port=${metricsPort(component)}`)
  await helm.run('install', 'monitoring', monitoring, '--set', set.join(','), ...wait)
  const of = (file: string): Promise<string> =>
    run('get', 'configmap', 'monitoring-prometheus', '-o', `jsonpath={.data.${file}\\.yml}`)
  const prometheus = await startPrometheus({
    directory: join(dir.path, 'prometheus'),
    scrape: await of('scrape'),
    rules: await of('rules'),
    kubectl,
    token: (await run('create', 'token', 'scraper')).trim(),
    ca: await run('get', 'configmap', 'kube-root-ca.crt', '-o', 'jsonpath={.data.ca\\.crt}'),
  })
  try {
    const kubelet = ['kubelet-agent', 'kubelet-cadvisor', 'kubelet-resource']
    const jobs = ['apiserver', 'kube-controller-manager', 'kube-scheduler', ...kubelet]
    await until(
      'every component to be up',
      async () => {
        const up = await prometheus.query('sum by (job) (up)')
        const text = up.map(({ metric, value }) => `${metric['job']} ${value[1]}`).sort()
        if (text.join() !== jobs.map((job) => `${job} 1`).join()) throw new Error(text.join())
        return true
      },
      { timeoutMs: 60_000 },
    )
    const series = [
      'apiserver_request_total{verb="LIST"}',
      'etcd_request_duration_seconds_count',
      'workqueue_adds_total{job="kube-controller-manager",name="deployment"}',
      'rest_client_requests_total{job="kube-scheduler"}',
      'scheduler_pending_pods{queue="active"}',
      'scheduler_cache_size{type="nodes"} == 1',
      'kubelet_running_pods',
      'machine_memory_bytes',
      'node_memory_working_set_bytes',
    ]
    for (const expression of series)
      await until(expression, async () => (await prometheus.query(expression)).length > 0, { timeoutMs: 30_000 })
    const groups = await until('the rules to be looked at', async () => {
      const found = await prometheus.rules()
      return found.every(({ health }) => health === 'ok') ? found : undefined
    })
    expect(groups.map(({ name }) => name)).toContain('KapellPodsUnschedulable')
  } finally {
    await prometheus.stop()
  }
}, 150_000)

/** Upstream's port, unless somebody else on this machine has it. */
function metricsPort(component: string): number {
  const log = readFileSync(join(dir.path, 'log', 'kapell.log'), 'utf8')
  const moved = new RegExp(`${component}: port \\d+ is taken, metrics are on (\\d+)`).exec(log)?.[1]
  return Number(moved ?? { 'kube-controller-manager': 10257, 'kube-scheduler': 10259 }[component])
}
