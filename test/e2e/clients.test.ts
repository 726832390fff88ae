import {
  ApiException,
  AppsV1Api,
  CoreV1Api,
  Exec,
  KubeConfig,
  Log,
  PatchStrategy,
  PortForward,
  VersionApi,
  Watch,
  loadYaml,
  makeInformer,
  setHeaderOptions,
  type V1ConfigMap,
  type V1Deployment,
  type V1Status,
} from '@kubernetes/client-node'
import { readFileSync } from 'node:fs'
import { PassThrough, type Readable } from 'node:stream'
import { exampleManifest, startExampleCluster, type ExampleCluster } from './support/example.ts'
import { until } from './support/wait.ts'

/** The official client library for JavaScript against a cluster. */
let example: ExampleCluster
let config: KubeConfig
let core: CoreV1Api
let apps: AppsV1Api
const namespace = 'default'

beforeAll(async () => {
  example = await startExampleCluster({ name: 'clients', octet: 229 })
  config = new KubeConfig()
  config.loadFromFile(example.cluster.kubeconfig)
  core = config.makeApiClient(CoreV1Api)
  apps = config.makeApiClient(AppsV1Api)
}, 60_000)
afterAll(async () => {
  await example?.close()
}, 60_000)

const collect = (stream: PassThrough): (() => string) => {
  let text = ''
  stream.on('data', (chunk: Buffer) => (text += chunk.toString()))
  return () => text
}

it('asks for the version', async () => {
  expect(await config.makeApiClient(VersionApi).getCode()).toMatchObject({ major: '1', minor: '36' })
})

it('creates, reads, lists, replaces, patches and deletes', async () => {
  const made = await core.createNamespacedConfigMap({
    namespace,
    body: { metadata: { name: 'one', labels: { a: 'b' } }, data: { x: '1' } },
  })
  expect(made.metadata?.creationTimestamp).toBeInstanceOf(Date)
  const replaced = await core.replaceNamespacedConfigMap({
    namespace,
    name: 'one',
    body: { ...made, data: { x: '2' } },
  })
  expect(replaced.data).toEqual({ x: '2' })
  const stale = core.replaceNamespacedConfigMap({ namespace, name: 'one', body: made })
  await expect(stale).rejects.toBeInstanceOf(ApiException)
  await expect(stale).rejects.toMatchObject({ code: 409 })
  const patched = await core.patchNamespacedConfigMap(
    { namespace, name: 'one', body: { data: { y: '3' } } },
    setHeaderOptions('Content-Type', PatchStrategy.StrategicMergePatch),
  )
  expect(patched.data).toEqual({ x: '2', y: '3' })
  const list = await core.listNamespacedConfigMap({ namespace, labelSelector: 'a=b' })
  expect(list.items.map(({ metadata }) => metadata?.name)).toEqual(['one'])
  await core.deleteNamespacedConfigMap({ namespace, name: 'one' })
  await expect(core.readNamespacedConfigMap({ namespace, name: 'one' })).rejects.toMatchObject({ code: 404 })
}, 30_000)

it('watches, alone and as an informer', async () => {
  const seen: string[] = []
  const informer = makeInformer(config, `/api/v1/namespaces/${namespace}/configmaps`, () =>
    core.listNamespacedConfigMap({ namespace }),
  )
  for (const verb of ['add', 'update', 'delete'] as const)
    informer.on(verb, (object: V1ConfigMap) => seen.push(`${verb} ${object.metadata?.name}`))
  informer.on('error', (error: unknown) => seen.push(`error ${String(error)}`))
  await informer.start()
  expect(informer.get('kube-root-ca.crt', namespace)?.data?.['ca.crt']).toContain('BEGIN CERTIFICATE')
  const events: string[] = []
  const watching = await new Watch(config).watch(
    `/api/v1/namespaces/${namespace}/configmaps`,
    { fieldSelector: 'metadata.name=two' },
    (type) => void events.push(type),
    () => {},
  )
  await core.createNamespacedConfigMap({ namespace, body: { metadata: { name: 'two' } } })
  await core.patchNamespacedConfigMap(
    { namespace, name: 'two', body: { data: { a: 'b' } } },
    setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
  )
  await core.deleteNamespacedConfigMap({ namespace, name: 'two' })
  await until('the informer to know', () => seen.includes('delete two'))
  expect(seen.filter((line) => line.endsWith(' two'))).toEqual(['add two', 'update two', 'delete two'])
  expect(seen.some((line) => line.startsWith('error'))).toBe(false)
  await until('the watch to know', () => events.length === 3)
  expect(events).toEqual(['ADDED', 'MODIFIED', 'DELETED'])
  watching.abort()
  await informer.stop()
}, 30_000)

