import { jest } from '@jest/globals'
import { FakeClock } from '@kapell/controllers/machinery/clock'
import {
  ipAddresses,
  nodes,
  secrets,
  serviceAccounts,
  serviceCidrs,
  services,
  tokenReviews,
} from '@kapell/openapi/meta/refs'
import { isReason } from '@kapell/openapi/meta/status'
import type { V1Secret } from '@kapell/openapi/types'
import { rootCa, startControlPlane, type ControlPlane } from './controllers-support.ts'

jest.setTimeout(60_000)

const ns = 'default'
const type = 'kubernetes.io/service-account-token'
const decode = (text: string | undefined): string => Buffer.from(text ?? '', 'base64').toString()
const yearMs = 365 * 24 * 3_600_000

/** Two years on: what has to wait for a year has waited, and what has to wait for seconds too. */
const clock = new FakeClock(new Date(Date.now() + 2 * yearMs))

describe('tokens in Secrets, ranges of Services, and what nodes are told', () => {
  let plane: ControlPlane
  beforeAll(async () => {
    plane = await startControlPlane({
      clock,
      controllers: ['serviceaccount-token-controller', 'service-cidr-controller', 'ttl-controller'],
    })
    for (const name of ['default', 'bot'])
      await plane.client.resource(serviceAccounts, ns).create({ metadata: { name } })
  })
  afterAll(() => plane.close())

  const tokens = () => plane.client.resource(secrets, ns)
  const make = (name: string, account: string, more: Partial<V1Secret> = {}) =>
    tokens().create({
      type,
      ...more,
      metadata: { name, annotations: { 'kubernetes.io/service-account.name': account, ...more.metadata?.annotations } },
    })
  const filled = (name: string): Promise<V1Secret> =>
    plane.until([secrets], async () => {
      const found = await tokens().get(name)
      const { annotations } = found.metadata ?? {}
      return (annotations?.['kubernetes.io/service-account.uid'] ?? '') === '' ? undefined : found
    })
  const gone = (name: string): Promise<true> =>
    plane.until([secrets], () =>
      tokens()
        .get(name)
        .then(
          () => undefined,
          (error: unknown) => (isReason(error, 'NotFound') ? true : undefined),
        ),
    )
  const review = async (token: string) =>
    (
      await plane.client
        .resource(tokenReviews)
        .create({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } })
    ).status

  test('a Secret of the type is filled, and its token speaks for the account until it is marked', async () => {
    await make('t1', 'bot')
    const { data } = await filled('t1')
    expect(decode(data?.['ca.crt'])).toBe(rootCa)
    expect(decode(data?.namespace)).toBe(ns)
    const token = decode(data?.token)
    expect(JSON.parse(decode(token.split('.')[1]))).toMatchObject({
      iss: 'kubernetes/serviceaccount',
      'kubernetes.io/serviceaccount/secret.name': 't1',
      sub: 'system:serviceaccount:default:bot',
    })
    const status = await review(token)
    expect(status?.authenticated).toBe(true)
    expect(status?.user).toMatchObject({
      username: 'system:serviceaccount:default:bot',
      groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'],
    })
    const used = await plane.until([secrets], async () => {
      const { metadata } = await tokens().get('t1')
      return metadata?.labels?.['kubernetes.io/legacy-token-last-used']
    })
    expect(used).toMatch(/^\d{4}-\d\d-\d\d$/)
  })

  test('a token that is marked as invalid is refused, and so is one whose Secret holds another', async () => {
    await make('t2', 'bot')
    const token = decode((await filled('t2')).data?.token)
    await tokens().patch('t2', 'merge', {
      metadata: { labels: { 'kubernetes.io/legacy-token-invalid-since': '2026-11-01' } },
    })
    expect((await review(token))?.error).toBe(
      '[invalid bearer token, the token in secret default/t2 for service account default/bot has been marked invalid. ' +
        'Use tokens from the TokenRequest API or manually created secret-based tokens, or remove the ' +
        "'kubernetes.io/legacy-token-invalid-since' label from the secret to temporarily allow use of this token]",
    )
    await make('t3', 'bot')
    const other = decode((await filled('t3')).data?.token)
    await tokens().patch('t3', 'merge', { data: { token: 'eA==' } })
    expect((await review(other))?.error).toBe("[invalid bearer token, Token does not match server's copy]")
  })

  test('what a Secret holds already stays, but for the authority; what is taken out comes back', async () => {
    await make('t4', 'default', { data: { extra: 'eA==', namespace: 'eA==', 'ca.crt': 'eA==', token: 'eA==' } })
    const { data } = await filled('t4')
    expect(data).toMatchObject({ extra: 'eA==', namespace: 'eA==', token: 'eA==' })
    expect(decode(data?.['ca.crt'])).toBe(rootCa)
    await tokens().patch('t4', 'merge', { data: { token: null, namespace: null } })
    const again = await plane.until([secrets], async () => {
      const found = await tokens().get('t4')
      return found.data?.token === undefined ? undefined : found
    })
    expect(decode(again.data?.namespace)).toBe(ns)
    expect(decode(again.data?.token).split('.')).toHaveLength(3)
  })

  test('a Secret whose account is not there goes, at once or with the account', async () => {
    await make('t5', 'nobody')
    await make('t6', 'default', { metadata: { annotations: { 'kubernetes.io/service-account.uid': 'wrong' } } })
    await Promise.all([gone('t5'), gone('t6')])
    await plane.client.resource(serviceAccounts, ns).create({ metadata: { name: 'brief' } })
    await make('t7', 'brief')
    await filled('t7')
    await plane.client.resource(serviceAccounts, ns).delete('brief')
    await gone('t7')
  })

  test('an account no longer names a Secret that is gone', async () => {
    await plane.client
      .resource(serviceAccounts, ns)
      .create({ metadata: { name: 'lists' }, secrets: [{ name: 't8' }, { name: 'keep' }] })
    await make('t8', 'lists')
    await filled('t8')
    await tokens().delete('t8')
    const left = await plane.until([serviceAccounts], async () => {
      const account = await plane.client.resource(serviceAccounts, ns).get('lists')
      return account.secrets?.length === 1 ? account.secrets : undefined
    })
    expect(left).toEqual([{ name: 'keep' }])
  })

  test('a range of Services becomes ready, stays while in use, and goes when it is not', async () => {
    const ranges = plane.client.resource(serviceCidrs)
    await ranges.create({ metadata: { name: 'second' }, spec: { cidrs: ['10.199.0.0/24'] } })
    const ready = (name: string, status: string) =>
      plane.until([serviceCidrs], async () => {
        const found = await ranges.get(name)
        return found.status?.conditions?.[0]?.status === status &&
          found.metadata?.finalizers?.includes('networking.k8s.io/service-cidr-finalizer') === true
          ? found.status.conditions[0]
          : undefined
      })
    expect(await ready('second', 'True')).toMatchObject({
      type: 'Ready',
      reason: '',
      message: 'Kubernetes Service CIDR is ready',
    })
    await ready('kubernetes', 'True')
    await plane.client.resource(services, ns).create({
      metadata: { name: 'in-second' },
      spec: { clusterIP: '10.199.0.7', ports: [{ port: 80 }] },
    })
    await ranges.delete('second')
    expect(await ready('second', 'False')).toMatchObject({
      reason: 'Terminating',
      message:
        'There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR',
    })
    await plane.client.resource(services, ns).delete('in-second')
    await plane.until([serviceCidrs, ipAddresses], async () =>
      (await ranges.list()).items.length === 1 ? true : undefined,
    )
  })

  test('a node is told how long it may keep Secrets', async () => {
    await plane.client.resource(nodes).create({ metadata: { name: 'n1' } })
    const ttl = async (wanted: string): Promise<true> =>
      plane.until([nodes], async () => {
        const { metadata } = await plane.client.resource(nodes).get('n1')
        return metadata?.annotations?.['node.alpha.kubernetes.io/ttl'] === wanted ? true : undefined
      })
    await ttl('0')
    await plane.client
      .resource(nodes)
      .patch('n1', 'merge', { metadata: { annotations: { 'node.alpha.kubernetes.io/ttl': '77' } } })
    await ttl('0')
  })
})

