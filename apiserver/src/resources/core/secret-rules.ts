import type { V1Secret } from '@kapell/openapi/types'
import { invalid, required, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { configMapKey } from '@kapell/openapi/meta/names'
import { jsonProblem } from '../common/json-problem.ts'
import { nameErrors } from '../common/validation.ts'
import { tooMuchData } from './data-rules.ts'

/** `stringData` is written in plain text and kept in `data`. Source: Secret v1 core. */
export function defaultSecret(secret: V1Secret): void {
  if ((secret.type ?? '') === '') secret.type = 'Opaque'
  if (secret.stringData === undefined) return
  const encoded = Object.entries(secret.stringData).map(([key, text]) => [key, Buffer.from(text).toString('base64')])
  if (encoded.length > 0) secret.data = { ...secret.data, ...(Object.fromEntries(encoded) as Record<string, string>) }
  delete secret.stringData
}

/** Types that promise certain keys. Source: "Types of Secret". */
const needed: Readonly<Record<string, readonly string[]>> = {
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
}

const accountAnnotation = 'kubernetes.io/service-account.name'

export function validateSecret(secret: V1Secret, at: FieldPath): FieldError[] {
  const data = at.child('data')
  const errors = Object.keys(secret.data ?? {}).flatMap((key) => nameErrors(data.key(key), key, configMapKey))
  errors.push(...tooMuchData(at, undefined, secret.data, 'data'))
  const type = secret.type ?? ''
  for (const key of needed[type] ?? []) {
    const value = secret.data?.[key]
    if (value === undefined || (value === '' && type === 'kubernetes.io/ssh-auth')) errors.push(required(data.key(key)))
    else if (type.startsWith('kubernetes.io/dockerc')) {
      const problem = jsonProblem(Buffer.from(value, 'base64').toString())
      if (problem !== undefined) errors.push(invalid(data.key(key), '<secret contents redacted>', problem))
    }
  }
  if (
    type === 'kubernetes.io/basic-auth' &&
    secret.data?.['username'] === undefined &&
    secret.data?.['password'] === undefined
  ) {
    errors.push(required(data.key('username')), required(data.key('password')))
  }
  if (
    type === 'kubernetes.io/service-account-token' &&
    (secret.metadata?.annotations?.[accountAnnotation] ?? '') === ''
  ) {
    errors.push(required(at.child('metadata', 'annotations').key(accountAnnotation)))
  }
  return errors
}
