import { selectorFromLabelSelector, type Selector } from '@kapell/openapi/meta/labels'
import type { KubeObject } from '@kapell/openapi/meta/object'
import { notFound } from '@kapell/openapi/meta/status'
import type { AnyDefinition } from '../../registry/definition.ts'
import type { Services } from '../../registry/services.ts'
import type { AdmissionAttributes } from '../admission.ts'
import { nameOf } from '../matching.ts'
import { matchedAs, objectMatches } from './matching.ts'
import { namespaceOf } from './review.ts'
import type { LabelSelectorShape, MatchRule } from './types.ts'

/** Which requests a webhook, a policy or a binding is for. */
export interface MatchCriteria {
  rules: readonly MatchRule[]
  excluded: readonly MatchRule[]
  /** With no rules at all everything matches: bindings. */
  emptyMatches: boolean
  exact: boolean
  namespaceSelector: Selector
  objectSelector: Selector
}

export interface MatchShape {
  resourceRules?: MatchRule[]
  excludeResourceRules?: MatchRule[]
  matchPolicy?: string
  namespaceSelector?: LabelSelectorShape
  objectSelector?: LabelSelectorShape
}

export function compileCriteria(match: MatchShape, options: { emptyMatches: boolean }): MatchCriteria {
  return {
    rules: match.resourceRules ?? [],
    excluded: match.excludeResourceRules ?? [],
    emptyMatches: options.emptyMatches,
    exact: match.matchPolicy === 'Exact',
    namespaceSelector: selectorFromLabelSelector(match.namespaceSelector ?? {}),
    objectSelector: selectorFromLabelSelector(match.objectSelector ?? {}),
  }
}

const namespaces = { group: '', plural: 'namespaces' }

/** The labels that a namespaceSelector looks at; undefined where there is no namespace. Throws 404. */
async function namespaceLabels(
  attributes: AdmissionAttributes,
  services: Services,
): Promise<Record<string, string> | undefined> {
  const { resource, object, operation } = attributes
  const isNamespace = resource.group === '' && resource.plural === 'namespaces'
  // The cache does not know a namespace that is only being made, or changed.
  if (isNamespace && operation !== 'DELETE' && object?.metadata !== undefined) return object.metadata.labels ?? {}
  const name = namespaceOf(attributes)
  if (name === '') return undefined
  const found =
    services.objects.get<KubeObject>(namespaces, { name }) ??
    (await services.objects.getLatest<KubeObject>(namespaces, { name }))
  if (found === undefined) throw notFound(namespaces, name)
  return found.metadata?.labels ?? {}
}

/**
 * Tells for one request, criteria by criteria, under which definition they want to see it; undefined when they do not.
 * The namespace is looked up once, when the first selector asks for it.
 */
export function createRequestMatcher(
  attributes: AdmissionAttributes,
  services: Services,
): (criteria: MatchCriteria) => Promise<AnyDefinition['definition'] | undefined> {
  const { resource, subresource, operation } = attributes
  const inNamespace = attributes.namespace !== '' && !(resource.group === '' && resource.plural === 'namespaces')
  const { group, version, plural } = resource
  const request = { group, version, plural, subresource, operation, inNamespace, name: nameOf(attributes) }
  let labels: Promise<Record<string, string> | undefined> | undefined
  return async (criteria) => {
    const asked = {
      own: resource as AnyDefinition['definition'],
      others: () => (criteria.exact ? [] : services.webhooks.equivalents(resource)),
    }
    if (criteria.excluded.length > 0 && matchedAs(criteria.excluded, request, asked) !== undefined) return undefined
    const isAny = criteria.emptyMatches && criteria.rules.length === 0
    const definition = isAny ? resource : matchedAs<AnyDefinition['definition']>(criteria.rules, request, asked)
    if (definition === undefined) return undefined
    if (!objectMatches(criteria.objectSelector, attributes.object, attributes.oldObject)) return undefined
    if (!criteria.namespaceSelector.empty) {
      const found = await (labels ??= namespaceLabels(attributes, services))
      if (found !== undefined && !criteria.namespaceSelector.matches(found)) return undefined
    }
    return definition
  }
}
