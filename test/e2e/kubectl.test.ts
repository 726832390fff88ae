import type { V1Deployment } from '@kapell/openapi/types'
import { configMap, deployment, startControlPlane, type ControlPlane } from './support/control-plane.ts'
import { stream } from './support/stream.ts'
import { until } from './support/wait.ts'

/** Stock kubectl's commands against a control plane: what needs no running container. */
let plane: ControlPlane
const kubectl = (...args: string[]): Promise<string> => plane.kubectl.run(...args)

beforeAll(async () => {
  plane = await startControlPlane('kubectl')
  await plane.kubectl.apply(deployment('web'))
  await kubectl('create', 'configmap', 'conf', '--from-literal=color=blue')
}, 60_000)
afterAll(() => plane.close(), 30_000)

describe('discovery', () => {
  it('lists what there is', async () => {
    const resources = await kubectl('api-resources')
    for (const line of [
      /^pods +po +v1 +true +Pod$/m,
      /^deployments +deploy +apps\/v1 +true +Deployment$/m,
      /^nodes +no +v1 +false +Node$/m,
      /^roles +rbac\.authorization\.k8s\.io\/v1 +true +Role$/m,
    ])
      expect(resources).toMatch(line)
    expect(await kubectl('api-resources', '--namespaced=false', '-o', 'name')).toContain('namespaces\n')
    expect((await kubectl('api-versions')).split('\n')).toEqual(expect.arrayContaining(['v1', 'apps/v1', 'batch/v1']))
  }, 30_000)

  it('explains fields', async () => {
    const text = await kubectl('explain', 'pod.spec.containers')
    expect(text).toMatch(/KIND: +Pod\nVERSION: +v1\n\nFIELD: containers <\[\]Container>/)
    expect(text).toMatch(/name\t<string> -required-\n/)
    expect(await kubectl('explain', 'deployments.spec.strategy', '--recursive')).toMatch(/maxSurge\t<IntOrString>/)
    const wrong = await plane.kubectl.try(['explain', 'pod.spec.nothing'])
    expect(wrong).toMatchObject({ code: 1, stderr: 'error: field "nothing" does not exist\n' })
  }, 30_000)

  it('tells versions and where the control plane is', async () => {
    expect(await kubectl('version')).toMatch(/Server Version: v1\.36\.\d+\+kapell/)
    expect(await kubectl('cluster-info')).toContain(`is running at`)
    expect(await kubectl('get', '--raw', '/healthz')).toBe('ok')
  }, 30_000)
})

describe('get', () => {
  it.each<{ form: string; args: string[]; is: RegExp }>([
    { form: 'a table', args: [], is: /^NAME +READY +UP-TO-DATE +AVAILABLE +AGE\nweb +0\/1 +1 +0 +\S+\n$/ },
    { form: 'wide', args: ['-o', 'wide'], is: /CONTAINERS +IMAGES +SELECTOR\n.* web +web:1 +app=web\n$/ },
    { form: 'yaml', args: ['-o', 'yaml'], is: /^apiVersion: v1\nitems:\n- apiVersion: apps\/v1\n +kind: Deployment/ },
    { form: 'json', args: ['-o', 'json'], is: /"kind": "Deployment"/ },
    { form: 'name', args: ['-o', 'name'], is: /^deployment\.apps\/web\n$/ },
    { form: 'jsonpath', args: ['-o', 'jsonpath={.items[*].spec.replicas}'], is: /^1$/ },
    { form: 'columns', args: ['-o', 'custom-columns=N:.metadata.name,R:.spec.replicas'], is: /^N +R\nweb +1\n$/ },
    { form: 'go-template', args: ['-o', 'go-template={{range .items}}{{.kind}}{{end}}'], is: /^Deployment$/ },
    { form: 'labels', args: ['--show-labels'], is: /LABELS\n.*app=web\n$/ },
    { form: 'label columns', args: ['-L', 'app'], is: /APP\n.* web\n$/ },
    { form: 'every namespace', args: ['-A'], is: /^NAMESPACE +NAME.*\ndefault +web / },
    { form: 'by label', args: ['-l', 'app!=web'], is: /^$/ },
    { form: 'by field', args: ['--field-selector', 'metadata.name=web', '-o', 'name'], is: /web/ },
    { form: 'in pages', args: ['--chunk-size=1', '-o', 'name'], is: /web/ },
    { form: 'sorted', args: ['--sort-by=.metadata.name', '-o', 'name'], is: /web/ },
  ])(
    'as $form',
    async ({ args, is }) => {
      expect(await kubectl('get', 'deployments', ...args)).toMatch(is)
    },
    20_000,
  )

  it('all kinds, and pods that wait for a node with the reason', async () => {
    const all = await kubectl('get', 'all')
    for (const what of ['pod/web-', 'service/kubernetes', 'deployment.apps/web', 'replicaset.apps/web-'])
      expect(all).toContain(what)
    const said = await until('the scheduler to say why', async () => {
      const events = await kubectl('events', '--types=Warning')
      return events.includes('FailedScheduling') && events
    })
    expect(said).toMatch(/FailedScheduling +Pod\/web-\S+ +no nodes available to schedule pods/)
  }, 30_000)

  it('goes on telling with -w', async () => {
    const args = ['get', 'configmaps', 'conf', '-w', '-o', 'jsonpath={.data.color} ']
    const watch = stream(plane.kubectl.program, args, plane.kubectl.env)
    await watch.says('blue ')
    await kubectl('patch', 'configmap', 'conf', '-p', '{"data":{"color":"green"}}')
    await watch.says('green ')
    await watch.stop()
  }, 30_000)

  it('waits for conditions, fields and ends', async () => {
    await kubectl('create', 'configmap', 'brief')
    const args = ['wait', '--for=delete', 'configmap/brief', '--timeout=20s']
    const wait = stream(plane.kubectl.program, args, plane.kubectl.env)
    await kubectl('delete', 'configmap', 'brief')
    expect(await wait.ended).toBe(0)
    expect(await kubectl('wait', '--for=create', 'configmap/conf')).toContain('condition met')
    expect(await kubectl('wait', '--for=jsonpath={.data.color}=green', 'configmap/conf')).toContain('condition met')
    expect(await kubectl('wait', '--for=condition=Progressing', 'deployment/web')).toContain('condition met')
    const late = await plane.kubectl.try(['wait', '--for=condition=Available', 'deployment/web', '--timeout=0s'])
    expect(late.code).toBe(1)
  }, 30_000)
})

