import type { Flow, FlowControl } from '../flow-control/flow-control.ts'
import type { FlowCounters } from '../flow-control/flow-metrics.ts'
import { Rejected, type Work } from '../flow-control/priority-level.ts'
import { seatsOf } from '../flow-control/seats.ts'
import { textAnswer, type Answer } from '../server/answer.ts'
import type { RequestContext } from './context.ts'
import { isLongRunning } from './long-running.ts'
import type { Handler, PipelineStep } from './pipeline.ts'

/** Requests at work, for the metrics. */
export interface InFlight {
  readOnly: number
  mutating: number
}

export interface FlowControlStepOptions {
  control: FlowControl
  inFlight: InFlight
  counters: (flow: Flow) => FlowCounters
  /** How many objects a list has to look at. */
  count: (context: RequestContext) => number
  /** How long a request may wait for its turn. */
  waitMs: number
}

const readVerbs = new Set(['get', 'list', 'watch'])
const retryAfterSeconds = '1'

/** By these a client sees what its request was taken for. */
export function nameFlow(answer: Answer, flow: Flow): void {
  if (flow.uid === '') return
  answer.headers['x-kubernetes-pf-flowschema-uid'] = flow.uid
  answer.headers['x-kubernetes-pf-prioritylevel-uid'] = flow.level.uid
}

function refused(flow: Flow): Answer {
  const answer = textAnswer(429, 'Too many requests, please try again later.\n')
  answer.headers['retry-after'] = retryAfterSeconds
  nameFlow(answer, flow)
  return answer
}

/**
 * Lets a request in when its priority level has room; others wait their turn or are refused with 429, before any work
 * is done for them. Watches count until they have begun; other streams are not held up.
 */
export function flowControlStep(options: FlowControlStepOptions): PipelineStep {
  const { control, inFlight, counters, count, waitMs } = options
  return {
    name: 'flow-control',
    run: (context, next) => {
      if (isLongRunning(context) && context.info.verb !== 'watch') return next(context)
      const flow = control.classify(context)
      const seats = flow.level.kind.type === 'exempt' ? 1 : seatsOf(context, count)
      const { distinguisher: by } = flow
      const distinguisher = by === undefined ? '' : by === 'ByUser' ? context.user.username : context.info.namespace
      const work: Work = { seats, schema: flow.name, distinguisher, atMs: 0, queue: undefined }
      const arrivedMs = performance.now()
      let waits: Promise<void> | undefined
      try {
        waits = control.start(flow, work, { signal: () => context.signal, waitMs })
      } catch (error) {
        return reject(error, flow, 0)
      }
      if (waits === undefined) return execute(context, next, { flow, work, waitedMs: 0 })
      return waits.then(
        () => execute(context, next, { flow, work, waitedMs: performance.now() - arrivedMs }),
        (error: unknown) => reject(error, flow, performance.now() - arrivedMs),
      )
    },
  }

  function reject(error: unknown, flow: Flow, waitedMs: number): Promise<Answer> {
    if (!(error instanceof Rejected)) return Promise.reject(error instanceof Error ? error : new Error(String(error)))
    const known = counters(flow)
    known.rejected(error.reason).value++
    known.refusedWait.observe(waitedMs / 1000)
    return Promise.resolve(refused(flow))
  }

  function execute(
    context: RequestContext,
    next: Handler,
    { flow, work, waitedMs }: { flow: Flow; work: Work; waitedMs: number },
  ): Promise<Answer> {
    const { verb } = context.info
    const kind = verb === 'watch' ? undefined : readVerbs.has(verb) ? 'readOnly' : 'mutating'
    if (kind !== undefined) inFlight[kind]++
    const known = counters(flow)
    known.dispatched.value++
    known.waited.observe(waitedMs / 1000)
    known.seats.observe(work.seats)
    const done = (): void => {
      if (kind !== undefined) inFlight[kind]--
      known.executed.observe((performance.now() - work.atMs) / 1000)
      control.finish(flow, work)
    }
    return next(context).then(
      (answer) => {
        done()
        nameFlow(answer, flow)
        return answer
      },
      (error: unknown) => {
        done()
        // Whoever makes an answer of the error names the flow on it.
        context.flow = flow
        throw error
      },
    )
  }
}
