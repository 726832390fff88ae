import { startPlane, type Plane } from '../kubectl/table.ts'
import { chart, Helm, type Release } from './helm.ts'

/** Stock helm's commands with a chart of ours that uses what it offers, on a node on which nothing really runs. */
let plane: Plane
let helm: Helm
const features = chart('features')
const wait = ['--wait', '--timeout=40s']
const kubectl = (...args: string[]): Promise<string> => plane.kubectl.run(...args)
const config = async (key: string, release = 'one'): Promise<string> =>
  kubectl('get', 'configmap', `${release}-config`, '-o', `jsonpath={.data.${key}}`)
const status = (release = 'one'): Promise<Release> => helm.json<Release>('status', release)

beforeAll(async () => {
  plane = await startPlane('helm')
  helm = new Helm(plane.kubectl.kubeconfig)
})
afterAll(() => plane.close())

it('install makes the CRDs first, runs hooks in order, and waits', async () => {
  const said = await helm.run('install', 'one', features, ...wait)
  expect(said).toMatch(/STATUS: deployed\nREVISION: 1\n[^]*one is blue in default\./)
  expect(await kubectl('get', 'widget', 'one-widget', '-o', 'jsonpath={.spec.size}')).toBe('3')
  expect(await kubectl('get', 'deployment', 'one-web', '-o', 'jsonpath={.status.readyReplicas}')).toBe('1')
  // ConfigMaps of hooks stay until they are made again; Jobs that succeeded go.
  for (const hook of ['pre-install', 'post-install']) {
    expect(await kubectl('get', 'configmap', `one-${hook}`, '-o', 'jsonpath={.data.revision}')).toBe('1')
    expect(await kubectl('get', 'job', `one-${hook}`, '--ignore-not-found')).toBe('')
  }
  expect(await kubectl('get', 'configmap', 'one-pre-upgrade', '--ignore-not-found')).toBe('')
})

it('templates see the cluster: lookup and .Capabilities', async () => {
  expect(await config('before')).toBe('none')
  expect(Number(await config('namespaces'))).toBeGreaterThanOrEqual(4)
  expect(await config('hasWidgets')).toBe('true')
  expect(await config('hasDeployments')).toBe('true')
  expect(await config('hasNothing')).toBe('false')
})

it('install --dry-run=server asks the cluster and makes nothing', async () => {
  const said = await helm.run('install', 'dry', features, '--dry-run=server', '--skip-crds', '--set', 'color=red')
  expect(said).toMatch(/kubeVersion: v1\.36\.\d+/)
  expect(said).toMatch(/namespaces: "\d"/)
  expect(await helm.run('list', '--all-namespaces', '-q')).toBe('one\n')
  expect(await kubectl('get', 'configmap', 'dry-config', '--ignore-not-found')).toBe('')
})

it('applies on the server, under its own name', async () => {
  const fields = await kubectl('get', 'deployment', 'one-web', '-o', 'yaml', '--show-managed-fields')
  expect(fields).toMatch(/manager: helm\n {4}operation: Apply\n/)
})

