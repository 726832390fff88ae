import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildImageArchive } from '@kapell/node-agent/images/build'
import { freePort, Kubectl, startKapell, temporaryDir, type Kapell } from './support/kapell.ts'
import { until } from './support/wait.ts'

/** The way of a number: the kernel's counters, the agent, the metrics API, kubectl top and the autoscaler. */

const image = 'localhost/test/burner:1'
let cluster: Kapell
let kubectl: Kubectl
let remove: () => void

const manifest = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'burner' },
  spec: {
    selector: { matchLabels: { app: 'burner' } },
    template: {
      metadata: { labels: { app: 'burner' } },
      spec: {
        terminationGracePeriodSeconds: 0,
        containers: [
          {
            name: 'burn',
            image,
            command: ['sh', '-c', 'while true; do :; done'],
            resources: { requests: { cpu: '50m' }, limits: { cpu: '200m', memory: '32Mi' } },
          },
          { name: 'rest', image, command: ['sleep', '100000'], resources: { requests: { cpu: '10m' } } },
        ],
      },
    },
  },
}

const autoscaler = {
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  metadata: { name: 'burner' },
  spec: {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'burner' },
    minReplicas: 1,
    maxReplicas: 2,
    metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } }],
  },
}

beforeAll(async () => {
  const directory = temporaryDir('usage')
  remove = directory.remove
  const dataDir = directory.path
  mkdirSync(join(dataDir, 'images'))
  await buildImageArchive(
    {
      name: image,
      files: { '/bin/busybox': { content: readFileSync('/bin/busybox'), mode: 0o755 } },
      links: { '/bin/sh': '/bin/busybox', '/bin/sleep': '/bin/busybox' },
      directories: ['/tmp', '/proc', '/sys', '/dev'],
      env: { PATH: '/bin' },
      cmd: ['sh'],
    },
    join(dataDir, 'images', 'burner.tar'),
  )
  const ranges = ['--pod-cidr', '10.233.0.0/24', '--service-cluster-ip-range', '10.234.0.0/16']
  cluster = await startKapell({ dataDir, port: await freePort(), args: ['--agent-port', '0', ...ranges] })
  kubectl = new Kubectl(join(dataDir, 'kubeconfig'))
  await kubectl.apply(manifest)
  await kubectl.apply(autoscaler)
})
afterAll(async () => {
  await cluster.stop()
  remove()
})

const rows = (text: string): string[][] =>
  text
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/))

it('kubectl top tells what a busy container uses, and the autoscaler acts on it', async () => {
  const [, busy, idle] = await until<string[][]>(
    'the usage of the pod',
    async () => {
      const found = rows(await kubectl.run('top', 'pods', '--containers'))
      return found.length > 2 ? found : undefined
    },
    { timeoutMs: 50_000, everyMs: 500 },
  )
  expect(busy?.[1]).toBe('burn')
  expect(busy?.[2]).toMatch(/^\d+m$/)
  expect(idle?.[1]).toBe('rest')
  // It never rests, and is held to 200m; how much of that it gets is the machine's affair.
  expect(parseInt(busy?.[2] ?? '', 10)).toBeGreaterThan(parseInt(idle?.[2] ?? '', 10))
  // A container that is new is told by its life so far, a node by two readings.
  const top = await until('the usage of the node', () => kubectl.run('top', 'nodes'), { everyMs: 500 })
  const [head, node] = rows(top)
  expect(head?.slice(0, 3)).toEqual(['NAME', 'CPU(cores)', 'CPU(%)'])
  expect(node?.[3]).toMatch(/^\d+Mi$/)
  await until(
    'a second replica',
    async () => (await kubectl.run('get', 'deployment', 'burner', '-o', 'jsonpath={.spec.replicas}')) === '2',
    { timeoutMs: 50_000, everyMs: 500 },
  )
}, 110_000)

it('the agent answers those who read it themselves', async () => {
  const node = (await kubectl.run('get', 'nodes', '-o', 'name')).trim().replace('node/', '')
  const read = (path: string): Promise<string> => kubectl.run('get', '--raw', `/api/v1/nodes/${node}/proxy/${path}`)
  const summary = JSON.parse(await read('stats/summary')) as {
    node: { nodeName: string }
    pods: { podRef: { name: string }; network?: { name: string; rxBytes: number }; containers: { name: string }[] }[]
  }
  expect(summary.node.nodeName).toBe(node)
  const pod = summary.pods.find(({ podRef }) => podRef.name.startsWith('burner-'))
  expect(pod?.containers.map(({ name }) => name).sort()).toEqual(['burn', 'rest'])
  expect(pod?.network).toMatchObject({ name: 'eth0' })
  expect(await read('metrics/resource')).toMatch(/^pod_cpu_usage_seconds_total\{namespace="default",pod="burner-/m)
  const containers = await read('metrics/cadvisor')
  expect(containers).toMatch(/^container_spec_memory_limit_bytes\{container="burn",.*\} 33554432 /m)
  expect(containers).toMatch(/^container_network_receive_bytes_total\{.*interface="eth0"\} \d+ /m)
})
