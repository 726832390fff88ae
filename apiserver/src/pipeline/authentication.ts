import { unauthorized } from '@kapell/openapi/meta/status'
import type { Authenticator } from '../authentication/authenticator.ts'
import type { UserInfo } from '../authentication/user.ts'
import type { Answer } from '../server/answer.ts'
import type { PipelineStep } from './pipeline.ts'

/** Finds out who asks; wrong credentials are 401, none at all is system:anonymous. */
export function authenticationStep(authenticate: Authenticator): PipelineStep {
  return {
    name: 'authentication',
    run: (context, next) => {
      if (context.authenticated) return next(context)
      const accept = (user: UserInfo | undefined): Promise<Answer> => {
        if (user === undefined) throw unauthorized()
        context.user = user
        context.authenticated = true
        return next(context)
      }
      const outcome = authenticate(context)
      return outcome instanceof Promise ? outcome.then(accept) : accept(outcome)
    },
  }
}
