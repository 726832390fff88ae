import type { V1Pod, V1PodSpec } from '@kapell/openapi/types'
import { conditionAt, podWith } from '../../testing/pods.ts'
import { fakeContext, FakeObjects, fakeServices, testNow } from '../../testing/fake-services.ts'
import { bindPod } from './binding.ts'
import { summarize } from './columns.ts'
import { defaultPod, pullPolicyOf } from './defaults.ts'
import { evictPod } from './eviction.ts'
import { podGracePeriod, preparePod } from './prepare.ts'
import { qosClassOf } from './qos.ts'

const podResource = { group: '', plural: 'pods' }

describe('pullPolicyOf', () => {
  it.each([
    ['no tag is the latest', 'nginx', 'Always'],
    [':latest too', 'nginx:latest', 'Always'],
    ['a port is no tag', 'example.com:5000/nginx', 'Always'],
    ['a tag is kept', 'nginx:1.27', 'IfNotPresent'],
    ['a digest is kept', 'nginx@sha256:aa', 'IfNotPresent'],
  ])('%s', (_rule, image, policy) => {
    expect(pullPolicyOf(image)).toBe(policy)
  })
})

describe('defaultPod', () => {
  it('requests what is limited', () => {
    const pod = podWith({ containers: [{ name: 'c', image: 'x', resources: { limits: { cpu: '1' } } }] })
    defaultPod(pod)
    expect(pod.spec?.containers[0]?.resources).toEqual({ limits: { cpu: '1' }, requests: { cpu: '1' } })
  })
  it('writes both names of the service account', () => {
    const pod = podWith({ serviceAccount: 'robot' })
    defaultPod(pod)
    expect(pod.spec).toMatchObject({ serviceAccount: 'robot', serviceAccountName: 'robot' })
  })
  it('keeps nothing finer than a thousandth', () => {
    const pod = podWith({ containers: [{ name: 'c', image: 'x', resources: { requests: { cpu: '0.0001' } } }] })
    defaultPod(pod)
    expect(pod.spec?.containers[0]?.resources?.requests).toEqual({ cpu: '1m' })
  })
})

describe('qosClassOf', () => {
  const of = (...resources: object[]): Partial<V1PodSpec> => ({
    containers: resources.map((r, i) => ({ name: `c${i}`, image: 'x', resources: r })),
  })
  const full = { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '1', memory: '1Gi' } }
  it.each<[rule: string, spec: Partial<V1PodSpec>, qos: string]>([
    ['nothing asked', of({}), 'BestEffort'],
    ['all limited, and requested as much', of(full, full), 'Guaranteed'],
    ['one container without limits', of(full, {}), 'Burstable'],
    ['less requested than limited', of({ ...full, requests: { cpu: '500m', memory: '1Gi' } }), 'Burstable'],
    ['zero is nothing', of({ requests: { cpu: '0' } }), 'BestEffort'],
    ['other resources do not count', of({ limits: { 'a.b/c': '1' } }), 'BestEffort'],
    ["the pod's own limits count before its containers'", { ...of({}), resources: full }, 'Guaranteed'],
  ])('%s', (_rule, spec, qos) => {
    expect(qosClassOf(podWith(spec))).toBe(qos)
  })
})

describe('podGracePeriod', () => {
  const bound = { nodeName: 'n', terminationGracePeriodSeconds: 30 }
  it.each<[rule: string, pod: V1Pod, requested: number | undefined, seconds: number]>([
    ['its own', podWith(bound), undefined, 30],
    ['what is asked', podWith(bound), 5, 5],
    ['none without a node', podWith({ terminationGracePeriodSeconds: 30 }), 5, 0],
    ['none when it has finished', { ...podWith(bound), status: { phase: 'Succeeded' } }, undefined, 0],
    ['a negative one is one second', podWith({ ...bound, terminationGracePeriodSeconds: -1 }), undefined, 1],
  ])('%s', (_rule, pod, requested, seconds) => {
    expect(podGracePeriod(pod, requested)).toBe(seconds)
  })
})

