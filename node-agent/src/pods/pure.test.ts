import type { V1Pod, V1Secret } from '@kapell/openapi/types'
import { Backoff, goDuration } from './backoff.ts'
import { parseResolvConf, podDns } from './dns.ts'
import { containerEnv, type EnvSources } from './env.ts'
import { expand } from './expand.ts'
import { fieldValue, resourceValue } from './field-ref.ts'
import { hostsFile, podHostname } from './hosts-file.ts'
import { withDefaultTag } from './images.ts'
import { differences } from './lifecycle.ts'
import { registryAuths } from './pull-secrets.ts'
import { withRemembered } from './record.ts'
import { cpuQuota, cpuShares, oomScoreAdj, podCgroup, qosClass } from './resources.ts'
import { serviceEnv } from './service-env.ts'
import { stopSignalNumber } from './stop-signal.ts'
import { record, running, testContainer, testPod } from './testing.ts'

describe('references in commands and values', () => {
  const lookup = (name: string): string | undefined => ({ A: '1', EMPTY: '' })[name]
  it.each([
    ['$(A)', '1'],
    ['x$(A)y$(A)', 'x1y1'],
    ['$(EMPTY)', ''],
    ['$(B)', '$(B)'],
    ['$$(A)', '$(A)'],
    ['$$$(A)', '$1'],
    ['$A', '$A'],
    ['$(A', '$(A'],
    ['cost: 5$', 'cost: 5$'],
  ])('%s is %s', (text, expected) => {
    expect(expand(text, lookup)).toBe(expected)
  })
})

describe('restart back-off', () => {
  it('lets the first go at once, then doubles up to its bound', () => {
    const backoff = new Backoff({ initialMs: 10_000, maxMs: 300_000 })
    const waits: number[] = []
    let now = 0
    for (let i = 0; i < 8; i++) {
      const wait = backoff.remainingMs('k', now, now)
      waits.push(wait)
      now += wait
      backoff.next('k', now)
    }
    expect(waits).toEqual([0, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000])
  })

  it('starts anew after ten quiet minutes, and when the pod is forgotten', () => {
    const backoff = new Backoff({ initialMs: 10_000, maxMs: 300_000 })
    backoff.next('u/k', 0)
    backoff.next('u/k', 1)
    expect(backoff.remainingMs('u/k', 600_002, 600_002)).toBe(0)
    backoff.next('u/k', 600_002)
    expect(backoff.currentMs('u/k')).toBe(10_000)
    backoff.forget('u/')
    expect(backoff.currentMs('u/k')).toBe(0)
  })

  it.each([
    [10_000, '10s'],
    [160_000, '2m40s'],
    [300_000, '5m0s'],
    [3_600_000, '1h0m0s'],
  ])('%d ms reads %s', (ms, text) => {
    expect(goDuration(ms)).toBe(text)
  })
})

describe('quality of service', () => {
  const pod = (...resources: V1Pod['spec'][]): V1Pod => testPod(resources[0])
  it.each([
    ['nothing asked', {}, 'BestEffort', '/besteffort/podu1'],
    ['all limits', { limits: { cpu: '1', memory: '1Gi' } }, 'Guaranteed', '/podu1'],
    [
      'equal requests',
      { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '1000m', memory: '1Gi' } },
      'Guaranteed',
      '/podu1',
    ],
    [
      'smaller requests',
      { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '1', memory: '1Mi' } },
      'Burstable',
      '/burstable/podu1',
    ],
    ['only memory', { limits: { memory: '1Gi' } }, 'Burstable', '/burstable/podu1'],
    ['zeros', { requests: { cpu: '0' } }, 'BestEffort', '/besteffort/podu1'],
  ])('%s', (_, resources, qos, folder) => {
    const made = pod({ containers: [testContainer('c', { resources })] })
    expect(qosClass(made)).toBe(qos)
    expect(podCgroup('/root', made)).toBe(`/root/kubepods${folder}`)
  })

  it('turns CPU into weights and quotas the kernel takes', () => {
    expect([0, 1, 100, 1000, 10_000_000].map(cpuShares)).toEqual([2, 2, 102, 1024, 262_144])
    expect([0, 1, 500, 2000].map(cpuQuota)).toEqual([0, 1000, 50_000, 200_000])
  })

  it.each([
    ['best effort', {}, 1000],
    ['guaranteed', { limits: { cpu: '1', memory: '1Gi' } }, -997],
    ['a tenth of the memory', { requests: { memory: '100Mi' } }, 900],
    ['all of the memory', { requests: { memory: '1000Mi' } }, 3],
    ['next to none', { requests: { memory: '1' } }, 999],
  ])('ranks victims of memory shortage: %s', (_, resources, expected) => {
    const container = testContainer('c', { resources })
    expect(oomScoreAdj(testPod({ containers: [container] }), container, 1000 * 1024 * 1024)).toBe(expected)
  })
})

