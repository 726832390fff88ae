import type { V1Node, V1Pod, V1ResourceQuota } from '@kapell/openapi/types'
import type { KubeObject } from '@kapell/openapi/meta/object'
import type { AnyDefinition } from '../registry/definition.ts'
import { resources } from '../resources/index.ts'
import { FakeObjects, fakeServices, testNow } from '../resources/testing/fake-services.ts'
import { podWith } from '../resources/testing/pods.ts'
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts'
import { admissionPlugins } from './index.ts'

const plugin = (name: string): AdmissionPlugin => {
  const found = admissionPlugins.find((p) => p.name === name)
  if (found === undefined) throw new Error(`no plug-in ${name}`)
  return found
}

const definition = (plural: string, group = ''): AnyDefinition['definition'] => {
  const found = resources.find((r) => r.definition.plural === plural && r.definition.group === group)
  if (found === undefined) throw new Error(`no resource ${plural}`)
  return found.definition
}

function request(
  plural: string,
  object: KubeObject | undefined,
  more: Partial<AdmissionAttributes> = {},
): AdmissionAttributes {
  return {
    operation: 'CREATE',
    resource: definition(plural),
    subresource: '',
    namespace: 'a',
    name: object?.metadata?.name ?? '',
    ...(object === undefined ? {} : { object }),
    options: {},
    user: { username: 'bob', groups: [] },
    dryRun: false,
    now: testNow,
    warn: () => undefined,
    ...more,
  }
}

async function run(name: string, attributes: AdmissionAttributes, objects = new FakeObjects()): Promise<void> {
  const { handles, admit, validate } = plugin(name)
  if (!handles(attributes)) return
  await admit?.(attributes, fakeServices(objects))
  await validate?.(attributes, fakeServices(objects))
}

const namespaces = { group: '', plural: 'namespaces' }
const accounts = { group: '', plural: 'serviceaccounts' }

it('the plug-ins stand in the order of the original', () => {
  expect(admissionPlugins.map((p) => p.name)).toEqual([
    'NamespaceLifecycle',
    'LimitRanger',
    'ServiceAccount',
    'NodeRestriction',
    'TaintNodesByCondition',
    'PodSecurity',
    'Priority',
    'DefaultTolerationSeconds',
    'DefaultStorageClass',
    'StorageObjectInUseProtection',
    'PersistentVolumeClaimResize',
    'RuntimeClass',
    'CertificateApproval',
    'CertificateSigning',
    'DefaultIngressClass',
    'RBACEscalation',
    'NodeDeclaredFeatureValidator',
    'PodResizeValidator',
    'MutatingAdmissionPolicy',
    'MutatingAdmissionWebhook',
    'ValidatingAdmissionPolicy',
    'ValidatingAdmissionWebhook',
    'ResourceQuota',
  ])
})

describe('NamespaceLifecycle', () => {
  const objects = new FakeObjects().put(
    namespaces,
    { metadata: { name: 'a' }, status: { phase: 'Active' } } as KubeObject,
    { metadata: { name: 'going' }, status: { phase: 'Terminating' } } as KubeObject,
  )
  it.each<[rule: string, more: Partial<AdmissionAttributes>, reason: string | undefined]>([
    ['a namespace that is there', {}, undefined],
    ['one that is missing', { namespace: 'no' }, 'NotFound'],
    ['one that is going takes nothing new', { namespace: 'going' }, 'Forbidden'],
    ['but updates', { namespace: 'going', operation: 'UPDATE' }, undefined],
    [
      'the default one stays',
      { resource: definition('namespaces'), operation: 'DELETE', name: 'default', namespace: '' },
      'Forbidden',
    ],
  ])('%s', async (_rule, more, reason) => {
    const answer = run('NamespaceLifecycle', request('configmaps', { metadata: { name: 'm' } }, more), objects)
    await (reason === undefined
      ? expect(answer).resolves.toBeUndefined()
      : expect(answer).rejects.toMatchObject({ reason }))
  })
})

