import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FakeClock, settle } from '@kapell/controllers/machinery/clock'
import { silentLogger } from '@kapell/controllers/machinery/log'
import type { V1Pod } from '@kapell/openapi/types'
import { keepMirrors, mirrorAction, mirrorOf } from './mirrors.ts'
import { parseStaticPod } from './parse.ts'
import { createStaticPods } from './source.ts'

const now = new Date('2026-01-01T00:00:00Z')
const parse = (text: string, path = '/d/web.yaml'): Promise<V1Pod> =>
  parseStaticPod({ text, path, nodeName: 'n1', now })
const file = (name = 'web', spec: object = {}, metadata: object = {}): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, ...metadata },
    spec: { containers: [{ name: 'c', image: 'i' }], ...spec },
  })

describe('parseStaticPod', () => {
  it('names, marks and defaults the pod', async () => {
    const pod = await parse(
      'apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: c, image: i}]}\n',
    )
    expect(pod).toMatchObject({
      metadata: {
        name: 'web-n1',
        namespace: 'default',
        annotations: {
          'kubernetes.io/config.source': 'file',
          'kubernetes.io/config.seen': '2026-01-01T00:00:00Z',
          'kubernetes.io/config.hash': pod.metadata!.uid,
        },
      },
      spec: {
        nodeName: 'n1',
        restartPolicy: 'Always',
        tolerations: [{ operator: 'Exists', effect: 'NoExecute' }],
      },
      status: { phase: 'Pending' },
    })
  })

  it('gives the same file the same uid, and an edited one another', async () => {
    const uid = async (text: string, path?: string): Promise<string> => (await parse(text, path)).metadata!.uid!
    expect(await uid(file())).toBe(await uid(file()))
    expect(await uid(file())).not.toBe(await uid(file('web', { hostname: 'h' })))
    expect(await uid(file())).not.toBe(await uid(file(), '/d/other.yaml'))
    // A uid becomes a directory: one that a file brings is not believed.
    expect(await uid(file('web', {}, { uid: '../../etc' }))).toMatch(/^[0-9a-f]{32}$/)
  })

  it('on the host network ports are the host’s', async () => {
    const containers = [{ name: 'c', image: 'i', ports: [{ containerPort: 80 }] }]
    const pod = await parse(file('web', { hostNetwork: true, containers }))
    expect(pod.spec?.containers[0]?.ports).toEqual([{ containerPort: 80, hostPort: 80, protocol: 'TCP' }])
  })

  it.each<[rule: string, text: string, error: RegExp]>([
    ['only pods', '{"apiVersion":"v1","kind":"Secret"}', /expected a Pod of v1, found kind "Secret" of "v1"/],
    ['an empty file', '', /expected a Pod/],
    ['broken YAML', 'a: [', /yaml/],
    ['a name that is a path', file('../../etc'), /metadata.name: Invalid value: "..\/..\/etc-n1"/],
    ['a name that is a flag', file('--privileged'), /metadata.name: Invalid value/],
    ['a namespace that is a path', file('web', {}, { namespace: '..' }), /metadata.namespace: Invalid value: ".."/],
    ['a volume that is a path', file('web', { volumes: [{ name: '..', emptyDir: {} }] }), /Invalid name: ".."/],
    [
      'a container that is a path',
      file('web', { containers: [{ name: '../x', image: 'i' }] }),
      /Invalid name: "..\/x"/,
    ],
    ['no container', file('web', { containers: [] }), /spec.containers: Required value/],
    ['no image', file('web', { containers: [{ name: 'c' }] }), /image of container c: Required value/],
    [
      'two containers of a name',
      file('web', {
        containers: [
          { name: 'c', image: 'i' },
          { name: 'c', image: 'i' },
        ],
      }),
      /Duplicate value: "c"/,
    ],
    ['a Secret', file('web', { volumes: [{ name: 'v', secret: { secretName: 's' } }] }), /may not reference secrets/],
    ['an account', file('web', { serviceAccountName: 'a' }), /may not reference serviceaccounts/],
    [
      'a ConfigMap in the environment',
      file('web', { containers: [{ name: 'c', image: 'i', envFrom: [{ configMapRef: { name: 'm' } }] }] }),
      /may not reference configmaps/,
    ],
    [
      'a claim',
      file('web', { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'c' } }] }),
      /may not reference persistentvolumeclaims/,
    ],
  ])('refuses %s', async (_, text, error) => {
    await expect(parse(text)).rejects.toThrow(error)
  })
})

