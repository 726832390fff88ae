import { ApiError } from '@kapell/openapi/meta/status'
import { StorageError } from '../storage/storage.ts'
import { translateStorageError } from '../registry/storage-errors.ts'
import { Refusal } from '../authorization/index.ts'
import { statusAnswer } from '../endpoints/status-answer.ts'
import type { ServerLogger } from '../server/log.ts'
import { nameFlow } from './flow-control.ts'
import type { PipelineStep } from './pipeline.ts'

/** Turns whatever was thrown further in into the Status that the client reads; anything unforeseen is a logged 500. */
export function errorsStep(log: ServerLogger): PipelineStep {
  return {
    name: 'errors',
    run: async (context, next) => {
      try {
        return await next(context)
      } catch (error) {
        const known =
          error instanceof StorageError
            ? translateStorageError(error, context.info)
            : error instanceof ApiError
              ? error
              : undefined
        if (known === undefined && !context.signal.aborted) {
          log.error('request failed unexpectedly', {
            method: context.method,
            path: context.path,
            error: error instanceof Error ? (error.stack ?? error.message) : String(error),
          })
        }
        const answer = await statusAnswer(known ?? ApiError.from(error), context)
        // Names that somebody made up stand in the text.
        if (known instanceof Refusal) answer.headers['x-content-type-options'] = 'nosniff'
        if (context.flow !== undefined) nameFlow(answer, context.flow)
        return answer
      }
    },
  }
}
