import type { V1Container, V1LimitRange, V1LimitRangeItem, V1PersistentVolumeClaim, V1Pod } from '@kapell/openapi/types'
import { own } from '@kapell/openapi/meta/own'
import { parseQuantity, type Quantity } from '@kapell/openapi/meta/quantity'
import { forbiddenError } from '@kapell/openapi/meta/status'
import type { Services } from '../registry/services.ts'
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts'
import { about, refusedName, named } from './matching.ts'

/** Defaults and bounds of a namespace's LimitRanges. Source: "Limit Ranges". */

const limitRanges = { group: '', plural: 'limitranges' }
const annotation = 'kubernetes.io/limit-ranger'

function itemsOf(services: Services, namespace: string, type: string): V1LimitRangeItem[] {
  return services.objects
    .list<V1LimitRange>(limitRanges, { namespace })
    .flatMap((range) => range.spec?.limits ?? [])
    .filter((item) => item.type === type)
}

export const limitRanger: AdmissionPlugin = {
  name: 'LimitRanger',
  handles: (a) =>
    (a.operation === 'CREATE' && (about(a, '', 'pods') || about(a, '', 'persistentvolumeclaims'))) ||
    (a.operation === 'UPDATE' && (about(a, '', 'pods', 'resize') || about(a, '', 'persistentvolumeclaims'))),
  admit: (attributes, services) => {
    if (!about(attributes, '', 'pods') || attributes.operation !== 'CREATE') return
    const items = itemsOf(services, attributes.namespace, 'Container')
    if (items.length > 0) applyDefaults(attributes.object as V1Pod, items)
  },
  validate: (attributes, services) => {
    const wrong = about(attributes, '', 'persistentvolumeclaims')
      ? claimErrors(attributes, services)
      : podErrors(attributes, services)
    if (wrong.length === 0) return
    const text = wrong.length === 1 ? (wrong[0] ?? '') : `[${wrong.join(', ')}]`
    throw forbiddenError(named(attributes), refusedName(attributes), text)
  },
}

function applyDefaults(pod: V1Pod, items: readonly V1LimitRangeItem[]): void {
  const requests: Record<string, string> = Object.assign({}, ...items.map((item) => item.defaultRequest ?? {}))
  const limits: Record<string, string> = Object.assign({}, ...items.map((item) => item.default ?? {}))
  const notes: string[] = []
  for (const [what, containers] of [
    ['container', pod.spec?.containers ?? []],
    ['init container', pod.spec?.initContainers ?? []],
  ] as const) {
    for (const container of containers) {
      const asked = fill(container, 'requests', requests)
      const limited = fill(container, 'limits', limits)
      if (asked.length > 0) notes.push(`${asked.join(', ')} request for ${what} ${container.name}`)
      if (limited.length > 0) notes.push(`${limited.join(', ')} limit for ${what} ${container.name}`)
    }
  }
  if (notes.length === 0) return
  pod.metadata ??= {}
  pod.metadata.annotations = {
    ...pod.metadata.annotations,
    [annotation]: `LimitRanger plugin set: ${notes.join('; ')}`,
  }
}

function fill(
  container: V1Container,
  field: 'requests' | 'limits',
  defaults: Readonly<Record<string, string>>,
): string[] {
  const resources = (container.resources ??= {})
  const added: string[] = []
  for (const name of Object.keys(defaults).sort()) {
    if (own(resources[field], name) !== undefined) continue
    resources[field] = { ...resources[field], [name]: defaults[name] ?? '' }
    added.push(name)
  }
  return added
}

type List = Readonly<Record<string, Quantity>>

const parsed = (list: Record<string, string> | undefined): List =>
  Object.fromEntries(Object.entries(list ?? {}).map(([name, text]) => [name, parseQuantity(text)]))

function claimErrors(attributes: AdmissionAttributes, services: Services): string[] {
  const claim = attributes.object as V1PersistentVolumeClaim
  const requests = parsed(claim.spec?.resources?.requests)
  return itemsOf(services, attributes.namespace, 'PersistentVolumeClaim').flatMap((item) =>
    boundErrors(item, requests, {}, 'PersistentVolumeClaim', true),
  )
}

function podErrors(attributes: AdmissionAttributes, services: Services): string[] {
  const pod = attributes.object as V1Pod
  const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])]
  const perContainer = itemsOf(services, attributes.namespace, 'Container').flatMap((item) =>
    containers.flatMap((c) =>
      boundErrors(item, parsed(c.resources?.requests), parsed(c.resources?.limits), 'Container', false),
    ),
  )
  const perPod = itemsOf(services, attributes.namespace, 'Pod').flatMap((item) =>
    boundErrors(item, sum(pod, 'requests'), sum(pod, 'limits'), 'Pod', false),
  )
  return [...perContainer, ...perPod]
}

/** What a pod needs at once: its containers together, or its hungriest init container. */
function sum(pod: V1Pod, field: 'requests' | 'limits'): List {
  const total: Record<string, Quantity> = {}
  for (const container of pod.spec?.containers ?? []) {
    for (const [name, quantity] of Object.entries(parsed(container.resources?.[field]))) {
      total[name] = total[name]?.add(quantity) ?? quantity
    }
  }
  for (const container of pod.spec?.initContainers ?? []) {
    for (const [name, quantity] of Object.entries(parsed(container.resources?.[field]))) {
      const have = total[name]
      if (container.restartPolicy === 'Always') total[name] = have?.add(quantity) ?? quantity
      else if (have === undefined || have.cmp(quantity) < 0) total[name] = quantity
    }
  }
  return total
}

function boundErrors(
  item: V1LimitRangeItem,
  requests: List,
  limits: List,
  type: string,
  requestsOnly: boolean,
): string[] {
  const errors: string[] = []
  for (const [name, min] of Object.entries(parsed(item.min))) {
    const request = own(requests, name)
    const limit = own(limits, name)
    const told = `minimum ${name} usage per ${type} is ${min.toString()}`
    if (request === undefined) errors.push(`${told}.  No request is specified`)
    else if (request.cmp(min) < 0) errors.push(`${told}, but request is ${request.toString()}`)
    else if (limit !== undefined && limit.cmp(min) < 0) errors.push(`${told}, but limit is ${limit.toString()}`)
  }
  for (const [name, max] of Object.entries(parsed(item.max))) {
    const request = own(requests, name)
    const limit = own(limits, name)
    const told = `maximum ${name} usage per ${type} is ${max.toString()}`
    if (!requestsOnly && limit === undefined) errors.push(`${told}.  No limit is specified`)
    else if (limit !== undefined && limit.cmp(max) > 0) errors.push(`${told}, but limit is ${limit.toString()}`)
    else if (request !== undefined && request.cmp(max) > 0) errors.push(`${told}, but request is ${request.toString()}`)
  }
  for (const [name, ratio] of Object.entries(parsed(item.maxLimitRequestRatio))) {
    const request = own(requests, name)
    const limit = own(limits, name)
    const told = `${name} max limit to request ratio per ${type} is ${ratio.toString()}`
    if (request === undefined || limit === undefined || request.isZero()) {
      errors.push(`${told}, but no request is specified or request is 0`)
    } else {
      const observed = limit.toNumber() / request.toNumber()
      if (observed > ratio.toNumber()) errors.push(`${told}, but provided ratio is ${observed.toFixed(6)}`)
    }
  }
  return errors
}