describe('mirrors', () => {
  const node = { name: 'n1', uid: 'node-uid' }

  it('the mirror is owned by the node and carries the hash', async () => {
    const pod = await parse(file())
    const mirror = mirrorOf(pod, node)
    expect(mirror.metadata).toMatchObject({
      name: 'web-n1',
      annotations: { 'kubernetes.io/config.mirror': pod.metadata?.uid },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'n1', uid: 'node-uid', controller: true }],
    })
    expect(mirror.metadata?.uid).toBeUndefined()
  })

  it('what a mirror needs', async () => {
    const pod = await parse(file())
    const edited = await parse(file('web', { hostname: 'h' }))
    const mirror = mirrorOf(pod, node)
    const leaving = { ...mirror, metadata: { ...mirror.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } }
    const somebodys: V1Pod = { metadata: { name: 'web-n1' } }
    expect(mirrorAction(pod, undefined)).toBe('create')
    expect(mirrorAction(pod, mirror)).toBeUndefined()
    expect(mirrorAction(pod, leaving)).toBe('delete')
    expect(mirrorAction(edited, mirror)).toBe('delete')
    expect(mirrorAction(undefined, mirror)).toBe('delete')
    expect(mirrorAction(undefined, undefined)).toBeUndefined()
    expect(mirrorAction(pod, somebodys)).toBeUndefined()
    expect(mirrorAction(undefined, somebodys)).toBeUndefined()
  })

  it('is made as soon as the API answers and the node is there', async () => {
    const clock = new FakeClock()
    const stop = new AbortController()
    const pod = await parse(file())
    const made: V1Pod[] = []
    let uid = ''
    let down = true
    const keeper = keepMirrors({
      clock,
      log: silentLogger,
      signal: stop.signal,
      pod: () => pod,
      found: () => made[0],
      node: () => ({ name: 'n1', uid }),
      create: (mirror) => (down ? Promise.reject(new Error('connection refused')) : Promise.resolve(made.push(mirror))),
      remove: () => Promise.resolve(),
    })
    keeper.look('default/web-n1')
    await settle()
    uid = 'node-uid'
    await clock.advance(500)
    expect(made).toEqual([])
    down = false
    await clock.advance(1000)
    expect(made).toHaveLength(1)
    keeper.look('default/web-n1')
    await settle()
    expect(made).toHaveLength(1)
    stop.abort()
  })
})

describe('createStaticPods', () => {
  it('starts an edited pod only when nothing of the old one is left', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'kapell-static-'))
    const clock = new FakeClock()
    const stop = new AbortController()
    const told: string[] = []
    const errors: string[] = []
    const note = (what: string) => (pod: V1Pod) => void told.push(`${what} ${pod.metadata?.labels?.['v'] ?? ''}`)
    const pods = createStaticPods({
      dir,
      nodeName: 'n1',
      clock,
      log: { ...silentLogger, error: (text) => void errors.push(text) },
      signal: stop.signal,
      changed: note('changed'),
      removed: note('removed'),
      gone: (key) => void told.push(`gone ${key}`),
    })
    const until = async (what: string): Promise<void> => {
      for (const end = performance.now() + 4500; performance.now() < end && told.at(-1) !== what;) await settle(1)
      expect(told.at(-1)).toBe(what)
    }
    writeFileSync(join(dir, 'web.json'), file('web', {}, { labels: { v: '1' } }))
    writeFileSync(join(dir, 'bad.yaml'), 'kind: Nonsense')
    writeFileSync(join(dir, '.hidden.yaml'), file('hidden'))
    await pods.start()
    expect(told).toEqual(['changed 1'])
    expect(errors).toEqual([expect.stringContaining('expected a Pod of v1')])
    const uid = pods.list()[0]!.metadata!.uid!
    pods.setStatus(uid, { phase: 'Running' })
    pods.setStatus(uid, { phase: 'Running' })
    expect(told).toEqual(['changed 1', 'changed 1'])
    writeFileSync(join(dir, 'web.json'), file('web', {}, { labels: { v: '2' } }))
    await until('removed 1')
    expect(pods.list()).toEqual([])
    expect(pods.get('default/web-n1')?.metadata?.uid).toBe(uid)
    pods.ended(uid)
    await until('changed 2')
    expect(told.slice(-2)).toEqual(['gone default/web-n1', 'changed 2'])
    expect(pods.list()[0]?.metadata?.uid).not.toBe(uid)
    stop.abort()
    rmSync(dir, { recursive: true })
  })
})