it('a name that is in use, and values that the schema forbids', async () => {
  expect((await helm.try('install', 'one', features)).stderr).toContain('cannot reuse a name that is still in use')
  const wrong = await helm.try('upgrade', 'one', features, '--set', 'replicas=-1')
  expect(wrong.stderr).toMatch(/values don't meet the specifications of the schema/)
})

it('upgrade, with lookup of what was before', async () => {
  expect(await helm.run('upgrade', 'one', features, '--set', 'color=green', '--reuse-values', ...wait)).toContain(
    'REVISION: 2',
  )
  expect([await config('color'), await config('before'), await config('revision')]).toEqual(['green', 'blue', '2'])
  expect(await kubectl('get', 'configmap', 'one-post-upgrade', '-o', 'jsonpath={.data.revision}')).toBe('2')
  expect(await kubectl('rollout', 'history', 'deployment/one-web')).toMatch(/\n2 /)
})

it('get all, values, manifest, notes, hooks and metadata', async () => {
  expect(await helm.run('get', 'values', 'one')).toBe('USER-SUPPLIED VALUES:\ncolor: green\n')
  expect(await helm.run('get', 'values', 'one', '--all')).toContain('image: web:1')
  expect(await helm.run('get', 'manifest', 'one')).toContain('kind: Deployment')
  expect(await helm.run('get', 'notes', 'one')).toContain('one is green')
  expect(await helm.run('get', 'hooks', 'one')).toContain('helm.sh/hook: pre-install')
  expect(await helm.run('get', 'metadata', 'one')).toMatch(/REVISION: 2\n/)
  expect(await helm.run('get', 'all', 'one')).toContain('HOOKS:')
})

it('history, list and status', async () => {
  const history = await helm.json<{ revision: number; status: string }[]>('history', 'one')
  expect(history.map((one) => `${one.revision} ${one.status}`)).toEqual(['1 superseded', '2 deployed'])
  expect(await helm.run('list')).toMatch(/one\s+default\s+2\s.*\sdeployed\s+features-0\.1\.0\s+1/)
  expect(await status()).toMatchObject({ version: 2, info: { status: 'deployed' } })
  expect(await helm.run('status', 'one', '--revision=1')).toContain('STATUS: superseded')
  expect(await kubectl('get', 'secrets', '--field-selector=type=helm.sh/release.v1', '-o', 'name')).toBe(
    'secret/sh.helm.release.v1.one.v1\nsecret/sh.helm.release.v1.one.v2\n',
  )
})

it('rollback', async () => {
  expect(await helm.run('rollback', 'one', '1', ...wait)).toContain('Rollback was a success')
  expect(await config('color')).toBe('blue')
  expect(await kubectl('get', 'configmap', 'one-post-rollback', '-o', 'name')).toBe('configmap/one-post-rollback\n')
  expect(await status()).toMatchObject({ version: 3 })
})

it('test', async () => {
  expect(await helm.run('test', 'one', '--timeout=30s')).toMatch(/TEST SUITE: +one-test\n[^]*Phase: +Succeeded/)
  await helm.run('upgrade', 'one', features, '--set', 'testExitCode=1', ...wait)
  const failed = await helm.try('test', 'one', '--timeout=30s')
  expect(failed.code).toBe(1)
  expect(failed.stdout).toMatch(/Phase: +Failed/)
})

it('a hook that fails fails the release', async () => {
  const failed = await helm.try('upgrade', 'one', features, '--set', 'failing=pre-upgrade', ...wait)
  expect(failed.code).toBe(1)
  expect(failed.stderr).toMatch(/pre-upgrade hooks failed/)
  expect(await status()).toMatchObject({ version: 5, info: { status: 'failed' } })
  expect(await config('revision')).toBe('4')
})

it('--wait runs out of time, and --rollback-on-failure (--atomic) puts back what was', async () => {
  const missing = ['--set-string', 'annotations.hollow\\.kapell\\.io/image-missing=true', '--timeout=2s']
  const late = await helm.try('install', 'late', features, '--wait', '--skip-crds', '--no-hooks', ...missing)
  expect(late.code).toBe(1)
  expect(late.stderr).toMatch(/context deadline exceeded|timed? ?out/i)
  await helm.run('uninstall', 'late', '--no-hooks')
  const undone = await helm.try(
    'upgrade',
    'one',
    features,
    '--rollback-on-failure',
    '--no-hooks',
    ...missing,
    '--set',
    'color=red',
  )
  expect(undone.code).toBe(1)
  expect(await status()).toMatchObject({ version: 7, info: { status: 'deployed' } })
  expect(await config('color')).toBe('blue')
  const never = await helm.try('install', 'never', features, '--atomic', '--skip-crds', '--no-hooks', ...missing)
  expect(never.code).toBe(1)
  expect((await helm.try('status', 'never')).stderr).toContain('release: not found')
})

it('--wait-for-jobs waits for the jobs of the chart', async () => {
  await helm.run('upgrade', 'one', features, '--set', 'job=true', '--wait-for-jobs', ...wait)
  expect(await kubectl('get', 'jobs', '-o', 'jsonpath={.items[*].status.succeeded}')).toBe('1')
})

it('--take-ownership takes what is there', async () => {
  await kubectl('create', 'configmap', 'two-config', '--from-literal=color=old')
  const args = ['install', 'two', features, '--skip-crds', '--no-hooks']
  expect((await helm.try(...args)).stderr).toMatch(/invalid ownership metadata/)
  await helm.try('uninstall', 'two', '--no-hooks')
  await helm.run(...args, '--take-ownership', '--force-conflicts')
  expect(await config('color', 'two')).toBe('blue')
  expect(await config('before', 'two')).toBe('old')
})

it('--server-side=false sends what the client merged', async () => {
  await helm.run('install', 'three', features, '--skip-crds', '--no-hooks', '--server-side=false')
  await helm.run('upgrade', 'three', features, '--no-hooks', '--server-side=false', '--set', 'color=red')
  expect(await config('color', 'three')).toBe('red')
  expect(await kubectl('get', 'configmap', 'three-config', '-o', 'yaml', '--show-managed-fields')).toMatch(
    /operation: Update/,
  )
})

it('upgrade --install --create-namespace', async () => {
  const args = ['upgrade', '--install', 'four', features, '--skip-crds', '-n', 'fresh', '--create-namespace', ...wait]
  expect(await helm.run(...args)).toContain('REVISION: 1')
  expect(await helm.run('list', '-A', '-q')).toBe('four\none\nthree\ntwo\n')
})

it('a release goes through a package as well', async () => {
  await helm.run('package', features, '-d', plane.dir)
  await helm.run('install', 'packed', `${plane.dir}/features-0.1.0.tgz`, '--skip-crds', '--no-hooks')
  expect(await config('color', 'packed')).toBe('blue')
})

it('uninstall takes all but CRDs, with its hooks, and may keep the history', async () => {
  expect(await helm.run('uninstall', 'one', ...wait, '--keep-history')).toContain('release "one" uninstalled')
  expect(await kubectl('get', 'deployment,service', '-l', 'app.kubernetes.io/instance=one', '-o', 'name')).toBe('')
  expect(await kubectl('get', 'configmap', 'one-post-delete', '-o', 'name')).toBe('configmap/one-post-delete\n')
  expect(await status()).toMatchObject({ info: { status: 'uninstalled' } })
  expect(await kubectl('get', 'crd', 'widgets.features.example.com', '-o', 'name')).toContain('widgets')
  expect(await kubectl('get', 'widgets', '-o', 'name')).not.toContain('one-widget')
  await helm.run('rollback', 'one', '1', '--no-hooks', ...wait)
  expect(await config('color')).toBe('blue')
})