describe('preparePod', () => {
  it('starts pending, whatever the client says', () => {
    const pod = { ...podWith({}), status: { phase: 'Running', podIP: '1.2.3.4' } }
    preparePod(pod, { now: testNow })
    expect(pod.status).toEqual({ phase: 'Pending', qosClass: 'BestEffort' })
  })
  it('narrows affinity to its own values of matchLabelKeys', () => {
    const term = { topologyKey: 'zone', labelSelector: { matchLabels: { a: 'b' } }, matchLabelKeys: ['hash'] }
    const pod = podWith({ affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } } })
    pod.metadata = { ...pod.metadata, labels: { hash: '1' } }
    preparePod(pod, { now: testNow })
    expect(term.labelSelector).toMatchObject({ matchExpressions: [{ key: 'hash', operator: 'In', values: ['1'] }] })
  })
})

describe('summarize', () => {
  const running = { name: 'c', ready: true, restartCount: 0, image: '', imageID: '', state: { running: {} } }
  const crashed = {
    ...running,
    ready: false,
    restartCount: 3,
    state: { waiting: { reason: 'CrashLoopBackOff' } },
    lastState: { terminated: { exitCode: 1, finishedAt: '2026-01-02T03:02:05Z' } },
  }
  const done = { ...running, ready: false, state: { terminated: { exitCode: 0, reason: 'Completed' } } }
  it.each<[rule: string, pod: V1Pod, cells: object]>([
    [
      'a pending pod',
      { ...podWith({}), status: { phase: 'Pending' } },
      { ready: '0/1', status: 'Pending', restarts: '0' },
    ],
    [
      'a running pod',
      { ...podWith({}), status: { phase: 'Running', containerStatuses: [running] } },
      { ready: '1/1', status: 'Running' },
    ],
    [
      'a crashing one says why and since when',
      { ...podWith({}), status: { phase: 'Running', containerStatuses: [crashed] } },
      { ready: '0/1', status: 'CrashLoopBackOff', restarts: '3 (2m ago)' },
    ],
    [
      'one that was removed to start anew does not say since when',
      {
        ...podWith({}),
        status: {
          phase: 'Running',
          containerStatuses: [
            {
              ...running,
              restartCount: 1,
              // As it is stored: a time that is not known.
              lastState: { terminated: { exitCode: 137, finishedAt: null as unknown as string } },
            },
          ],
        },
      },
      { restarts: '1' },
    ],
    [
      'a finished one',
      { ...podWith({}), status: { phase: 'Succeeded', containerStatuses: [done] } },
      { status: 'Completed' },
    ],
    [
      'one that is being deleted',
      {
        ...podWith({}),
        metadata: { deletionTimestamp: '2026-01-02T03:04:05Z' },
        status: { phase: 'Running', containerStatuses: [running] },
      },
      { status: 'Terminating' },
    ],
    [
      'one that waits for a gate',
      {
        ...podWith({}),
        status: { phase: 'Pending', conditions: [conditionAt('PodScheduled', 'False', 'SchedulingGated')] },
      },
      { status: 'SchedulingGated' },
    ],
    [
      'init containers count up',
      {
        ...podWith({ initContainers: [{ name: 'i' }, { name: 'j' }] }),
        status: {
          phase: 'Pending',
          initContainerStatuses: [
            { ...done, name: 'i' },
            { ...running, name: 'j', ready: false },
          ],
        },
      },
      { status: 'Init:1/2' },
    ],
  ])('%s', (_rule, pod, cells) => {
    expect(summarize(pod, testNow)).toMatchObject(cells)
  })
})

