import {
  ApiException,
  ApiextensionsV1Api,
  AppsV1Api,
  CoreV1Api,
  CustomObjectsApi,
  KubeConfig,
  KubernetesObjectApi,
  PatchStrategy,
  VersionApi,
  Watch,
  makeInformer,
  setHeaderOptions,
  type KubernetesObject,
  type V1ConfigMap,
  type V1CustomResourceDefinition,
} from '@kubernetes/client-node'
import { deepEqual, equal, rejects } from 'node:assert/strict'
import { createInterface } from 'node:readline/promises'

/**
 * Checks of a running server through the official JavaScript client. Each check prints one JSON line, {"check", "ok",
 * "error"}; a line {"ask":"restart"} asks whoever started us to restart the server, and is answered on standard input.
 *
 * Usage: checks.ts NAMESPACE, with KUBECONFIG set.
 */
const namespace = process.argv[2] ?? 'default'
const config = new KubeConfig()
config.loadFromDefault()
const core = config.makeApiClient(CoreV1Api)
const apps = config.makeApiClient(AppsV1Api)
const custom = config.makeApiClient(CustomObjectsApi)
const definitions = config.makeApiClient(ApiextensionsV1Api)
const input = createInterface({ input: process.stdin })[Symbol.asyncIterator]()

const say = (line: object): boolean => process.stdout.write(`${JSON.stringify(line)}\n`)

async function restart(): Promise<void> {
  say({ ask: 'restart' })
  await input.next()
}

