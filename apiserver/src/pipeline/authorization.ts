import { refusal } from '../authorization/index.ts'
import type { AuthorizationAttributes, AuthorizationDecision } from '../registry/services.ts'
import type { RequestContext } from './context.ts'
import type { PipelineStep } from './pipeline.ts'

/** What the authorizer is asked about a request. */
export function attributesOf(context: RequestContext): AuthorizationAttributes {
  const { info, user } = context
  if (!info.isResourceRequest) return { user, verb: info.verb, path: info.path }
  return {
    user,
    verb: info.verb,
    group: info.group,
    version: info.version,
    resource: info.resource,
    ...(info.subresource === '' ? {} : { subresource: info.subresource }),
    ...(info.namespace === '' ? {} : { namespace: info.namespace }),
    ...(info.name === '' ? {} : { name: info.name }),
    ...(context.rawQuery.includes('fieldSelector') ? { fieldSelector: context.query.get('fieldSelector') ?? '' } : {}),
  }
}

export function authorizationStep(
  authorize: (attributes: AuthorizationAttributes) => Promise<AuthorizationDecision>,
): PipelineStep {
  return {
    name: 'authorization',
    run: async (context, next) => {
      const attributes = attributesOf(context)
      const decision = await authorize(attributes)
      if (!decision.allowed) throw refusal(attributes, decision.reason)
      return next(context)
    },
  }
}