describe('downward API', () => {
  const pod = testPod(
    { nodeName: 'n', serviceAccountName: 'sa' },
    { metadata: { labels: { b: '2', a: 'x"y' }, annotations: { k: 'v' } } },
  )
  const at = { podIps: ['10.0.0.1', 'fd00::1'], hostIp: '1.2.3.4' }
  it.each([
    ['metadata.name', 'p'],
    ['metadata.uid', 'u1'],
    ["metadata.labels['b']", '2'],
    ["metadata.annotations['none']", ''],
    ['metadata.labels', 'a="x\\"y"\nb="2"'],
    ['spec.nodeName', 'n'],
    ['spec.serviceAccountName', 'sa'],
    ['status.hostIP', '1.2.3.4'],
    ['status.podIP', '10.0.0.1'],
    ['status.podIPs', '10.0.0.1,fd00::1'],
  ])('%s', (path, expected) => {
    const full = { ...pod, metadata: { ...pod.metadata, name: 'p', namespace: 'ns', uid: 'u1' } }
    expect(fieldValue(full, path, at)).toBe(expected)
  })

  it('refuses other paths', () => {
    expect(() => fieldValue(pod, 'spec.containers', at)).toThrow('unsupported fieldPath')
  })

  it.each([
    ['limits.cpu', undefined, '1'],
    ['limits.cpu', '1m', '500'],
    ['requests.memory', '1Mi', '33'],
    ['requests.cpu', undefined, '0'],
    ['limits.memory', '1Gi', '8'],
  ])('%s in units of %s', (resource, divisor, expected) => {
    const container = testContainer('c', { resources: { limits: { cpu: '500m' }, requests: { memory: '33000Ki' } } })
    expect(
      resourceValue(
        container,
        { resource, ...(divisor === undefined ? {} : { divisor }) },
        { memory: '8Gi', cpu: '2' },
      ),
    ).toBe(expected)
  })
})

describe('environment', () => {
  const sources: EnvSources = {
    configMap: (name) => Promise.resolve(name === 'cm' ? { data: { k: 'v', other: 'o' } } : undefined),
    secret: (name) =>
      Promise.resolve(name === 's' ? { data: { pw: Buffer.from('geheim').toString('base64') } } : undefined),
    services: [
      {
        metadata: { name: 'my-db' },
        spec: { clusterIP: '10.0.0.9', ports: [{ port: 5432, name: 'pg', protocol: 'TCP' }] },
      },
    ],
    allocatable: {},
  }
  const envOf = (container: Parameters<typeof testContainer>[1]) =>
    containerEnv(testPod(), testContainer('c', container), { ...sources, podIps: ['1.1.1.1'], hostIp: '2.2.2.2' })

  it('comes in order: from whole objects, then one by one, then from Services', async () => {
    const env = await envOf({
      envFrom: [
        { prefix: 'P_', configMapRef: { name: 'cm' } },
        { secretRef: { name: 's' } },
        { configMapRef: { name: 'none', optional: true } },
      ],
      env: [
        { name: 'A', value: 'a' },
        { name: 'B', value: '$(A)-$(P_k)-$(MY_DB_SERVICE_HOST)-$(LATER)' },
        { name: 'LATER', value: 'x' },
        { name: 'PW', valueFrom: { secretKeyRef: { name: 's', key: 'pw' } } },
        { name: 'OPT', valueFrom: { configMapKeyRef: { name: 'cm', key: 'none', optional: true } } },
        { name: 'MY_DB_PORT', value: 'mine' },
      ],
    })
    expect(Object.fromEntries(env)).toMatchObject({
      P_k: 'v',
      pw: 'geheim',
      B: 'a-v-10.0.0.9-$(LATER)',
      PW: 'geheim',
      MY_DB_PORT: 'mine',
      MY_DB_PORT_5432_TCP: 'tcp://10.0.0.9:5432',
    })
    expect(env.has('OPT')).toBe(false)
  })

  it.each([
    [
      { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'none', key: 'k' } } }] },
      'configmap "none" not found',
    ],
    [
      { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'cm', key: 'none' } } }] },
      "couldn't find key none in ConfigMap ns/cm",
    ],
    [
      { env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 's', key: 'none' } } }] },
      "couldn't find key none in Secret ns/s",
    ],
    [{ envFrom: [{ secretRef: { name: 'none' } }] }, 'secret "none" not found'],
  ])('says what is missing: %j', async (container, message) => {
    await expect(envOf(container)).rejects.toThrow(message)
  })

  it('names Services as links do', () => {
    const env = serviceEnv([
      {
        metadata: { name: 'web' },
        spec: { clusterIP: '10.0.0.1', ports: [{ port: 80 }, { port: 53, protocol: 'UDP', name: 'dns' }] },
      },
      { metadata: { name: 'headless' }, spec: { clusterIP: 'None', ports: [{ port: 80 }] } },
    ])
    expect(Object.fromEntries(env)).toEqual({
      WEB_SERVICE_HOST: '10.0.0.1',
      WEB_SERVICE_PORT: '80',
      WEB_SERVICE_PORT_DNS: '53',
      WEB_PORT: 'tcp://10.0.0.1:80',
      WEB_PORT_80_TCP: 'tcp://10.0.0.1:80',
      WEB_PORT_80_TCP_PROTO: 'tcp',
      WEB_PORT_80_TCP_PORT: '80',
      WEB_PORT_80_TCP_ADDR: '10.0.0.1',
      WEB_PORT_53_UDP: 'udp://10.0.0.1:53',
      WEB_PORT_53_UDP_PROTO: 'udp',
      WEB_PORT_53_UDP_PORT: '53',
      WEB_PORT_53_UDP_ADDR: '10.0.0.1',
    })
  })
})

