import { badRequest, timeoutError } from '@kapell/openapi/meta/status'
import { textAnswer, type Answer } from '../server/answer.ts'
import type { RequestContext } from './context.ts'
import { parseDuration } from './duration.ts'
import { isLongRunning } from './long-running.ts'
import type { PipelineStep } from './pipeline.ts'

interface Waiting {
  expiresAt: number
  expire: () => void
}

/** How long a request may take: as long as it asks for (`?timeout=30s`), at most `mostMs`. Throws 400. */
function allowedMs(context: RequestContext, mostMs: number): number {
  if (!context.rawQuery.includes('timeout=')) return mostMs
  const text = context.query.get('timeout')
  if (text === null || text === '') return mostMs
  const wanted = parseDuration(text)
  if ('problem' in wanted) throw badRequest(`invalid timeout specified in the request URL - ${wanted.problem}`)
  return wanted.ms > 0 ? Math.min(wanted.ms, mostMs) : mostMs
}

/** What a request that took too long is told: a Status, but as bare text. */
function timedOut(): Answer {
  const { metadata, status, reason, code } = timeoutError('').status
  const message = 'Timeout: request did not complete within the allotted timeout'
  const body = JSON.stringify({ metadata, status, message, reason, details: {}, code })
  const answer = textAnswer(504, `${body}\n`)
  delete answer.headers['x-content-type-options']
  return answer
}

/** Refuses times that are none, and what has no time at all, before anybody asks who wants it. */
export const timeoutStep: PipelineStep = {
  name: 'timeout',
  run: (context, next) => {
    if (!context.rawQuery.includes('timeout=') || isLongRunning(context)) return next(context)
    // Less than the clock tells apart is no time at all.
    if (allowedMs(context, Infinity) < 1) return Promise.resolve(timedOut())
    return next(context)
  },
}

/** Ends requests that take too long with 504. One coarse timer looks after all of them. */
export function createDeadlines(options: { seconds: number; monotonicMs: () => number }): {
  step: PipelineStep
  close: () => void
} {
  const waiting = new Set<Waiting>()
  const timer = setInterval(() => {
    const now = options.monotonicMs()
    for (const entry of waiting) if (entry.expiresAt <= now) entry.expire()
  }, 1000)
  timer.unref()
  const step: PipelineStep = {
    name: 'deadline',
    run: (context, next) => {
      if (isLongRunning(context)) return next(context)
      return new Promise<Answer>((resolve, reject) => {
        const allowed = allowedMs(context, options.seconds * 1000)
        const entry: Waiting = {
          expiresAt: context.startedAt + allowed,
          expire: () => {
            waiting.delete(entry)
            context.abort(timeoutError('Timeout: request did not complete within the allotted timeout'))
            resolve(timedOut())
          },
        }
        waiting.add(entry)
        next(context).then(
          (answer) => {
            waiting.delete(entry)
            resolve(answer)
          },
          (reason: unknown) => {
            waiting.delete(entry)
            reject(reason instanceof Error ? reason : new Error(String(reason)))
          },
        )
      })
    },
  }
  return { step, close: () => clearInterval(timer) }
}
