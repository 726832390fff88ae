import { forbidden, invalid, required, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { dns1123Label, dns1123Subdomain } from '@kapell/openapi/meta/names'
import type { V1FlowSchema } from '@kapell/openapi/types'
import { nameErrors, unsupported } from '../common/validation.ts'

/** Which requests a flow schema is for. Source: "API Priority and Fairness". */

type Rule = NonNullable<NonNullable<V1FlowSchema['spec']>['rules']>[number]
type Subject = Rule['subjects'][number]

const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'proxy', 'update', 'watch']
const all = '*'

export function validateFlowRule(rule: Rule, at: FieldPath): FieldError[] {
  return [
    ...(rule.subjects ?? []).flatMap((subject, i) => validateSubject(subject, at.child('subjects').index(i))),
    ...(rule.resourceRules ?? []).flatMap((one, i) => {
      const here = at.child('resourceRules').index(i)
      const namespaces = one.namespaces ?? []
      const clusterScope = one.clusterScope ?? false
      const errors = [
        ...validateVerbs(one.verbs, here.child('verbs')),
        ...listOf(one.apiGroups, here.child('apiGroups'), 'resource rules must supply at least one api group'),
        ...listOf(one.resources, here.child('resources'), 'resource rules must supply at least one resource'),
      ]
      if (namespaces.length === 0 && !clusterScope) {
        const text = 'resource rules that are not cluster scoped must supply at least one namespace'
        errors.push(required(here.child('namespaces'), text))
      }
      return [...errors, ...validateNamespaces(namespaces, here.child('namespaces'))]
    }),
    ...(rule.nonResourceRules ?? []).flatMap((one, i) => {
      const here = at.child('nonResourceRules').index(i)
      return [
        ...validateVerbs(one.verbs, here.child('verbs')),
        ...validateUrls(one.nonResourceURLs ?? [], here.child('nonResourceURLs')),
      ]
    }),
  ]
}

function validateSubject(subject: Subject, at: FieldPath): FieldError[] {
  const members = { ServiceAccount: 'serviceAccount', User: 'user', Group: 'group' } as const
  const kind = subject.kind as keyof typeof members
  const field = members[kind]
  if (field === undefined)
    return [unsupported(at.child('kind'), subject.kind ?? '', ['Group', 'ServiceAccount', 'User'])]
  const errors = Object.values(members)
    .filter((other) => other !== field && subject[other] !== undefined)
    .map((other) => forbidden(at.child(other), `${other} is forbidden when subject kind is not '${kindOf(other)}'`))
  const given = subject[field]
  const here = at.child(field)
  if (given === undefined) return [...errors, required(here, `${field} is required when subject kind is '${kind}'`)]
  const name = given.name ?? ''
  if (field !== 'serviceAccount') return [...errors, ...(name === '' ? [required(here.child('name'))] : [])]
  if (name === '') errors.push(required(here.child('name')))
  else if (name !== all) errors.push(...nameErrors(here.child('name'), name, dns1123Subdomain))
  const namespace = subject.serviceAccount?.namespace ?? ''
  if (namespace === '') errors.push(required(here.child('namespace'), 'must specify namespace for service account'))
  else errors.push(...nameErrors(here.child('namespace'), namespace, dns1123Label))
  return errors
}

const kindOf = (field: string): string => `${field[0]?.toUpperCase() ?? ''}${field.slice(1)}`

/** At least one; and "*" only by itself. */
function listOf(values: readonly string[] | undefined, at: FieldPath, text: string): FieldError[] {
  if ((values ?? []).length === 0) return [required(at, text)]
  return aloneIfAll(values ?? [], at)
}

function aloneIfAll(values: readonly string[], at: FieldPath): FieldError[] {
  return values.length > 1 && values.includes(all)
    ? [invalid(at, values, "if '*' is present, must not specify other " + (at.text.split('.').at(-1) ?? ''))]
    : []
}

function validateVerbs(given: readonly string[] | undefined, at: FieldPath): FieldError[] {
  const errors = listOf(given, at, 'verbs must contain at least one value')
  if (errors.length > 0 || given?.includes(all) === true) return errors
  return given?.every((verb) => verbs.includes(verb)) === true ? [] : [unsupported(at, given, verbs)]
}

function validateNamespaces(namespaces: readonly string[], at: FieldPath): FieldError[] {
  return [
    ...aloneIfAll(namespaces, at),
    ...namespaces.flatMap((name, i) =>
      name === all
        ? []
        : dns1123Label(name).map((text) =>
            invalid(at.index(i), name, `each member of this list must be '*' or a DNS-1123 label; ${text}`),
          ),
    ),
  ]
}

function validateUrls(urls: readonly string[], at: FieldPath): FieldError[] {
  if (urls.length === 0) return [required(at, 'nonResourceURLs must contain at least one value')]
  return [
    ...aloneIfAll(urls, at),
    ...urls.flatMap((url, i) => {
      const here = at.index(i)
      if (url === all) return []
      if (url === '') return [invalid(here, url, 'must not be empty')]
      if (url === '/') return []
      if (!url.startsWith('/')) return [invalid(here, url, 'must start with slash')]
      if (url.includes(' ')) return [invalid(here, url, 'must not contain white-space')]
      if (url.includes('//')) return [invalid(here, url, 'must not contain double slash')]
      return url.slice(0, -1).includes(all) ? [invalid(here, url, 'wildcards can only do suffix matching')] : []
    }),
  ]
}
