import { jest } from '@jest/globals'
import { ApiError } from '@kapell/openapi/meta/status'
import type { UserInfo } from '../authentication/user.ts'
import { anonymous, createAuthenticator } from '../authentication/authenticator.ts'
import { userOfSubject } from '../authentication/client-certificate.ts'
import { silentLog } from '../server/log.ts'
import type { Answer } from '../server/answer.ts'
import { authenticationStep } from './authentication.ts'
import type { RequestContext } from './context.ts'
import { createDeadlines } from './deadline.ts'
import { errorsStep } from './errors.ts'
import { finishStep } from './finish.ts'
import { FlowControl } from '../flow-control/flow-control.ts'
import { createFlowMetrics } from '../flow-control/flow-metrics.ts'
import { MetricsRegistry } from '../metrics/metrics.ts'
import { flowControlStep } from './flow-control.ts'
import { impersonationChecks, impersonatedUser, parseImpersonation } from './impersonation.ts'
import { composePipeline, type PipelineStep } from './pipeline.ts'
import { parseRequestInfo } from './request-info.ts'

function request(path: string, more: { headers?: Record<string, string>; user?: UserInfo } = {}): RequestContext {
  const { headers = {}, user = anonymous } = more
  const controller = new AbortController()
  const query = new URLSearchParams()
  return {
    method: 'GET',
    path,
    rawQuery: '',
    query,
    header: (name) => headers[name],
    headerNames: () => Object.keys(headers),
    headers: () => Object.entries(headers),
    remoteAddress: '',
    upgrade: false,
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    now: new Date(0),
    startedAt: 0,
    body: () => Promise.resolve(new Uint8Array()),
    bodyStream: () => (async function* () {})(),
    user,
    authenticated: false,
    info: parseRequestInfo('GET', path, query),
    warnings: [],
  }
}

const fine = (): Promise<Answer> => Promise.resolve({ status: 200, headers: {} })
const pods = '/api/v1/namespaces/a/pods'

describe('the order of the pipeline', () => {
  it('is that of the array, outermost first', async () => {
    const seen: string[] = []
    const step = (name: string): PipelineStep => ({
      name,
      run: async (context, next) => {
        seen.push(`${name} in`)
        const answer = await next(context)
        seen.push(`${name} out`)
        return answer
      },
    })
    await composePipeline([step('a'), step('b')], fine)(request(pods))
    expect(seen).toEqual(['a in', 'b in', 'b out', 'a out'])
  })
})

describe('errors', () => {
  it.each([
    [
      'what is foreseen',
      new ApiError({
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Failure',
        code: 418,
        details: { retryAfterSeconds: 3 },
      }),
      418,
      '3',
    ],
    ['what is not', new TypeError('oops'), 500, undefined],
  ])('turns %s into a Status', async (_what, error, status, retryAfter) => {
    const answer = await composePipeline([errorsStep(silentLog)], () => Promise.reject(error))(request(pods))
    expect(answer.status).toBe(status)
    expect(answer.headers['retry-after']).toBe(retryAfter)
    expect(JSON.parse(Buffer.from(answer.body as Uint8Array).toString())).toMatchObject({
      kind: 'Status',
      status: 'Failure',
    })
  })
})

describe('finish', () => {
  it('tells warnings, escaped', async () => {
    const context = request(pods)
    context.warnings.push('unknown field "a"', 'two\nlines')
    const { headers } = await composePipeline([finishStep()], fine)(context)
    // What would not fit on one line is no warning.
    expect(headers['warning']).toEqual(['299 - "unknown field \\"a\\""'])
    expect(headers['audit-id']).toMatch(/^[0-9a-f-]{36}$/)
  })
})

describe('authentication', () => {
  const bob: UserInfo = { username: 'bob', groups: [] }
  it.each([
    ['nobody', [() => 'none' as const], 'system:anonymous'],
    ['the first who is known', [() => 'none' as const, () => bob], 'bob'],
    ['one who is known later', [() => Promise.resolve('wrong' as const), () => Promise.resolve(bob)], 'bob'],
    ['wrong credentials', [() => 'wrong' as const, () => 'none' as const], undefined],
    ['wrong credentials found out later', [() => Promise.resolve('wrong' as const)], undefined],
  ])('takes %s', async (_who, checks, expected) => {
    const context = request(pods)
    const run = async () => composePipeline([authenticationStep(createAuthenticator(checks))], fine)(context)
    if (expected === undefined) await expect(run()).rejects.toMatchObject({ code: 401 })
    else {
      await run()
      expect(context.user.username).toBe(expected)
    }
  })

  it('reads CN and O off certificates', () => {
    expect(userOfSubject({ CN: 'a', O: ['x', 'y'] })).toEqual({
      username: 'a',
      groups: ['x', 'y', 'system:authenticated'],
    })
    expect(userOfSubject({ O: 'x' })).toBeUndefined()
  })
})

describe('impersonation', () => {
  it('asks for every part of the identity', () => {
    const wanted = parseImpersonation(
      request(pods, {
        headers: {
          'impersonate-user': 'u',
          'impersonate-group': 'g, h',
          'impersonate-uid': 'i',
          'impersonate-extra-a%2fb': 'v',
        },
      }),
    )
    if (wanted === undefined) throw new Error('nobody')
    expect(impersonatedUser(wanted)).toEqual({
      username: 'u',
      uid: 'i',
      groups: ['g', 'h', 'system:authenticated'],
      extra: { 'a/b': ['v'] },
    })
    const asked = impersonationChecks(anonymous, wanted).map(
      (one) => `${one.resource} ${one.subresource ?? ''} ${one.name}`,
    )
    expect(asked).toEqual(['users  u', 'groups  g', 'groups  h', 'uids  i', 'userextras a/b v'])
  })

  it('knows service accounts by their names', () => {
    const wanted = { username: 'system:serviceaccount:ns:sa', uid: '', groups: [], extra: {} }
    expect(impersonatedUser(wanted).groups).toEqual([
      'system:serviceaccounts',
      'system:serviceaccounts:ns',
      'system:authenticated',
    ])
    expect(impersonationChecks(anonymous, wanted)).toEqual([
      expect.objectContaining({ resource: 'serviceaccounts', namespace: 'ns', name: 'sa' }),
    ])
  })
})