describe('with the example running', () => {
  let pod: string
  beforeAll(async () => {
    const [manifest = ''] = readFileSync(exampleManifest, 'utf8').split('\n---\n')
    const deployment = loadYaml<V1Deployment>(manifest)
    deployment.spec!.replicas = 1
    await apps.createNamespacedDeployment({ namespace, body: deployment })
    await until('the replica', async () => {
      const { status } = await apps.readNamespacedDeployment({ namespace, name: 'language-model' })
      return status?.readyReplicas === 1
    })
    pod = (await core.listNamespacedPod({ namespace })).items[0]?.metadata?.name ?? ''
  }, 60_000)

  it('runs a command in a pod', async () => {
    const [stdout, stderr, stdin] = [new PassThrough(), new PassThrough(), new PassThrough()]
    const [out, err] = [collect(stdout), collect(stderr)]
    const done = Promise.withResolvers<V1Status>()
    const command = ['sh', '-c', 'cat; echo bad >&2; exit 3']
    const exec = new Exec(config)
    await exec.exec(namespace, pod, 'model', command, stdout, stderr, stdin, false, (status) => done.resolve(status))
    stdin.end('typed\n')
    const status = await done.promise
    expect(status).toMatchObject({ status: 'Failure', reason: 'NonZeroExitCode' })
    expect(status.details?.causes).toEqual([{ reason: 'ExitCode', message: '3' }])
    expect([out(), err()]).toEqual(['typed\n', 'bad\n'])
  }, 30_000)

  it('reads and follows a log', async () => {
    expect(await core.readNamespacedPodLog({ namespace, name: pod, container: 'model' })).toContain('language-model v1')
    const stream = new PassThrough()
    const text = collect(stream)
    // The library pipes the answer here, and leaves to us the error that telling it to stop makes.
    stream.on('pipe', (answer: Readable) => answer.on('error', () => {}))
    const following = await new Log(config).log(namespace, pod, 'model', stream, { follow: true, tailLines: 1 })
    await until('a line', () => text().includes('\n'))
    following.abort()
  }, 30_000)

  it('forwards a port', async () => {
    const [input, output] = [new PassThrough(), new PassThrough()]
    const text = collect(output)
    await new PortForward(config).portForward(namespace, pod, [8080], output, null, input)
    input.write('GET /healthz HTTP/1.0\r\n\r\n')
    await until('the answer', () => text().includes('ok\n'))
    expect(text()).toMatch(/^HTTP\/1\.\d 200/)
  }, 30_000)

  it('evicts, and scales by the subresource', async () => {
    const scale = await apps.readNamespacedDeploymentScale({ namespace, name: 'language-model' })
    expect(scale.spec?.replicas).toBe(1)
    await core.createNamespacedPodEviction({ namespace, name: pod, body: { metadata: { name: pod, namespace } } })
    await until('the pod to be gone', async () => {
      const { items } = await core.listNamespacedPod({ namespace })
      return items.every(({ metadata }) => metadata?.name !== pod)
    })
    // The eviction has changed the status since: the newest is to be changed, whichever it is.
    scale.spec!.replicas = 0
    delete scale.metadata!.resourceVersion
    await apps.replaceNamespacedDeploymentScale({ namespace, name: 'language-model', body: scale })
    await until('no pod', async () => (await core.listNamespacedPod({ namespace })).items.length === 0)
  }, 60_000)
})
