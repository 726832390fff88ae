import { invalid, notSupported, required, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'

/** The rules by which webhooks and policies choose requests. */

export interface Rule {
  operations?: string[]
  apiGroups?: string[]
  apiVersions?: string[]
  resources?: string[]
  scope?: string
}

const operations = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE']

export function validateRule(rule: Rule, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const list = (field: 'operations' | 'apiGroups' | 'apiVersions', what: string): readonly string[] => {
    const values = rule[field] ?? []
    if (values.length === 0) errors.push(required(at.child(field)))
    if (values.length > 1 && values.includes('*')) {
      errors.push(invalid(at.child(field), values, `if '*' is present, must not specify other ${what}`))
    }
    return values
  }
  for (const [i, operation] of list('operations', 'operations').entries()) {
    if (!operations.includes(operation)) {
      errors.push(notSupported(at.child('operations').index(i), operation, operations))
    }
  }
  list('apiGroups', 'API groups')
  for (const [i, version] of list('apiVersions', 'API versions').entries()) {
    if (version === '') errors.push(required(at.child('apiVersions').index(i)))
  }
  errors.push(...validateResources(rule.resources ?? [], at.child('resources')))
  if (rule.scope !== undefined && !['*', 'Cluster', 'Namespaced'].includes(rule.scope)) {
    errors.push(notSupported(at.child('scope'), rule.scope, ['*', 'Cluster', 'Namespaced']))
  }
  return errors
}

function validateResources(resources: readonly string[], at: FieldPath): FieldError[] {
  if (resources.length === 0) return [required(at)]
  const errors: FieldError[] = []
  /** Resources all of whose subresources are named, and subresources named of all resources. */
  const wholes = new Set<string>()
  const parts = new Set<string>()
  let hasEverything = false
  for (const [i, text] of resources.entries()) {
    if (text === '') {
      errors.push(required(at.index(i)))
      continue
    }
    if (text === '*/*') hasEverything = true
    const slash = text.indexOf('/')
    if (slash < 0) continue
    const [name, part] = [text.slice(0, slash), text.slice(slash + 1)]
    const taken = wholes.has(name) ? `${name}/*` : parts.has(part) ? `*/${part}` : undefined
    if (taken !== undefined) {
      errors.push(invalid(at.index(i), text, `if '${taken}' is present, must not specify ${text}`))
    }
    if (part === '*') wholes.add(name)
    if (name === '*') parts.add(part)
  }
  if (resources.length > 1 && hasEverything) {
    errors.push(invalid(at, resources, "if '*/*' is present, must not specify other resources"))
  }
  const simple = resources.filter((text) => !text.includes('/'))
  if (simple.includes('*') && simple.length > 1) {
    errors.push(invalid(at, resources, "if '*' is present, must not specify other resources without subresources"))
  }
  return errors
}
