import type { V1ResourceRequirements } from '@kapell/openapi/types'
import { forbidden, invalid, required, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { dns1123Label, qualifiedName } from '@kapell/openapi/meta/names'
import { own } from '@kapell/openapi/meta/own'
import { parseQuantity, type Quantity } from '@kapell/openapi/meta/quantity'
import { isNegative, nameErrors } from '../../../common/validation.ts'

/** Names and amounts of resources. Source: "Resource Management for Pods and Containers". */

const standardContainerResources = new Set(['cpu', 'memory', 'ephemeral-storage'])
const standardResources = new Set([
  ...standardContainerResources,
  'requests.cpu',
  'requests.memory',
  'requests.ephemeral-storage',
  'requests.storage',
  'limits.cpu',
  'limits.memory',
  'limits.ephemeral-storage',
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'storage',
  'services.nodeports',
  'services.loadbalancers',
])
const integerResources = new Set([
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'services.nodeports',
  'services.loadbalancers',
])

export const isHugePage = (name: string): boolean => name.startsWith('hugepages-')
const isNative = (name: string): boolean => !name.includes('/') || /(^|\.)kubernetes\.io\//.test(name)
export const isExtended = (name: string): boolean =>
  !isNative(name) && !name.startsWith('requests.') && qualifiedName(`requests.${name}`).length === 0
const isStandardForContainers = (name: string): boolean => standardContainerResources.has(name) || isHugePage(name)
export const mayOvercommit = (name: string): boolean => isNative(name) && !isHugePage(name)

export function validateResourceName(name: string, at: FieldPath): FieldError[] {
  if (standardResources.has(name)) return []
  const malformed = qualifiedName(name).map((text) => invalid(at, name, text))
  if (malformed.length > 0) return malformed
  return !name.includes('/') && !isHugePage(name)
    ? [invalid(at, name, 'must be a standard resource type or fully qualified')]
    : []
}

export function validateContainerResourceName(name: string, at: FieldPath): FieldError[] {
  const errors = validateResourceName(name, at)
  if (!name.includes('/')) {
    if (!isStandardForContainers(name)) errors.push(invalid(at, name, 'must be a standard resource for containers'))
  } else if (!isNative(name) && !isExtended(name)) {
    errors.push(invalid(at, name, "doesn't follow extended resource name standard"))
  }
  return errors
}

/** An amount: not negative, and whole where only whole things can be had. */
export function validateAmount(name: string, text: string, at: FieldPath): FieldError[] {
  const quantity = parseQuantity(text)
  const errors: FieldError[] = []
  if (quantity.sign() < 0) errors.push(invalid(at, quantity.toString(), isNegative))
  if ((integerResources.has(name) || isExtended(name)) && !isWhole(quantity)) {
    errors.push(invalid(at, quantity.toString(), 'must be an integer'))
  }
  if (isHugePage(name) && !isWholePages(name, quantity)) {
    const shown = quantity.toString()
    errors.push(invalid(at, shown, `${shown} is not positive integer multiple of ${name}`))
  }
  return errors
}

/** A whole number of pages, of a size that the name states. */
function isWholePages(name: string, quantity: Quantity): boolean {
  let page: Quantity
  try {
    page = parseQuantity(name.slice('hugepages-'.length))
  } catch {
    return false
  }
  if (page.sign() <= 0 || quantity.sign() < 0 || !isWhole(quantity)) return false
  return Number(quantity.toNumber()) % Number(page.toNumber()) === 0
}

const isWhole = (quantity: Quantity): boolean => quantity.roundUp(0).equals(quantity)

export function validateContainerResources(
  resources: V1ResourceRequirements | undefined,
  claims: ReadonlySet<string>,
  at: FieldPath,
): FieldError[] {
  const errors: FieldError[] = []
  if (resources === undefined) return errors
  const limits = resources.limits ?? {}
  const requests = resources.requests ?? {}
  const limited = sortedKeys(limits)
  const requested = sortedKeys(requests)
  for (const name of limited) {
    const here = at.child('limits').key(name)
    errors.push(...validateContainerResourceName(name, here), ...validateAmount(name, limits[name] ?? '', here))
  }
  for (const name of requested) {
    const here = at.child('requests').key(name)
    const text = requests[name] ?? ''
    errors.push(...validateContainerResourceName(name, here), ...validateAmount(name, text, here))
    errors.push(...compareWithLimit(name, text, own(limits, name), at))
  }
  if (resources.claims !== undefined) errors.push(...validateClaims(resources.claims, claims, at.child('claims')))
  if (limited.some(isHugePage) || requested.some(isHugePage)) {
    const names = [...limited, ...requested]
    if (!names.includes('cpu') && !names.includes('memory'))
      errors.push(forbidden(at, 'HugePages require cpu or memory'))
  }
  return errors
}

/** Most often they are few, and in order already. */
function sortedKeys(list: Record<string, string>): string[] {
  const names = Object.keys(list)
  return names.every((name, i) => i === 0 || (names[i - 1] ?? '') < name) ? names : names.sort()
}

function compareWithLimit(name: string, text: string, limitText: string | undefined, at: FieldPath): FieldError[] {
  if (limitText === undefined) {
    return mayOvercommit(name)
      ? []
      : [required(at.child('limits'), 'Limit must be set for non overcommitable resources')]
  }
  const request = parseQuantity(text)
  const limit = parseQuantity(limitText)
  if (!mayOvercommit(name) && !request.equals(limit)) {
    return [invalid(at.child('requests'), request.toString(), `must be equal to ${name} limit of ${limit.toString()}`)]
  }
  return request.cmp(limit) > 0
    ? [
        invalid(
          at.child('requests'),
          request.toString(),
          `must be less than or equal to ${name} limit of ${limit.toString()}`,
        ),
      ]
    : []
}

export function validateClaims(
  used: readonly { name: string; request?: string }[],
  claims: ReadonlySet<string>,
  at: FieldPath,
): FieldError[] {
  const errors: FieldError[] = []
  const seen = new Set<string>()
  for (const [i, { name, request = '' }] of used.entries()) {
    const here = at.index(i)
    if (name === '') {
      errors.push(required(here))
      continue
    }
    const key = request === '' ? name : `${name}/${request}`
    // Naming the whole claim already names each of its requests.
    const known = seen.has(name) ? name : seen.has(key) ? key : undefined
    if (known !== undefined) errors.push({ type: 'FieldValueDuplicate', field: here.text, badValue: known, detail: '' })
    seen.add(key)
    if (request !== '') errors.push(...nameErrors(here.child('request'), request, dns1123Label))
    if (!claims.has(name)) {
      const all = [...claims].sort().join(', ')
      errors.push({
        type: 'FieldValueNotFound',
        field: here.text,
        badValue: name,
        detail:
          claims.size === 0
            ? 'must be one of the names in pod.spec.resourceClaims which is empty'
            : `must be one of the names in pod.spec.resourceClaims: ${all}`,
      })
    }
  }
  return errors
}