describe('flow control', () => {
  it('refuses in plain text what is too much, names the flow on every answer, and holds up no streams', async () => {
    const registry = new MetricsRegistry()
    const control = new FlowControl({ totalSeats: 1, nowMs: () => 0 })
    control.configure(
      [
        {
          metadata: { name: 'l', uid: 'level' },
          spec: { type: 'Limited', limited: { nominalConcurrencyShares: 1, limitResponse: { type: 'Reject' } } },
        },
      ],
      [
        {
          metadata: { name: 's', uid: 'schema' },
          spec: {
            matchingPrecedence: 2,
            priorityLevelConfiguration: { name: 'l' },
            rules: [
              {
                subjects: [{ kind: 'Group', group: { name: '*' } }],
                resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], namespaces: ['*'] }],
              },
            ],
          },
        },
      ],
    )
    const inFlight = { readOnly: 0, mutating: 0 }
    const counters = createFlowMetrics(registry, control)
    const step = flowControlStep({ control, inFlight, counters, count: () => 0, waitMs: 1000 })
    const gate = Promise.withResolvers<Answer>()
    const run = composePipeline([errorsStep(silentLog), step], () => gate.promise)
    const first = run(request(pods))
    const named = { 'x-kubernetes-pf-flowschema-uid': 'schema', 'x-kubernetes-pf-prioritylevel-uid': 'level' }
    const second = await run(request(pods))
    expect(second).toMatchObject({ status: 429, headers: { 'retry-after': '1', ...named } })
    expect(Buffer.from(second.body as Uint8Array).toString()).toBe('Too many requests, please try again later.\n')
    expect((await run(request('/api/v1/watch/namespaces/a/pods'))).status).toBe(429)
    const stream = run(request('/api/v1/namespaces/a/pods/p/log'))
    expect(inFlight).toEqual({ readOnly: 1, mutating: 0 })
    gate.reject(new TypeError('oops'))
    await stream
    expect(await first).toMatchObject({ status: 500, headers: named })
    expect(inFlight).toEqual({ readOnly: 0, mutating: 0 })
    const text = registry.text()
    const labels = 'flow_schema="s",priority_level="l"'
    expect(text).toContain(`apiserver_flowcontrol_dispatched_requests_total{${labels}} 1\n`)
    expect(text).toContain(`apiserver_flowcontrol_rejected_requests_total{${labels},reason="concurrency-limit"} 2\n`)
    expect(text).toContain('apiserver_flowcontrol_nominal_limit_seats{priority_level="l"} 1\n')
  })
})

describe('the deadline', () => {
  it('ends what takes too long with 504 and aborts it', async () => {
    jest.useFakeTimers()
    let now = 0
    const deadlines = createDeadlines({ seconds: 60, monotonicMs: () => now })
    const context = request(pods)
    const running = composePipeline([deadlines.step], () => new Promise(() => {}))(context)
    now = 61_000
    jest.advanceTimersByTime(1000)
    const ended = await running
    expect(ended).toMatchObject({ status: 504, headers: { 'content-type': 'text/plain; charset=utf-8' } })
    expect(JSON.parse(Buffer.from(ended.body as Uint8Array).toString())).toEqual({
      metadata: {},
      status: 'Failure',
      message: 'Timeout: request did not complete within the allotted timeout',
      reason: 'Timeout',
      details: {},
      code: 504,
    })
    expect(context.signal.aborted).toBe(true)
    deadlines.close()
    jest.useRealTimers()
  })

  it.each([
    ['2s', 2000],
    ['5m', 60_000],
    ['-1s', 60_000],
    ['', 60_000],
  ])('is what the request asks for, up to a bound: timeout=%s', async (timeout, ms) => {
    jest.useFakeTimers()
    let now = 0
    const deadlines = createDeadlines({ seconds: 60, monotonicMs: () => now })
    const context = { ...request(pods), rawQuery: `timeout=${timeout}`, query: new URLSearchParams({ timeout }) }
    const running = composePipeline([deadlines.step], () => new Promise(() => {}))(context)
    const ended = expect(running).resolves.toMatchObject({ status: 504 })
    now = ms - 1
    await jest.advanceTimersByTimeAsync(1000)
    expect(context.signal.aborted).toBe(false)
    now = ms
    await jest.advanceTimersByTimeAsync(1000)
    await ended
    deadlines.close()
    jest.useRealTimers()
  })

  it('refuses what is no time', async () => {
    const deadlines = createDeadlines({ seconds: 60, monotonicMs: () => 0 })
    const context = { ...request(pods), rawQuery: 'timeout=5', query: new URLSearchParams('timeout=5') }
    const message = 'invalid timeout specified in the request URL - time: missing unit in duration "5"'
    await expect(composePipeline([deadlines.step], () => new Promise(() => {}))(context)).rejects.toMatchObject({
      code: 400,
      message,
    })
    deadlines.close()
  })
})
