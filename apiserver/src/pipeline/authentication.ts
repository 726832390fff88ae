import { unauthorized } from '@kapell/openapi/meta/status'
import type { Authenticator } from '../authentication/authenticator.ts'
import type { PipelineStep } from './pipeline.ts'

/** Finds out who asks; wrong credentials are 401, none at all is system:anonymous. */
export function authenticationStep(authenticate: Authenticator): PipelineStep {
  return {
    name: 'authentication',
    run: async (context, next) => {
      if (!context.authenticated) {
        const outcome = await authenticate(context)
        if (outcome === undefined) throw unauthorized()
        context.user = outcome
        context.authenticated = true
      }
      return next()
    },
  }
}