describe('ServiceAccount', () => {
  const objects = new FakeObjects().put(accounts, { metadata: { namespace: 'a', name: 'default' } }, {
    metadata: { namespace: 'a', name: 'mute' },
    automountServiceAccountToken: false,
    imagePullSecrets: [{ name: 'pull' }],
  } as KubeObject)
  it('mounts token, authority and namespace where clients look for them', async () => {
    const pod = podWith()
    await run('ServiceAccount', request('pods', pod), objects)
    const [volume] = pod.spec?.volumes ?? []
    expect(volume?.name).toMatch(/^kube-api-access-[a-z0-9]{5}$/)
    expect(volume?.projected?.sources?.map((s) => Object.keys(s)[0])).toEqual([
      'serviceAccountToken',
      'configMap',
      'downwardAPI',
    ])
    expect(pod.spec?.serviceAccountName).toBe('default')
    expect(pod.spec?.containers[0]?.volumeMounts).toEqual([
      { name: volume?.name, readOnly: true, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' },
    ])
  })
  it('respects an account that wants no token mounted, and passes on its pull secrets', async () => {
    const pod = podWith({ serviceAccountName: 'mute' })
    await run('ServiceAccount', request('pods', pod), objects)
    expect(pod.spec?.volumes).toBeUndefined()
    expect(pod.spec?.imagePullSecrets).toEqual([{ name: 'pull' }])
  })
  it('leaves a container alone that mounts something there itself', async () => {
    const own = [{ name: 'own', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' }]
    const pod = podWith({ containers: [{ name: 'c', image: 'x', volumeMounts: own }] })
    await run('ServiceAccount', request('pods', pod), objects)
    expect(pod.spec?.volumes).toBeUndefined()
  })
  it('refuses an account that is missing', async () => {
    await expect(
      run('ServiceAccount', request('pods', podWith({ serviceAccountName: 'no' })), objects),
    ).rejects.toThrow('error looking up service account a/no: serviceaccount "no" not found')
  })
})

describe('LimitRanger', () => {
  const limits = [
    {
      type: 'Container',
      default: { cpu: '500m' },
      defaultRequest: { cpu: '100m' },
      max: { cpu: '1' },
      min: { cpu: '50m' },
    },
  ]
  const objects = new FakeObjects().put({ group: '', plural: 'limitranges' }, {
    metadata: { namespace: 'a', name: 'l' },
    spec: { limits },
  } as KubeObject)
  it('fills in, and says so', async () => {
    const pod = podWith()
    await run('LimitRanger', request('pods', pod), objects)
    expect(pod.spec?.containers[0]?.resources).toEqual({ requests: { cpu: '100m' }, limits: { cpu: '500m' } })
    expect(pod.metadata?.annotations).toEqual({
      'kubernetes.io/limit-ranger': 'LimitRanger plugin set: cpu request for container c; cpu limit for container c',
    })
  })
  it.each([
    ['too much', { limits: { cpu: '2' } }, 'maximum cpu usage per Container is 1, but limit is 2'],
    ['too little', { requests: { cpu: '10m' } }, 'minimum cpu usage per Container is 50m, but request is 10m'],
  ])('%s', async (_rule, asked, message) => {
    const pod = podWith({ containers: [{ name: 'c', image: 'x', resources: asked }] })
    await expect(run('LimitRanger', request('pods', pod), objects)).rejects.toThrow(message)
  })
})

describe('NodeRestriction', () => {
  const user = { username: 'system:node:n', groups: ['system:nodes'] }
  const node = (name: string, labels: Record<string, string> = {}, taints: object[] = []): V1Node =>
    ({ metadata: { name, labels }, spec: { taints } }) as V1Node
  const bound: V1Pod = podWith({ nodeName: 'other' })
  const slice = (nodeName: string): AdmissionAttributes => ({
    ...request('nodes', { spec: { nodeName } } as KubeObject, { user }),
    resource: definition('resourceslices', 'resource.k8s.io'),
  })
  it.each<[rule: string, attributes: AdmissionAttributes, message: string | undefined]>([
    ['its own node', request('nodes', node('n', { 'kubernetes.io/os': 'linux', mine: 'x' }), { user }), undefined],
    ["not another's", request('nodes', node('m'), { user }), 'node "n" is not allowed to modify node "m"'],
    [
      'not with labels that schedulers trust',
      request('nodes', node('n', { 'node-restriction.kubernetes.io/x': 'y' }), { user }),
      'is not allowed to set the following labels: node-restriction.kubernetes.io/x',
    ],
    [
      'not its taints',
      request('nodes', node('n'), {
        user,
        operation: 'UPDATE',
        oldObject: node('n', {}, [{ key: 'a', effect: 'NoSchedule' }]),
      }),
      'node "n" is not allowed to modify taints',
    ],
    [
      'no pods but mirrors',
      request('pods', podWith({ nodeName: 'n' }), { user }),
      'node "n" can only create mirror pods',
    ],
    [
      "not the status of another node's pod",
      request('pods', bound, { user, operation: 'UPDATE', subresource: 'status', oldObject: bound }),
      'can only update pod status for pods with spec.nodeName set to itself',
    ],
    ['its own slices', slice('n'), undefined],
    ["not another's slices", slice('m'), 'can only create ResourceSlice with the same NodeName as the requesting node'],
    ['everybody else is not concerned', request('nodes', node('m')), undefined],
  ])('%s', async (_rule, attributes, message) => {
    const answer = run('NodeRestriction', attributes)
    await (message === undefined ? expect(answer).resolves.toBeUndefined() : expect(answer).rejects.toThrow(message))
  })
})

describe('Priority', () => {
  const classes = { group: 'scheduling.k8s.io', plural: 'priorityclasses' }
  const high = { metadata: { name: 'high' }, value: 100, preemptionPolicy: 'Never' } as KubeObject
  it('resolves the class', async () => {
    const pod = podWith({ priorityClassName: 'high' })
    await run('Priority', request('pods', pod), new FakeObjects().put(classes, high))
    expect(pod.spec).toMatchObject({ priority: 100, preemptionPolicy: 'Never' })
  })
  it('is zero without one', async () => {
    const pod = podWith()
    await run('Priority', request('pods', pod))
    expect(pod.spec).toMatchObject({ priority: 0, preemptionPolicy: 'PreemptLowerPriority' })
  })
  it('takes the global default', async () => {
    const pod = podWith()
    await run(
      'Priority',
      request('pods', pod),
      new FakeObjects().put(classes, { ...high, globalDefault: true } as KubeObject),
    )
    expect(pod.spec).toMatchObject({ priority: 100, priorityClassName: 'high' })
  })
  it('refuses a class that is missing', async () => {
    await expect(run('Priority', request('pods', podWith({ priorityClassName: 'no' })))).rejects.toThrow(
      'no PriorityClass with name no was found',
    )
  })
})

it('DefaultTolerationSeconds adds what is not tolerated yet', async () => {
  const pod = podWith({
    tolerations: [{ key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute' }],
  })
  await run('DefaultTolerationSeconds', request('pods', pod))
  expect(pod.spec?.tolerations?.map((t) => [t.key, t.tolerationSeconds])).toEqual([
    ['node.kubernetes.io/not-ready', undefined],
    ['node.kubernetes.io/unreachable', 300],
  ])
})

describe('ResourceQuota', () => {
  const quotas = { group: '', plural: 'resourcequotas' }
  const quota = (hard: Record<string, string>, used: Record<string, string>, scopes?: string[]): FakeObjects =>
    new FakeObjects().put(quotas, {
      metadata: { namespace: 'a', name: 'q' },
      spec: { hard, ...(scopes === undefined ? {} : { scopes }) },
      status: { hard, used },
    } as KubeObject)
  const asking = (cpu: string): V1Pod =>
    podWith({ containers: [{ name: 'c', image: 'x', resources: { requests: { cpu } } }] })
  const usedOf = (objects: FakeObjects): Record<string, string> | undefined =>
    objects.get<V1ResourceQuota>(quotas, { namespace: 'a', name: 'q' })?.status?.used

  it('charges what is created', async () => {
    const objects = quota({ pods: '2', 'requests.cpu': '1' }, { pods: '0', 'requests.cpu': '0' })
    await run('ResourceQuota', request('pods', asking('600m')), objects)
    expect(usedOf(objects)).toEqual({ pods: '1', 'requests.cpu': '600m' })
  })
  it('gives it back when the write fails', async () => {
    const objects = quota({ pods: '2' }, { pods: '0' })
    const attributes = request('pods', asking('1'))
    await run('ResourceQuota', attributes, objects)
    await plugin('ResourceQuota').rollback?.(attributes, fakeServices(objects))
    expect(usedOf(objects)).toEqual({ pods: '0' })
  })
  it('says what would go over', async () => {
    const objects = quota({ pods: '1', 'requests.cpu': '1' }, { pods: '1', 'requests.cpu': '600m' })
    await expect(run('ResourceQuota', request('pods', asking('600m')), objects)).rejects.toThrow(
      'exceeded quota: q, requested: pods=1,requests.cpu=600m, used: pods=1,requests.cpu=600m, limited: pods=1,requests.cpu=1',
    )
  })
  it('wants amounts where amounts are limited', async () => {
    const objects = quota({ 'requests.cpu': '1' }, { 'requests.cpu': '0' })
    await expect(run('ResourceQuota', request('pods', podWith()), objects)).rejects.toThrow(
      'failed quota: q: must specify requests.cpu for: c',
    )
  })
  it('counts objects of any kind', async () => {
    const objects = quota({ 'count/configmaps': '1' }, { 'count/configmaps': '1' })
    await expect(run('ResourceQuota', request('configmaps', { metadata: { name: 'm' } }), objects)).rejects.toThrow(
      'exceeded quota',
    )
  })
  it('leaves alone what is outside its scope', async () => {
    const objects = quota({ pods: '0' }, { pods: '0' }, ['NotBestEffort'])
    await run('ResourceQuota', request('pods', podWith()), objects)
    expect(usedOf(objects)).toEqual({ pods: '0' })
  })
  it('a dry run charges nothing', async () => {
    const objects = quota({ pods: '1' }, { pods: '0' })
    await run('ResourceQuota', request('pods', asking('1'), { dryRun: true }), objects)
    expect(usedOf(objects)).toEqual({ pods: '0' })
  })
})
