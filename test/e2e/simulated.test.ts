import { writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort, Kubectl, run, startKapell, temporaryDir, type Kapell } from './support/kapell.ts'
import { until } from './support/wait.ts'

/** A cluster of nodes without machines, and a scheduler of two profiles, through stock kubectl and its plug-in. */
let cluster: Kapell
let kubectl: Kubectl
const dir = temporaryDir('simulated')

const configuration = `
apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
profiles:
- schedulerName: default-scheduler
- schedulerName: packing
  plugins:
    score:
      disabled: [{ name: '*' }]
      enabled: [{ name: NodeResourcesFit }]
  pluginConfig:
  - name: NodeResourcesFit
    args:
      scoringStrategy:
        type: MostAllocated
        resources: [{ name: cpu, weight: 1 }]
`

beforeAll(async () => {
  const file = join(dir.path, 'scheduler.yaml')
  writeFileSync(file, configuration)
  const args = ['--runtime', 'simulated', '--nodes', '3', '--node-name', 'sim', '--scheduler-config', file]
  cluster = await startKapell({ dataDir: dir.path, port: await freePort(), args })
  kubectl = new Kubectl(cluster.kubeconfig)
  // What it uses is told after half a minute: the other tests fill the time.
  await kubectl.apply(pod('busy', '1', {}, { 'hollow.kapell.io/cpu': '500m', 'hollow.kapell.io/memory': '64Mi' }))
}, 120_000)
afterAll(async () => {
  await cluster.stop()
  dir.remove()
}, 60_000)

const pod = (name: string, cpu: string, more: object = {}, annotations: Record<string, string> = {}): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, annotations },
  spec: {
    containers: [{ name: 'c', image: 'registry.example/a:1', resources: { requests: { cpu } } }],
    ...more,
  },
})
const nodeOf = (name: string): Promise<string> =>
  until(`a node for ${name}`, () => kubectl.run('get', 'pod', name, '-o', 'jsonpath={.spec.nodeName}'), {
    timeoutMs: 60_000,
  })

/** kubectl with our folder of plug-ins on PATH, as a user has it. */
const why = async (...args: string[]): Promise<{ code: number; text: string }> => {
  const bin = fileURLToPath(new URL('../../cli/bin', import.meta.url))
  const env = { ...kubectl.env, PATH: [bin, process.env['PATH'] ?? ''].join(delimiter) }
  const { code, stdout, stderr } = await run(kubectl.program, ['kapell', 'why', ...args], { env })
  return { code, text: `${stdout}${stderr}` }
}

it('each profile places the pods that name it, by its own plug-ins', async () => {
  await kubectl.apply(pod('first', '2', { schedulerName: 'packing' }))
  const node = await nodeOf('first')
  for (const name of ['second', 'third']) {
    await kubectl.apply(pod(name, '2', { schedulerName: 'packing' }))
    expect(await nodeOf(name)).toBe(node)
  }
  // The default spreads: it goes where nobody is.
  await kubectl.apply(pod('spread', '2'))
  expect(await nodeOf('spread')).not.toBe(node)
  const said = await until('the event', async () => {
    const text = await kubectl.run('events', '--for', 'pod/first')
    return text.includes('Scheduled') ? text : undefined
  })
  expect(said).toContain(`Successfully assigned default/first to ${node}`)
}, 120_000)

it('kubectl kapell why: what would have to change for a pod that waits, and how one that does not was placed', async () => {
  await kubectl.apply(pod('big', '100', { nodeSelector: { disk: 'ssd' } }))
  await kubectl.run('wait', '--for=condition=PodScheduled=false', 'pod/big', '--timeout=60s')
  const waits = await why('pod/big')
  expect(waits.text).toMatch(/^pod\/big fits none of 3 nodes/)
  for (const node of ['sim-0', 'sim-1', 'sim-2']) expect(waits.text).toContain(node)
  expect(waits.text).toMatch(/cpu: asks 100, .* of 32 are free \(NodeResourcesFit\)/)
  expect(waits.text).toMatch(/disk.*\(NodeAffinity\)/)
  const placed = await why('pod/spread')
  expect(placed.text).toContain(await nodeOf('spread'))
  expect(placed.code).toBe(0)
  const unknown = await why('pod/nobody')
  expect(unknown.code).not.toBe(0)
  expect(unknown.text).toContain('"nobody" not found')
}, 120_000)

it('kubectl top tells what pods are scripted to use', async () => {
  await until('usage', async () => /busy +500m +64Mi/.test(await kubectl.run('top', 'pods')), { timeoutMs: 90_000 })
  expect(await kubectl.run('top', 'nodes')).toMatch(/sim-\d +500m +1% +64Mi/)
}, 120_000)
