/**
 * Questions to the authorizer. Source: the Kubernetes documentation, "Kubernetes authorizer library". An expression
 * cannot wait, so the answers are given at once by whoever brings the authorizer in.
 */
import { CelError, noSuchOverload } from '../runtime/errors.ts'
import { fixed } from '../library/costs.ts'
import { declare } from '../library/declare.ts'
import { OpaqueValue } from '../values/scalars.ts'

export interface AuthorizationQuestion {
  /** `system:serviceaccount:…` when the expression asks for a service account instead of the user of the request. */
  readonly serviceAccount?: { readonly namespace: string; readonly name: string }
  readonly path?: string
  readonly group?: string
  readonly resource?: string
  readonly subresource?: string
  readonly namespace?: string
  readonly name?: string
  readonly fieldSelector?: string
  readonly labelSelector?: string
  readonly verb: string
}
export interface AuthorizationAnswer {
  readonly allowed: boolean
  readonly reason?: string
  readonly error?: string
}
export type Authorize = (question: AuthorizationQuestion) => AuthorizationAnswer

type Asked = Omit<AuthorizationQuestion, 'verb'>
type Stage = 'Authorizer' | 'PathCheck' | 'GroupCheck' | 'ResourceCheck'

class CheckValue extends OpaqueValue {
  readonly typeName: string
  readonly authorize: Authorize
  readonly asked: Asked
  constructor(stage: Stage, authorize: Authorize, asked: Asked = {}) {
    super()
    this.typeName = `kubernetes.authorization.${stage}`
    this.authorize = authorize
    this.asked = asked
  }
  more(stage: Stage, asked: Asked): CheckValue {
    return new CheckValue(stage, this.authorize, { ...this.asked, ...asked })
  }
}
class DecisionValue extends OpaqueValue {
  readonly typeName = 'kubernetes.authorization.Decision'
  readonly answer: AuthorizationAnswer
  constructor(answer: AuthorizationAnswer) {
    super()
    this.answer = answer
  }
}

/** The value of the variable `authorizer`. */
export const authorizerValue = (authorize: Authorize): OpaqueValue => new CheckValue('Authorizer', authorize)
/** The value of `authorizer.requestResource`. */
export const resourceCheckValue = (authorize: Authorize, asked: Asked): OpaqueValue =>
  new CheckValue('ResourceCheck', authorize, asked)

function withSubject(check: CheckValue, namespace: string, name: string): CheckValue {
  if (!/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(namespace)) throw new CelError('Invalid service account namespace')
  if (!/^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$/.test(name)) throw new CelError('Invalid service account name')
  return check.more('Authorizer', { serviceAccount: { namespace, name } })
}
function path(check: CheckValue, url: string): CheckValue {
  if (url === '') throw new CelError('path must not be empty')
  return check.more('PathCheck', { path: url })
}
function decide(check: CheckValue, verb: string): DecisionValue {
  if (verb === '') throw noSuchOverload()
  return new DecisionValue(check.authorize({ ...check.asked, verb }))
}
const resource = (asked: (text: string) => Asked) => (check: CheckValue, text: string) =>
  check.more('ResourceCheck', asked(text))

/** Upstream's price of asking, however it is answered. */
const asking = fixed(350_000)
const step = fixed(1)
const t = 'kubernetes.authorization'

export const authorizerLibrary = declare({
  [`${t}.Authorizer.path(string): ${t}.PathCheck`]: { call: path, cost: step },
  [`${t}.Authorizer.group(string): ${t}.GroupCheck`]: {
    call: (check: CheckValue, group: string) => check.more('GroupCheck', { group }),
    cost: step,
  },
  [`${t}.Authorizer.serviceAccount(string, string): ${t}.Authorizer`]: { call: withSubject, cost: step },
  [`${t}.GroupCheck.resource(string): ${t}.ResourceCheck`]: {
    call: resource((name) => ({ resource: name })),
    cost: step,
  },
  [`${t}.ResourceCheck.subresource(string): ${t}.ResourceCheck`]: {
    call: resource((subresource) => ({ subresource })),
    cost: step,
  },
  [`${t}.ResourceCheck.namespace(string): ${t}.ResourceCheck`]: {
    call: resource((namespace) => ({ namespace })),
    cost: step,
  },
  [`${t}.ResourceCheck.name(string): ${t}.ResourceCheck`]: { call: resource((name) => ({ name })), cost: step },
  [`${t}.ResourceCheck.fieldSelector(string): ${t}.ResourceCheck`]: {
    call: resource((fieldSelector) => ({ fieldSelector })),
    cost: step,
  },
  [`${t}.ResourceCheck.labelSelector(string): ${t}.ResourceCheck`]: {
    call: resource((labelSelector) => ({ labelSelector })),
    cost: step,
  },
  [`${t}.PathCheck.check(string): ${t}.Decision`]: { call: decide, cost: asking },
  [`${t}.ResourceCheck.check(string): ${t}.Decision`]: { call: decide, cost: asking },
  [`${t}.Decision.allowed(): bool`]: ({ answer }: DecisionValue) => answer.allowed,
  [`${t}.Decision.reason(): string`]: ({ answer }: DecisionValue) => answer.reason ?? '',
  [`${t}.Decision.errored(): bool`]: ({ answer }: DecisionValue) => answer.error !== undefined,
  [`${t}.Decision.error(): string`]: ({ answer }: DecisionValue) => answer.error ?? '',
})
