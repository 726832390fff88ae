import { badRequest } from '@kapell/openapi/meta/status'
import type { UserInfo } from '../authentication/user.ts'
import type { AuthorizationAttributes, AuthorizationDecision } from '../registry/services.ts'
import { refusal } from '../authorization/index.ts'
import { decodePart } from './request-info.ts'
import type { RequestContext } from './context.ts'
import type { Answer } from '../server/answer.ts'
import type { Handler, PipelineStep } from './pipeline.ts'

export interface Impersonation {
  username: string
  uid: string
  groups: string[]
  extra: Record<string, string[]>
}

const go = (text: string): string => JSON.stringify(text)

/** As the original prints the identity it refuses. */
function describe(wanted: Impersonation): string {
  const groups = wanted.groups.length === 0 ? '[]string(nil)' : `[]string{${wanted.groups.map(go).join(', ')}}`
  const keys = Object.keys(wanted.extra)
  const extra =
    keys.length === 0
      ? 'map[string][]string(nil)'
      : `map[string][]string{${keys.map((k) => `${go(k)}:[]string{${(wanted.extra[k] ?? []).map(go).join(', ')}}`).join(', ')}}`
  return `&user.DefaultInfo{Name:"", UID:${go(wanted.uid)}, Groups:${groups}, Extra:${extra}}`
}

/** Reads the Impersonate-* headers; undefined when there are none. */
export function parseImpersonation(context: RequestContext): Impersonation | undefined {
  const wanted: Impersonation = { username: '', uid: '', groups: [], extra: {} }
  let any = false
  for (const [name, value] of context.headers()) {
    if (!name.startsWith('impersonate-')) continue
    any = true
    if (name === 'impersonate-user') wanted.username = value
    else if (name === 'impersonate-uid') wanted.uid = value
    else if (name === 'impersonate-group') wanted.groups.push(...value.split(', '))
    else if (name.startsWith('impersonate-extra-')) {
      const key = decodePart(name.slice('impersonate-extra-'.length))
      ;(wanted.extra[key] ??= []).push(...value.split(', '))
    }
  }
  if (!any) return undefined
  if (
    wanted.username === '' &&
    (wanted.uid !== '' || wanted.groups.length > 0 || Object.keys(wanted.extra).length > 0)
  ) {
    throw badRequest(`requested ${describe(wanted)} without impersonating a user name`)
  }
  return wanted.username === '' ? undefined : wanted
}

/** Who the impersonated identity is, with the groups that authentication would have added. */
export function impersonatedUser(wanted: Impersonation): UserInfo {
  const groups = [...wanted.groups]
  const account = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(wanted.username)
  if (account !== null && groups.length === 0) {
    groups.push('system:serviceaccounts', `system:serviceaccounts:${account[1] ?? ''}`)
  }
  const anonymous = wanted.username === 'system:anonymous'
  const implied = anonymous ? 'system:unauthenticated' : 'system:authenticated'
  if (!groups.includes('system:authenticated') && !groups.includes('system:unauthenticated')) groups.push(implied)
  return {
    username: wanted.username,
    ...(wanted.uid === '' ? {} : { uid: wanted.uid }),
    groups,
    ...(Object.keys(wanted.extra).length === 0 ? {} : { extra: wanted.extra }),
  }
}

/** Every part of the identity that a caller wants to take on is asked of the authorizer. */
export function impersonationChecks(user: UserInfo, wanted: Impersonation): AuthorizationAttributes[] {
  const account = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(wanted.username)
  const base = { user, verb: 'impersonate', version: 'v1' }
  const checks: AuthorizationAttributes[] = [
    account === null
      ? { ...base, group: '', resource: 'users', name: wanted.username }
      : { ...base, group: '', resource: 'serviceaccounts', namespace: account[1] ?? '', name: account[2] ?? '' },
  ]
  for (const name of wanted.groups) checks.push({ ...base, group: '', resource: 'groups', name })
  if (wanted.uid !== '') checks.push({ ...base, group: 'authentication.k8s.io', resource: 'uids', name: wanted.uid })
  for (const [key, values] of Object.entries(wanted.extra)) {
    for (const name of values) {
      checks.push({ ...base, group: 'authentication.k8s.io', resource: 'userextras', subresource: key, name })
    }
  }
  return checks
}

/** Acts as somebody else where the caller may; 403 where not. */
export function impersonationStep(
  authorize: (attributes: AuthorizationAttributes) => Promise<AuthorizationDecision>,
): PipelineStep {
  return {
    name: 'impersonation',
    run: (context, next) => {
      if (!context.headerNames().some((name) => name.startsWith('impersonate-'))) return next(context)
      return impersonate(context, next)
    },
  }

  async function impersonate(context: RequestContext, next: Handler): Promise<Answer> {
    const wanted = parseImpersonation(context)
    if (wanted !== undefined) {
      for (const check of impersonationChecks(context.user, wanted)) {
        const decision = await authorize(check)
        if (!decision.allowed) throw refusal(check, decision.reason)
      }
      context.user = impersonatedUser(wanted)
    }
    return next(context)
  }
}
