import { required, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { dns1123Subdomain, pathSegmentName } from '@kapell/openapi/meta/names'
import { nameErrors } from '../common/validation.ts'

interface TypedRef {
  apiGroup?: string | null
  kind?: string
  name?: string
}

/** An object of any kind, referred to by group, kind and name. Source: Ingress v1 networking. */
export function validateTypedRef({ apiGroup, kind = '', name = '' }: TypedRef, at: FieldPath): FieldError[] {
  return [
    ...(apiGroup == null ? [] : nameErrors(at.child('apiGroup'), apiGroup, dns1123Subdomain)),
    ...(kind === '' ? [required(at.child('kind'))] : nameErrors(at.child('kind'), kind, pathSegmentName)),
    ...(name === '' ? [required(at.child('name'))] : nameErrors(at.child('name'), name, pathSegmentName)),
  ]
}