describe('names and addresses of a pod', () => {
  const around = {
    host: parseResolvConf('# c\nnameserver 8.8.8.8\nsearch corp.example ; x\noptions timeout:1'),
    clusterDns: ['10.96.0.10'],
    clusterDomain: 'cluster.local',
  }
  it.each([
    [
      'ClusterFirst',
      {},
      {
        servers: ['10.96.0.10'],
        searches: ['ns.svc.cluster.local', 'svc.cluster.local', 'cluster.local', 'corp.example'],
        options: ['ndots:5'],
      },
    ],
    [
      'the node network',
      { hostNetwork: true },
      { servers: ['8.8.8.8'], searches: ['corp.example'], options: ['timeout:1'] },
    ],
    ['Default', { dnsPolicy: 'Default' }, { servers: ['8.8.8.8'], searches: ['corp.example'], options: ['timeout:1'] }],
    [
      'None with its own',
      {
        dnsPolicy: 'None',
        dnsConfig: {
          nameservers: ['1.1.1.1'],
          searches: ['a.b'],
          options: [{ name: 'ndots', value: '2' }, { name: 'edns0' }],
        },
      },
      { servers: ['1.1.1.1'], searches: ['a.b'], options: ['ndots:2', 'edns0'] },
    ],
  ])('DNS by %s', (_, spec, expected) => {
    expect(podDns(testPod(spec), around)).toEqual(expected)
  })

  it('writes the hosts file', () => {
    const pod = testPod({ hostname: 'web', subdomain: 'sub', hostAliases: [{ ip: '9.9.9.9', hostnames: ['a', 'b'] }] })
    const names = podHostname(pod, 'cluster.local')
    expect(names).toEqual({ hostname: 'web', domain: 'sub.ns.svc.cluster.local' })
    const text = hostsFile({ pod, podIps: ['10.0.0.1'], ...names, nodeHosts: '' })
    expect(text).toMatch(/^# Kubernetes-managed hosts file\.\n127\.0\.0\.1\tlocalhost\n/)
    expect(text).toContain('10.0.0.1\tweb.sub.ns.svc.cluster.local\tweb\n')
    expect(text).toContain('# Entries added by HostAliases.\n9.9.9.9\ta\tb\n')
  })

  it('shortens names to what a host name can be', () => {
    const pod = { ...testPod(), metadata: { name: `${'a'.repeat(62)}-b`, namespace: 'ns', uid: 'u' } }
    expect(podHostname(pod, 'cluster.local').hostname).toBe('a'.repeat(62))
  })
})

describe('images', () => {
  it.each([
    ['nginx', 'nginx:latest'],
    ['nginx:1', 'nginx:1'],
    ['localhost:5000/a/b', 'localhost:5000/a/b:latest'],
    [`a@sha256:${'0'.repeat(64)}`, `a@sha256:${'0'.repeat(64)}`],
    ['Not A Name', undefined],
    ['', undefined],
    ['--flag', undefined],
    ['a'.repeat(600), undefined],
    ['a/'.repeat(200), undefined],
  ])('%s is %s', (image, expected) => {
    expect(withDefaultTag(image)).toBe(expected)
  })

  const secret = (auths: unknown): V1Secret => ({
    data: { '.dockerconfigjson': Buffer.from(JSON.stringify({ auths })).toString('base64') },
  })
  const auth = Buffer.from('user:pass:word').toString('base64')
  it.each([
    ['the registry of the image', { 'reg.example:5000': { auth } }, 'reg.example:5000/a:1', ['user']],
    ['another registry', { 'other.example': { auth } }, 'reg.example/a:1', []],
    ['docker hub by its old name', { 'https://index.docker.io/v1/': { auth } }, 'nginx', ['user']],
    ['a wildcard', { '*.example': { username: 'w', password: 'p' } }, 'reg.example/a', ['w']],
    [
      'the most specific first',
      { 'reg.example': { username: 'a' }, 'reg.example/team': { username: 'b' } },
      'reg.example/team/x',
      ['b', 'a'],
    ],
    ['rubbish', 'rubbish', 'reg.example/a', []],
  ])('credentials for %s', (_, auths, image, users) => {
    expect(registryAuths([secret(auths)], image).map(({ username }) => username)).toEqual(users)
  })

  it('splits a password only at the first colon, and survives broken secrets', () => {
    expect(registryAuths([{ data: { '.dockerconfigjson': '%%%' } }, secret({ r: { auth } }), {}], 'nginx')).toEqual([])
    expect(registryAuths([secret({ 'r.io': { auth } })], 'r.io/x')[0]?.password).toBe('pass:word')
  })
})

describe('memory of the runtime', () => {
  it('takes from the API what the runtime has lost', () => {
    const pod = testPod(
      {},
      {
        status: {
          containerStatuses: [
            {
              name: 'c',
              image: 'img:1',
              imageID: 'i',
              ready: true,
              restartCount: 3,
              containerID: 'containerd://x',
              state: { running: { startedAt: '2026-01-01T00:00:00Z' } },
            },
          ],
        },
      },
    )
    const [lost] = withRemembered(record([], []), pod, (name, attempt) => `${name}/${attempt}`).containers
    expect(lost).toMatchObject({
      id: 'x',
      attempt: 3,
      state: 'exited',
      exitCode: 137,
      reason: 'ContainerStatusUnknown',
      logPath: 'c/3',
    })
    const kept = record([running('c')])
    expect(withRemembered(kept, pod)).toBe(kept)
  })

  it('does not invent what never ran', () => {
    const waiting = {
      name: 'c',
      image: 'i',
      imageID: '',
      ready: false,
      restartCount: 0,
      state: { waiting: { reason: 'ContainerCreating' } },
    }
    expect(
      withRemembered(record([], []), testPod({}, { status: { containerStatuses: [waiting] } })).containers,
    ).toEqual([])
  })

  it('tells which pods changed between two listings', () => {
    const pod = (states: Record<string, string>) => ({
      identity: { uid: '', name: '', namespace: '' },
      states: new Map(Object.entries(states)),
    })
    const before = new Map([
      ['same', pod({ a: '1' })],
      ['state', pod({ a: '1' })],
      ['gone', pod({ a: '1' })],
    ])
    const now = new Map([
      ['same', pod({ a: '1' })],
      ['state', pod({ a: '2' })],
      ['new', pod({ a: '1' })],
    ])
    expect(differences(before, now).sort()).toEqual(['gone', 'new', 'state'])
  })
})

it.each([
  ['SIGTERM', 23],
  ['SIGKILL', 13],
  ['SIGRTMIN', 35],
  ['SIGRTMIN+15', 50],
  ['SIGRTMAX', 65],
  [undefined, 0],
  ['SIGNONE', 0],
])('signal %s has the number %d', (name, number) => {
  expect(stopSignalNumber(name)).toBe(number)
})