describe('bindPod', () => {
  const request = (objects: FakeObjects, target: object, more: object = {}) => ({
    ...fakeContext(fakeServices(objects)),
    namespace: 'a',
    name: 'p',
    body: { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'p', ...more }, target },
    warn: () => undefined,
  })
  const withPod = (spec: Partial<V1PodSpec> = {}): FakeObjects =>
    new FakeObjects().put(podResource, { ...podWith(spec), metadata: { namespace: 'a', name: 'p', uid: 'u1' } })

  it('assigns the node, with its place and the labels of the binding', async () => {
    const objects = withPod().put(
      { group: '', plural: 'nodes' },
      {
        metadata: { name: 'n', labels: { 'topology.kubernetes.io/zone': 'z', other: 'x' } },
      },
    )
    await bindPod(request(objects, { kind: 'Node', name: 'n' }, { labels: { l: 'm' } }))
    const pod = objects.get<V1Pod>(podResource, { namespace: 'a', name: 'p' })
    expect(pod).toMatchObject({
      metadata: { labels: { l: 'm', 'topology.kubernetes.io/zone': 'z' } },
      spec: { nodeName: 'n' },
      status: { conditions: [{ type: 'PodScheduled', status: 'True', lastTransitionTime: '2026-01-02T03:04:05Z' }] },
    })
    expect(pod?.metadata?.labels?.['other']).toBeUndefined()
  })
  it.each<[rule: string, objects: FakeObjects, more: object, message: string]>([
    ['once only', withPod({ nodeName: 'm' }), {}, 'pod p is already assigned to node "m"'],
    ['not while gated', withPod({ schedulingGates: [{ name: 'g' }] }), {}, 'pod p has non-empty .spec.schedulingGates'],
    ['not under another name', withPod(), { name: 'q' }, 'name in URL does not match name in Binding object'],
    ['not another pod of the same name', withPod(), { uid: 'u2' }, 'another object'],
  ])('%s', async (_rule, objects, more, message) => {
    await expect(bindPod(request(objects, { kind: 'Node', name: 'n' }, more))).rejects.toThrow(message)
  })
})

describe('evictPod', () => {
  const budget = (allowed: number) => ({
    metadata: { namespace: 'a', name: 'b', generation: 1 },
    spec: { selector: { matchLabels: { a: 'b' } } },
    status: {
      observedGeneration: 1,
      disruptionsAllowed: allowed,
      currentHealthy: 1,
      desiredHealthy: 1,
      expectedPods: 1,
    },
  })
  const running: V1Pod = {
    ...podWith({ nodeName: 'n' }),
    metadata: { namespace: 'a', name: 'p', uid: 'u', labels: { a: 'b' } },
    status: { phase: 'Running', conditions: [conditionAt('Ready', 'True')] },
  }
  const evict = (objects: FakeObjects) =>
    evictPod({
      ...fakeContext(fakeServices(objects)),
      namespace: 'a',
      name: 'p',
      body: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'p' } } as never,
      warn: () => undefined,
    })
  const budgets = { group: 'policy', plural: 'poddisruptionbudgets' }

  it('deletes while the budget allows, and charges it', async () => {
    const objects = new FakeObjects().put(podResource, running).put(budgets, budget(1))
    await evict(objects)
    expect(objects.get(podResource, { namespace: 'a', name: 'p' })).toBeUndefined()
    expect(objects.get(budgets, { namespace: 'a', name: 'b' })).toMatchObject({
      status: { disruptionsAllowed: 0, disruptedPods: { p: '2026-01-02T03:04:05Z' } },
    })
  })
  it('refuses with 429 when the budget is spent', async () => {
    const objects = new FakeObjects().put(podResource, running).put(budgets, budget(0))
    await expect(evict(objects)).rejects.toMatchObject({ code: 429, reason: 'TooManyRequests' })
  })
  it('asks no budget about a pod that has finished', async () => {
    const objects = new FakeObjects()
      .put(podResource, { ...running, status: { phase: 'Failed' } } as V1Pod)
      .put(budgets, budget(0))
    await expect(evict(objects)).resolves.toMatchObject({ status: 'Success' })
  })
})
