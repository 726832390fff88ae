import { invalid, required, tooLong, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { cIdentifier, dns1123Subdomain } from '@kapell/openapi/meta/names'
import { nameErrors } from '../common/validation.ts'

/** Names that devices and their drivers go by. Source: "Dynamic Resource Allocation". */

const maxDriver = 63
const maxIdentifier = 32

/** Capital letters are let through: names of drivers are compared without their case. */
const anyCase = (name: string): string[] => dns1123Subdomain(name.toLowerCase())

export function driverName(name: string | undefined, at: FieldPath): FieldError[] {
  if (name === undefined || name === '') return [required(at)]
  return [...(name.length > maxDriver ? [tooLong(at, maxDriver)] : []), ...nameErrors(at, name, anyCase)]
}

/** "model" or "driver.example.com/model". */
export function attributeName(name: string, at: FieldPath): FieldError[] {
  const parts = name.split('/')
  if (parts.length > 2) return [invalid(at, name, 'too many slashes')]
  if (parts.length === 1) return identifier(name, name, at)
  const [domain = '', rest = ''] = parts
  return [
    ...(domain === '' ? [invalid(at, '', 'the domain must not be empty')] : driverName(domain, at)),
    ...(rest === '' ? [invalid(at, '', 'the name must not be empty')] : identifier(rest, rest, at)),
  ]
}

/** One with more than one slash is not looked into. */
export function fullyQualifiedName(name: string, at: FieldPath): FieldError[] {
  if (name.split('/').length > 2) return []
  const errors = attributeName(name, at)
  if (!name.includes('/'))
    errors.push(invalid(at, name, 'a fully qualified name must be a domain and a name separated by a slash'))
  return errors
}

function identifier(text: string, shown: string, at: FieldPath): FieldError[] {
  return [
    ...(text.length > maxIdentifier ? [tooLong(at, maxIdentifier)] : []),
    ...cIdentifier(text).map((message) => invalid(at, shown, message)),
  ]
}
