import type { V1PodSpec } from '@kapell/openapi/types'
import { forbidden, invalid, required, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { own } from '@kapell/openapi/meta/own'
import { parseQuantity } from '@kapell/openapi/meta/quantity'
import { unsupported } from '../../../common/validation.ts'
import { isHugePage, mayOvercommit, validateAmount, validateClaims, validateResourceName } from './resources.ts'

/** A pod's own requests and limits, which its containers together must fit. Source: "Pod-level resources". */

const podResources = ['cpu', 'memory']

function validateName(name: string, at: FieldPath): FieldError[] {
  const wrong = name.includes('/') || !/^[A-Za-z0-9._-]+$/.test(name) ? validateResourceName(name, at) : []
  if (wrong.length > 0) return wrong
  return podResources.includes(name) || isHugePage(name) ? [] : [unsupported(at, name, ['cpu', 'hugepages-', 'memory'])]
}

export function validatePodResources(spec: V1PodSpec, claimNames: ReadonlySet<string>, at: FieldPath): FieldError[] {
  const { requests = {}, limits = {}, claims } = spec.resources ?? {}
  const errors: FieldError[] = []
  if ((claims ?? []).length > 0) {
    errors.push(forbidden(at.child('claims'), 'claims may not be set for Resources at pod-level'))
  }
  for (const name of Object.keys(limits).sort()) {
    const here = at.child('limits').key(name)
    errors.push(...validateName(name, here), ...validateAmount(name, limits[name] ?? '', here))
  }
  for (const name of Object.keys(requests).sort()) {
    const text = requests[name] ?? ''
    const here = at.child('requests').key(name)
    errors.push(...validateName(name, here), ...validateAmount(name, text, here))
    if (own(limits, name) === undefined && !mayOvercommit(name)) {
      errors.push(required(at.child('limits'), 'Limit must be set for non overcommitable resources'))
    }
    errors.push(...compare(spec, name, text, own(limits, name), at))
  }
  errors.push(...validateClaims(claims ?? [], claimNames, at.child('claims')))
  for (const [name, limit] of Object.entries(limits)) errors.push(...containersWithin(spec, name, limit, at))
  return errors
}

function compare(
  spec: V1PodSpec,
  name: string,
  text: string,
  limitText: string | undefined,
  at: FieldPath,
): FieldError[] {
  const errors: FieldError[] = []
  const request = parseQuantity(text)
  const limit = limitText === undefined ? undefined : parseQuantity(limitText)
  if (limit !== undefined && request.cmp(limit) > 0) {
    const detail = `must be less than or equal to ${name} limit of ${limit.toString()}`
    errors.push(invalid(at.child('requests'), request.toString(), detail))
  }
  const asked = (spec.containers ?? [])
    .flatMap((c) => own(c.resources?.requests, name) ?? [])
    .map((q) => parseQuantity(q))
  if (asked.length === 0) return errors
  const sum = asked.reduce((a, b) => a.add(b))
  if (request.cmp(sum) < 0) {
    const detail = `must be greater than or equal to aggregate container requests of ${sum.toString()}`
    errors.push(invalid(at.child('requests').key(name), request.toString(), detail))
  }
  return errors
}

/** No single container may have more than the pod. */
function containersWithin(spec: V1PodSpec, name: string, limitText: string, at: FieldPath): FieldError[] {
  const limit = parseQuantity(limitText)
  return (spec.containers ?? []).flatMap((container, i) => {
    const most = own(container.resources?.limits, name)
    if (most === undefined || parseQuantity(most).cmp(limit) <= 0) return []
    const here = at.child('containers').index(i).key(name).child('limits')
    return [
      invalid(here, parseQuantity(most).toString(), `must be less than or equal to pod limits of ${limit.toString()}`),
    ]
  })
}