describe('changes', () => {
  const get = (): Promise<V1Deployment> => plane.kubectl.json<V1Deployment>('get', 'deployment', 'web')

  it('labels, annotates and takes them away', async () => {
    expect(await kubectl('label', 'deployment', 'web', 'tier=front')).toBe('deployment.apps/web labeled\n')
    const again = await plane.kubectl.try(['label', 'deployment', 'web', 'tier=back'])
    expect(again.stderr).toContain("'tier' already has a value (front), and --overwrite is false")
    await kubectl('annotate', 'deployment', 'web', 'note=mine')
    expect((await get()).metadata).toMatchObject({ labels: { tier: 'front' }, annotations: { note: 'mine' } })
    await kubectl('label', 'deployment', 'web', 'tier-')
    expect((await get()).metadata?.labels).toEqual({ app: 'web' })
  }, 30_000)

  it.each([
    ['strategic', '{"spec":{"template":{"spec":{"containers":[{"name":"web","image":"web:2"}]}}}}', 'web:2'],
    ['merge', '{"spec":{"template":{"spec":{"containers":[{"name":"web","image":"web:3"}]}}}}', 'web:3'],
    ['json', '[{"op":"replace","path":"/spec/template/spec/containers/0/image","value":"web:4"}]', 'web:4'],
  ])(
    'patches: %s',
    async (type, patch, image) => {
      expect(await kubectl('patch', 'deployment', 'web', '--type', type, '-p', patch)).toContain('patched')
      const [container] = (await get()).spec?.template.spec?.containers ?? []
      expect(container?.image).toBe(image)
      expect(container?.ports?.length ?? 0).toBe(type === 'strategic' ? 1 : 0)
    },
    30_000,
  )

  it('edits with the EDITOR', async () => {
    const editor = plane.file('editor', '#!/bin/sh\nsed -i "s/replicas: 1$/replicas: 2/" "$1"\n', 0o700)
    const args = ['edit', 'deployment', 'web']
    const edit = stream(plane.kubectl.program, args, { ...plane.kubectl.env, KUBE_EDITOR: editor })
    expect(await edit.ended).toBe(0)
    expect(edit.output()).toContain('deployment.apps/web edited')
    expect((await get()).spec?.replicas).toBe(2)
  }, 30_000)

  it('scales, sets, and shows the difference before', async () => {
    expect(await kubectl('scale', 'deployment/web', '--current-replicas=2', '--replicas=1')).toContain('scaled')
    expect(await kubectl('set', 'env', 'deployment/web', 'MODE=test')).toContain('env updated')
    expect(await kubectl('set', 'resources', 'deployment/web', '--requests=cpu=10m')).toContain('updated')
    const wanted = JSON.stringify(deployment('web', { replicas: 3 }))
    const diff = await plane.kubectl.try(['diff', '-f', '-'], wanted)
    expect(diff.code).toBe(1)
    expect(diff.stdout).toMatch(/-  replicas: 1\n\+  replicas: 3/)
    expect((await get()).spec?.replicas).toBe(1)
    const dry = await plane.kubectl.try(['apply', '--dry-run=server', '-f', '-'], wanted)
    expect(dry.stdout).toBe('deployment.apps/web configured (server dry run)\n')
    expect((await get()).spec?.replicas).toBe(1)
  }, 30_000)

  it('applies on the server, and guards the fields of others', async () => {
    const text = JSON.stringify(configMap('shared', { a: '1', b: '1' }))
    const apply = (manager: string, input: string, ...more: string[]) =>
      plane.kubectl.try(['apply', '--server-side', `--field-manager=${manager}`, ...more, '-f', '-'], input)
    expect((await apply('one', text)).stdout).toBe('configmap/shared serverside-applied\n')
    const other = JSON.stringify(configMap('shared', { b: '2' }))
    const conflict = await apply('two', other)
    expect(conflict.code).toBe(1)
    expect(conflict.stderr).toContain('Apply failed with 1 conflict: conflict with "one": .data.b')
    expect((await apply('two', other, '--force-conflicts')).code).toBe(0)
    expect((await apply('one', JSON.stringify(configMap('shared', { a: '1' })))).code).toBe(0)
    expect(await kubectl('get', 'configmap', 'shared', '-o', 'jsonpath={.data}')).toBe('{"a":"1","b":"2"}')
    expect(await kubectl('get', 'configmap', 'shared', '-o', 'yaml', '--show-managed-fields')).toContain('manager: two')
  }, 30_000)

  it('prunes nothing but what apply made, by its last-applied annotation', async () => {
    await plane.kubectl.apply(configMap('kept', { a: '1', b: '1' }))
    await kubectl('patch', 'configmap', 'kept', '-p', '{"data":{"c":"1"}}')
    await plane.kubectl.apply(configMap('kept', { a: '2' }))
    expect(await kubectl('get', 'configmap', 'kept', '-o', 'jsonpath={.data}')).toBe('{"a":"2","c":"1"}')
  }, 30_000)
})