test('tokens that accounts name and nobody uses are marked, and then deleted', async () => {
  const plane = await startControlPlane({ startsControllers: false })
  try {
    const account = await plane.client
      .resource(serviceAccounts, ns)
      .create({ metadata: { name: 'bot' }, secrets: [{ name: 'unused' }, { name: 'marked' }] })
    const { uid = '' } = account.metadata ?? {}
    const annotations = { 'kubernetes.io/service-account.name': 'bot', 'kubernetes.io/service-account.uid': uid }
    const make = (name: string, labels: Record<string, string> = {}) =>
      plane.client.resource(secrets, ns).create({ type, metadata: { name, annotations, labels } })
    await make('unused')
    await make('marked', { 'kubernetes.io/legacy-token-invalid-since': '2024-01-01' })
    await make('by-hand')
    const cleaning = await plane.startControllers(undefined, {
      clock,
      controllers: ['legacy-serviceaccount-token-cleaner-controller'],
    })
    const left = await plane.until([secrets], async () => {
      const { items } = await plane.client.resource(secrets, ns).list()
      const since = items.find(({ metadata }) => metadata?.name === 'unused')?.metadata?.labels
      return items.length === 2 && since !== undefined ? items : undefined
    })
    expect(left.map(({ metadata }) => [metadata?.name, metadata?.labels])).toEqual([
      ['by-hand', undefined],
      ['unused', { 'kubernetes.io/legacy-token-invalid-since': clock.now().toISOString().slice(0, 10) }],
    ])
    await cleaning.close()
  } finally {
    await plane.close()
  }
})
