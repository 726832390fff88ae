import type { Answer } from '../server/answer.ts'
import type { RequestContext } from './context.ts'

export type Handler = (context: RequestContext) => Promise<Answer>

/** One layer around the handler: looks at the request, answers it, or calls `next`. Refusing means throwing an ApiError. */
export interface PipelineStep {
  name: string
  run: (context: RequestContext, next: Handler) => Promise<Answer>
}

/** Composes the steps, outermost first, around the handler. */
export function composePipeline(steps: readonly PipelineStep[], handler: Handler): Handler {
  let inner = handler
  for (const step of [...steps].reverse()) {
    const next = inner
    inner = (context) => step.run(context, next)
  }
  return inner
}
