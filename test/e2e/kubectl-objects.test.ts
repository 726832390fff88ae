import type { V1Node, V1Pod } from '@kapell/openapi/types'
import { nodes } from '@kapell/openapi/meta/refs'
import { deployment, startControlPlane, type ControlPlane } from './support/control-plane.ts'
import { until } from './support/wait.ts'

/** Stock kubectl's generators, questions of access, deletions and nodes, against a control plane without a kubelet. */
let plane: ControlPlane
const kubectl = (...args: string[]): Promise<string> => plane.kubectl.run(...args)

beforeAll(async () => {
  plane = await startControlPlane('kubectl-objects')
  await plane.kubectl.apply(deployment('web'))
}, 60_000)
afterAll(() => plane.close(), 30_000)

describe('generators', () => {
  it.each<{ what: string; args: string[]; check: [string[], RegExp] }>([
    {
      what: 'a pod',
      args: ['run', 'one', '--image=web:1', '--restart=Never'],
      check: [['get', 'pod', 'one'], /one +0\/1 +Pending/],
    },
    {
      what: 'a service',
      args: ['expose', 'deployment', 'web', '--port=80', '--target-port=8080'],
      check: [['get', 'service', 'web'], /web +ClusterIP +10\.96\.\d+\.\d+ +<none> +80\/TCP/],
    },
    {
      what: 'a node port',
      args: ['create', 'service', 'nodeport', 'np', '--tcp=80:8080'],
      check: [['get', 'service', 'np'], /NodePort .* 80:3\d{4}\/TCP/],
    },
    {
      what: 'a secret',
      args: ['create', 'secret', 'generic', 's', '--from-literal=a=b'],
      check: [['describe', 'secret', 's'], /Type: +Opaque[^]*a: +1 bytes/],
    },
    { what: 'an account', args: ['create', 'serviceaccount', 'bot'], check: [['get', 'serviceaccount', 'bot'], /bot/] },
    {
      what: 'a role',
      args: ['create', 'role', 'r', '--verb=get,list', '--resource=pods'],
      check: [['describe', 'role', 'r'], /pods +\[\] +\[\] +\[get list\]/],
    },
    {
      what: 'a binding',
      args: ['create', 'rolebinding', 'b', '--role=r', '--serviceaccount=default:bot'],
      check: [['get', 'rolebinding', 'b', '-o', 'wide'], /Role\/r .*default\/bot/],
    },
    { what: 'a job', args: ['create', 'job', 'j', '--image=web:1'], check: [['get', 'job', 'j'], /j +\S+ +0\/1 /] },
    {
      what: 'a cron job',
      args: ['create', 'cronjob', 'c', '--image=web:1', '--schedule=0 0 1 1 *'],
      check: [['get', 'cronjob', 'c'], /0 0 1 1 \*/],
    },
    {
      what: 'a quota',
      args: ['create', 'quota', 'q', '--hard=configmaps=50'],
      check: [['get', 'quota', 'q'], /configmaps/],
    },
    {
      what: 'a budget',
      args: ['create', 'pdb', 'p', '--selector=app=web', '--min-available=1'],
      check: [['get', 'pdb', 'p'], /p +1 +N\/A/],
    },
    {
      what: 'an ingress',
      args: ['create', 'ingress', 'i', '--rule=a.b/*=web:80'],
      check: [['get', 'ingress', 'i'], /a\.b/],
    },
    {
      what: 'a priority class',
      args: ['create', 'priorityclass', 'high', '--value=10'],
      check: [['get', 'priorityclass', 'high'], /high +10 /],
    },
    {
      what: 'an autoscaler',
      args: ['autoscale', 'deployment', 'web', '--max=3', '--cpu=80%'],
      check: [['get', 'hpa', 'web'], /Deployment\/web/],
    },
  ])(
    'make $what',
    async ({ args, check: [look, is] }) => {
      await kubectl(...args)
      expect(await kubectl(...look)).toMatch(is)
    },
    30_000,
  )
})

