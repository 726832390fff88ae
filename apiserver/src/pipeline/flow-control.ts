import { tooManyRequests } from '@kapell/openapi/meta/status'
import type { PipelineStep } from './pipeline.ts'
import { isLongRunning } from './long-running.ts'

export interface FlowLimits {
  /** GET and LIST at once; upstream's --max-requests-inflight. */
  readOnly: number
  /** Everything that writes, at once; upstream's --max-mutating-requests-inflight. */
  mutating: number
}

export interface InFlight {
  readOnly: number
  mutating: number
}

const readVerbs = new Set(['get', 'list', 'watch'])

/** Bounds the requests at work; above it 429 with Retry-After, before any work is done. system:masters are never held up. */
export function flowControlStep(limits: FlowLimits, inFlight: InFlight): PipelineStep {
  return {
    name: 'flow-control',
    run: async (context, next) => {
      if (isLongRunning(context)) return next(context)
      const kind = readVerbs.has(context.info.verb) ? 'readOnly' : 'mutating'
      if (inFlight[kind] >= limits[kind] && !context.user.groups.includes('system:masters')) {
        throw tooManyRequests('Too many requests, please try again later.', 1)
      }
      inFlight[kind]++
      try {
        return await next(context)
      } finally {
        inFlight[kind]--
      }
    },
  }
}
