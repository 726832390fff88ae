import type { Answer } from '../server/answer.ts'
import type { RequestContext } from './context.ts'
import type { PipelineStep } from './pipeline.ts'

/** Called when a request is answered; the place where audit policies and sinks attach. */
export type AuditSink = (entry: { context: RequestContext; answer: Answer }) => void

export function auditStep(sink: AuditSink | undefined): PipelineStep {
  return {
    name: 'audit',
    run: async (context, next) => {
      const answer = await next()
      sink?.({ context, answer })
      return answer
    },
  }
}
