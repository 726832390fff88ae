import type { Answer } from '../server/answer.ts'
import type { RequestContext } from './context.ts'
import type { PipelineStep } from './pipeline.ts'

/** Called when a request is answered; the place where audit policies and sinks attach. */
export type AuditSink = (entry: { context: RequestContext; answer: Answer }) => void

export function auditStep(sink: AuditSink | undefined): PipelineStep {
  return {
    name: 'audit',
    run:
      sink === undefined
        ? (context, next) => next(context)
        : async (context, next) => {
            const answer = await next(context)
            sink({ context, answer })
            return answer
          },
  }
}
