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
  it('tells warnings, escaped and one a line', async () => {
    const context = request(pods)
    context.warnings.push('unknown field "a"', 'two\nlines')
    const { headers } = await composePipeline([finishStep()], fine)(context)
    expect(headers['warning']).toEqual(['299 - "unknown field \\"a\\""', '299 - "two lines"'])
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
  it('sheds what is too much, but no streams and no masters', async () => {
    const inFlight = { readOnly: 0, mutating: 0 }
    const gate = Promise.withResolvers<Answer>()
    const run = composePipeline([flowControlStep({ readOnly: 1, mutating: 1 }, inFlight)], () => gate.promise)
    const first = run(request(pods))
    await expect(run(request(pods))).rejects.toMatchObject({ code: 429, status: { details: { retryAfterSeconds: 1 } } })
    const others = [
      run(request('/api/v1/watch/namespaces/a/pods')),
      run(request(pods, { user: { username: 'm', groups: ['system:masters'] } })),
    ]
    gate.resolve({ status: 200, headers: {} })
    await Promise.all([first, ...others])
    expect(inFlight).toEqual({ readOnly: 0, mutating: 0 })
    expect((await run(request(pods))).status).toBe(200)
  })
})

describe('the deadline', () => {
  it('ends what takes too long with 504 and aborts it', async () => {
    jest.useFakeTimers()
    let now = 0
    const deadlines = createDeadlines({ seconds: 60, monotonicMs: () => now })
    const context = request(pods)
    const running = composePipeline([deadlines.step], () => new Promise(() => {}))(context)
    const ended = expect(running).rejects.toMatchObject({ code: 504, reason: 'Timeout' })
    now = 61_000
    jest.advanceTimersByTime(1000)
    await ended
    expect(context.signal.aborted).toBe(true)
    deadlines.close()
    jest.useRealTimers()
  })
})
