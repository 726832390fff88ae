import type { V1FlowSchema } from '@kapell/openapi/types'
import type { UserInfo } from '../authentication/user.ts'
import type { RequestInfo } from '../pipeline/request-info.ts'

/** Which requests a FlowSchema means. Source: "API Priority and Fairness", "FlowSchema". */

type Spec = NonNullable<V1FlowSchema['spec']>
type Rules = NonNullable<Spec['rules']>[number]
type Subject = Rules['subjects'][number]

export interface RuleMatcher {
  subjects: (user: UserInfo) => boolean
  request: (info: RequestInfo) => boolean
}

const all = '*'
const accountPrefix = 'system:serviceaccount:'

function subjectMatcher(subject: Subject): (user: UserInfo) => boolean {
  switch (subject.kind) {
    case 'User': {
      const { name = '' } = subject.user ?? {}
      return name === all ? () => true : ({ username }) => username === name
    }
    case 'Group': {
      const { name = '' } = subject.group ?? {}
      return name === all ? () => true : ({ groups }) => groups.includes(name)
    }
    case 'ServiceAccount': {
      const { namespace = '', name = '' } = subject.serviceAccount ?? {}
      const prefix = `${accountPrefix}${namespace}:`
      return name === all
        ? ({ username }) => username.startsWith(prefix)
        : ({ username }) => username === `${prefix}${name}`
    }
    default:
      return () => false
  }
}

function member(values: readonly string[] | undefined): (value: string) => boolean {
  const set = new Set(values)
  return set.has(all) ? () => true : (value) => set.has(value)
}

type ResourceRule = NonNullable<Rules['resourceRules']>[number]
type NonResourceRule = NonNullable<Rules['nonResourceRules']>[number]

function resourceMatcher(rule: ResourceRule): (info: RequestInfo) => boolean {
  const [verb, group, resource, namespace] = [rule.verbs, rule.apiGroups, rule.resources, rule.namespaces].map(member)
  const { clusterScope = false } = rule
  return (info) =>
    verb!(info.verb) &&
    group!(info.group) &&
    resource!(info.subresource === '' ? info.resource : `${info.resource}/${info.subresource}`) &&
    (info.namespace === '' ? clusterScope : namespace!(info.namespace))
}

function nonResourceMatcher(rule: NonResourceRule): (info: RequestInfo) => boolean {
  const verb = member(rule.verbs)
  const urls = rule.nonResourceURLs.map((url) =>
    url === all
      ? () => true
      : url.endsWith('/*')
        ? (path: string) => path.startsWith(url.slice(0, -1))
        : (path: string) => path === url,
  )
  return (info) => verb(info.verb) && urls.some((matches) => matches(info.path))
}

export function ruleMatchers(spec: Spec): RuleMatcher[] {
  return (spec.rules ?? []).map((rules) => {
    const subjects = rules.subjects.map(subjectMatcher)
    const resource = (rules.resourceRules ?? []).map(resourceMatcher)
    const nonResource = (rules.nonResourceRules ?? []).map(nonResourceMatcher)
    return {
      subjects: (user) => subjects.some((matches) => matches(user)),
      request: (info) => (info.isResourceRequest ? resource : nonResource).some((matches) => matches(info)),
    }
  })
}

/** Lower precedence first, then by name. */
export const byPrecedence = (a: V1FlowSchema, b: V1FlowSchema): number =>
  (a.spec?.matchingPrecedence ?? 0) - (b.spec?.matchingPrecedence ?? 0) ||
  ((a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1)