describe('who may do what', () => {
  it('answers for oneself and for others', async () => {
    expect(await kubectl('auth', 'whoami')).toMatch(
      /Username +kubernetes-admin\nGroups +\[system:masters system:authenticated\]/,
    )
    expect(await kubectl('auth', 'can-i', '*', '*')).toBe('yes\n')
    const bot = ['--as=system:serviceaccount:default:bot']
    expect(await kubectl('auth', 'can-i', 'get', 'pods', ...bot)).toBe('yes\n')
    const no = await plane.kubectl.try(['auth', 'can-i', 'delete', 'pods', ...bot])
    expect(no).toMatchObject({ code: 1, stdout: 'no\n' })
    expect(await kubectl('auth', 'can-i', '--list', ...bot)).toMatch(/pods +\[\] +\[\] +\[get list\]/)
  }, 30_000)

  it('makes tokens that work', async () => {
    const token = (await kubectl('create', 'token', 'bot', '--duration=10m')).trim()
    const bot = plane.as('bot', { token })
    expect(await bot.run('auth', 'whoami', '-o', 'jsonpath={.status.userInfo.username}')).toBe(
      'system:serviceaccount:default:bot',
    )
    expect(await bot.run('get', 'pods', '-o', 'name')).toContain('pod/web-')
    expect((await bot.try(['get', 'secrets'])).code).toBe(1)
  }, 30_000)
})

describe('deletion', () => {
  const podsOf = async (): Promise<V1Pod[]> =>
    (await plane.kubectl.json<{ items: V1Pod[] }>('get', 'pods', '-l', 'app=victim')).items
  const replicaSets = (): Promise<string> => kubectl('get', 'replicasets', '-l', 'app=victim', '-o', 'name')

  it.each([
    { cascade: 'background', orphans: false },
    { cascade: 'foreground', orphans: false },
    { cascade: 'orphan', orphans: true },
  ])(
    'with --cascade=$cascade',
    async ({ cascade, orphans }) => {
      await plane.kubectl.apply(deployment('victim'))
      await until('a pod', async () => (await podsOf()).length === 1)
      expect(await kubectl('delete', 'deployment', 'victim', `--cascade=${cascade}`)).toContain('deleted')
      if (orphans) {
        expect(await replicaSets()).toContain('replicaset.apps/victim-')
        expect(await podsOf()).toHaveLength(1)
        await kubectl('delete', 'replicaset', '-l', 'app=victim')
      }
      await until('nothing to be left', async () => (await podsOf()).length === 0 && (await replicaSets()) === '')
    },
    60_000,
  )

  it('of many, by label, and with --now', async () => {
    for (const name of ['m1', 'm2']) await kubectl('create', 'configmap', name)
    await kubectl('label', 'configmaps', 'm1', 'm2', 'group=m')
    expect(await kubectl('delete', 'configmaps', '-l', 'group=m')).toMatch(/"m1" deleted[^]*"m2" deleted/)
    expect(await kubectl('delete', 'pod', 'one', '--now')).toContain('deleted')
    expect(await kubectl('delete', 'configmap', 'm1', '--ignore-not-found')).toBe('')
  }, 30_000)

  it('of a namespace takes what is in it', async () => {
    await kubectl('create', 'namespace', 'short')
    await kubectl('create', 'configmap', 'inside', '-n', 'short')
    await kubectl('create', 'deployment', 'inside', '--image=web:1', '-n', 'short')
    expect(await kubectl('delete', 'namespace', 'short', '--timeout=30s')).toContain('deleted')
    expect(await kubectl('get', 'all,configmaps', '-n', 'short')).toBe('')
  }, 60_000)
})

describe('nodes', () => {
  it('cordons, drains and taints', async () => {
    const node: V1Node = {
      metadata: { name: 'far' },
      // With room for no pod: nobody would end those that came before the cordon.
      status: { capacity: { cpu: '4', memory: '8Gi', pods: '0' }, conditions: [] },
    }
    await plane.cluster.client.resource(nodes).create(node)
    expect(await kubectl('cordon', 'far')).toBe('node/far cordoned\n')
    expect(await kubectl('get', 'node', 'far')).toMatch(/SchedulingDisabled/)
    expect(await kubectl('taint', 'node', 'far', 'only=me:NoSchedule')).toContain('tainted')
    expect(await kubectl('drain', 'far', '--ignore-daemonsets', '--force', '--timeout=20s')).toContain('drained')
    expect(await kubectl('uncordon', 'far')).toBe('node/far uncordoned\n')
    expect(await kubectl('describe', 'node', 'far')).toMatch(/Taints: +.*only=me:NoSchedule/)
  }, 60_000)
})