async function eventually(what: string, probe: () => boolean | Promise<boolean>): Promise<void> {
  // A bound against hanging, not a measure.
  const deadline = performance.now() + 60_000
  while (!(await probe())) {
    if (performance.now() > deadline) throw new Error(`gave up waiting for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

const make = (name: string, more: Partial<V1ConfigMap> = {}, labels?: Record<string, string>): Promise<V1ConfigMap> =>
  core.createNamespacedConfigMap({ namespace, body: { ...more, metadata: { name, ...(labels ? { labels } : {}) } } })

const refused = (code: number, call: Promise<unknown>): Promise<void> =>
  rejects(call, (error) => error instanceof ApiException && error.code === code)

const typed = (type: string): ReturnType<typeof setHeaderOptions> => setHeaderOptions('Content-Type', type)

async function patched(name: string, body: unknown, type: string): Promise<V1ConfigMap['data']> {
  await make(name, { data: { keep: 'k', drop: 'd' } })
  return (await core.patchNamespacedConfigMap({ namespace, name, body }, typed(type))).data
}

function applied(
  name: string,
  data: Record<string, string>,
  options: { fieldManager: string; force?: boolean },
): Promise<V1ConfigMap> {
  const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data }
  return core.patchNamespacedConfigMap({ namespace, name, body, ...options }, typed(PatchStrategy.ServerSideApply))
}

const widgets = { group: 'node.example.com', version: 'v1', namespace, plural: 'widgets' }
const definition: V1CustomResourceDefinition = {
  metadata: { name: `${widgets.plural}.${widgets.group}` },
  spec: {
    group: widgets.group,
    scope: 'Namespaced',
    names: { plural: widgets.plural, kind: 'Widget' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: { type: 'object', properties: { replicas: { type: 'integer', minimum: 0, _default: 1 } } },
            },
          },
        },
      },
    ],
  },
}

/** A ConfigMap made and one removed around a restart, each told of once. */
async function aroundRestart(prefix: string, seen: readonly string[]): Promise<void> {
  await make(`${prefix}-before`)
  await eventually('the first', () => seen.includes(`add ${prefix}-before`))
  await restart()
  await make(`${prefix}-after`)
  await core.deleteNamespacedConfigMap({ namespace, name: `${prefix}-before` })
  await eventually('the last', () => seen.includes(`delete ${prefix}-before`))
  deepEqual(
    seen.filter((line) => line.includes(prefix)),
    [`add ${prefix}-before`, `add ${prefix}-after`, `delete ${prefix}-before`],
  )
}

const checks: Record<string, () => Promise<void>> = {
  discovery: async () => {
    equal((await config.makeApiClient(VersionApi).getCode()).minor, '36')
    const { resources } = await apps.getAPIResources()
    equal(resources.find(({ name }) => name === 'deployments')?.kind, 'Deployment')
  },
  create: async () => {
    const made = await make('made', { data: { a: '1' } })
    equal(made.metadata?.creationTimestamp instanceof Date, true)
    await refused(409, make('made'))
    await refused(422, make('Bad_Name'))
    await core.createNamespacedConfigMap({ namespace, body: { metadata: { name: 'dry' } }, dryRun: 'All' })
    await refused(404, core.readNamespacedConfigMap({ namespace, name: 'dry' }))
  },
  update: async () => {
    const old = await make('updated')
    const replace = (data: Record<string, string>): Promise<V1ConfigMap> =>
      core.replaceNamespacedConfigMap({ namespace, name: 'updated', body: { ...old, data } })
    deepEqual((await replace({ b: '2' })).data, { b: '2' })
    await refused(409, replace({ c: '3' }))
  },
  'list-pages': async () => {
    for (let i = 10; i < 35; i++) await make(`page-${i}`, {}, { in: 'pages' })
    const sizes: number[] = []
    const versions = new Set<string | undefined>()
    let more: string | undefined
    do {
      const page = await core.listNamespacedConfigMap({
        namespace,
        labelSelector: 'in=pages',
        limit: 10,
        ...(more === undefined ? {} : { _continue: more }),
      })
      sizes.push(page.items.length)
      versions.add(page.metadata?.resourceVersion)
      more = page.metadata?._continue
    } while (more)
    deepEqual([sizes, versions.size], [[10, 10, 5], 1])
  },
  'patch-json': async () => {
    const body = [
      { op: 'remove', path: '/data/drop' },
      { op: 'add', path: '/data/new', value: 'n' },
    ]
    deepEqual(await patched('patch-json', body, PatchStrategy.JsonPatch), { keep: 'k', new: 'n' })
  },
  'patch-merge': async () => {
    const body = { data: { drop: null, new: 'n' } }
    deepEqual(await patched('patch-merge', body, PatchStrategy.MergePatch), { keep: 'k', new: 'n' })
  },
  'patch-strategic': async () => {
    const labels = { app: 'strategic' }
    const spec = { containers: [{ name: 'web', image: 'web:1' }] }
    await apps.createNamespacedDeployment({
      namespace,
      body: {
        metadata: { name: 'strategic' },
        spec: { replicas: 0, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
      },
    })
    const body = { spec: { template: { spec: { containers: [{ name: 'side', image: 'side:1' }] } } } }
    const got = await apps.patchNamespacedDeployment(
      { namespace, name: 'strategic', body },
      typed(PatchStrategy.StrategicMergePatch),
    )
    deepEqual(got.spec?.template.spec?.containers.map(({ name }) => name).sort(), ['side', 'web'])
  },
  apply: async () => {
    const fieldManager = 'first'
    const first = await applied('applied', { a: '1', b: '2' }, { fieldManager })
    const again = await applied('applied', { a: '1', b: '2' }, { fieldManager })
    equal(again.metadata?.resourceVersion, first.metadata?.resourceVersion)
    deepEqual((await applied('applied', { a: '1' }, { fieldManager })).data, { a: '1' })
  },
  'apply-conflict': async () => {
    await applied('contested', { a: '1' }, { fieldManager: 'first' })
    await refused(409, applied('contested', { a: '2' }, { fieldManager: 'second' }))
    deepEqual((await applied('contested', { a: '2' }, { fieldManager: 'second', force: true })).data, { a: '2' })
  },
  delete: async () => {
    const made = await make('removed')
    const remove = (uid?: string): Promise<unknown> =>
      core.deleteNamespacedConfigMap({
        namespace,
        name: 'removed',
        ...(uid === undefined ? {} : { body: { preconditions: { uid } } }),
      })
    await refused(409, remove(`${made.metadata?.uid}x`))
    await remove()
    await refused(404, remove())
  },
  'delete-collection': async () => {
    for (const name of ['one', 'two', 'three']) await make(`collected-${name}`, {}, { in: 'collection' })
    await core.deleteCollectionNamespacedConfigMap({ namespace, labelSelector: 'in=collection' })
    const { items } = await core.listNamespacedConfigMap({ namespace, labelSelector: 'in=collection' })
    equal(items.length, 0)
    await core.readNamespacedConfigMap({ namespace, name: 'made' })
  },
  'custom-resource': async () => {
    const { name = '' } = definition.metadata ?? {}
    await definitions.createCustomResourceDefinition({ body: definition })
    await eventually('Established', async () => {
      const { status } = await definitions.readCustomResourceDefinition({ name })
      return status?.conditions?.some(({ type, status: is }) => type === 'Established' && is === 'True') ?? false
    })
    const body = (called: string, spec: object): object => ({
      apiVersion: 'node.example.com/v1',
      kind: 'Widget',
      metadata: { name: called },
      spec,
    })
    const made = (await custom.createNamespacedCustomObject({ ...widgets, body: body('one', {}) })) as { spec: object }
    deepEqual(made.spec, { replicas: 1 })
    await refused(422, custom.createNamespacedCustomObject({ ...widgets, body: body('wrong', { replicas: -1 }) }))
    const generic = KubernetesObjectApi.makeApiClient(config)
    const whole = { ...body('one', { replicas: 3 }), metadata: { name: 'one', namespace } } as KubernetesObject
    const got = await generic.patch(whole, undefined, undefined, undefined, undefined, PatchStrategy.MergePatch)
    deepEqual((got as { spec?: object }).spec, { replicas: 3 })
    await custom.deleteNamespacedCustomObject({ ...widgets, name: 'one' })
    await definitions.deleteCustomResourceDefinition({ name })
  },
  'watch-through-restart': async () => {
    const seen: string[] = []
    const names: Record<string, string> = { ADDED: 'add', DELETED: 'delete' }
    let version = (await core.listNamespacedConfigMap({ namespace })).metadata?.resourceVersion
    const watch = new Watch(config)
    const state = { over: false }
    const follow = async (): Promise<void> => {
      if (state.over) return
      // However a watch ends, on from the last that was seen.
      await watch
        .watch(
          `/api/v1/namespaces/${namespace}/configmaps`,
          { resourceVersion: version ?? '' },
          (type, object: V1ConfigMap) => {
            version = object.metadata?.resourceVersion
            seen.push(`${names[type]} ${object.metadata?.name}`)
          },
          () => void setTimeout(() => void follow(), 50),
        )
        .catch(() => void setTimeout(() => void follow(), 50))
    }
    await follow()
    await aroundRestart('watch', seen)
    state.over = true
  },
  'informer-through-restart': async () => {
    const seen: string[] = []
    const informer = makeInformer(config, `/api/v1/namespaces/${namespace}/configmaps`, () =>
      core.listNamespacedConfigMap({ namespace }),
    )
    for (const verb of ['add', 'delete'] as const)
      informer.on(verb, (object: V1ConfigMap) => seen.push(`${verb} ${object.metadata?.name}`))
    // As the library's documentation has it: an informer that failed is started again.
    informer.on('error', () => void setTimeout(() => void informer.start().catch(() => {}), 50))
    await informer.start()
    await aroundRestart('informer', seen)
    await informer.stop()
  },
}

await core.createNamespace({ body: { metadata: { name: namespace } } })
for (const [check, run] of Object.entries(checks)) {
  try {
    await run()
    say({ check, ok: true })
  } catch (error) {
    say({ check, ok: false, error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  }
}
process.exit(0)
