import {
  forbidden,
  invalid,
  notSupported,
  required,
  type FieldError,
  type FieldPath,
} from '@kapell/openapi/meta/field-errors'
import { dns1035Label, dns1123Subdomain } from '@kapell/openapi/meta/names'
import type { CrdConversion, WebhookClientConfig } from './types.ts'

const known = ['v1', 'v1beta1']

function reviewVersionErrors(versions: readonly string[], at: FieldPath): FieldError[] {
  if (versions.length === 0) return [required(at)]
  const errors: FieldError[] = []
  versions.forEach((version, i) => {
    if (versions.indexOf(version) < i) errors.push(invalid(at.index(i), version, 'duplicate version'))
    errors.push(...dns1035Label(version).map((why) => invalid(at.index(i), version, why)))
  })
  if (!versions.some((version) => known.includes(version))) {
    errors.push(invalid(at, versions, `must include at least one of ${known.join(', ')}`))
  }
  return errors
}

function urlErrors(text: string, at: FieldPath): FieldError[] {
  const form = 'desired format: https://host[/path]'
  if (!URL.canParse(text)) return [required(at, `url must be a valid URL: ${text}; ${form}`)]
  const url = new URL(text)
  const scheme = url.protocol.replace(/:$/, '')
  const errors: FieldError[] = []
  if (scheme !== 'https') errors.push(invalid(at, scheme, `'https' is the only allowed URL scheme; ${form}`))
  if (url.host === '') errors.push(invalid(at, url.host, `host must be specified; ${form}`))
  const user = url.username === '' ? '' : `${url.username}${url.password === '' ? '' : `:${url.password}`}`
  if (user !== '') errors.push(invalid(at, user, 'user information is not permitted in the URL'))
  if (url.hash !== '') errors.push(invalid(at, url.hash.slice(1), 'fragments are not permitted in the URL'))
  if (url.search !== '') {
    errors.push(invalid(at, url.search.slice(1), 'query parameters are not permitted in the URL'))
  }
  return errors
}

function pathErrors(path: string, at: FieldPath): FieldError[] {
  if (path === '') return []
  const errors: FieldError[] = []
  if (!path.startsWith('/')) errors.push(invalid(at, path, "must start with a '/'"))
  if (path === '/') return errors
  const segments = path.replace(/^\//, '').replace(/\/$/, '').split('/')
  segments.forEach((segment, i) => {
    if (segment === '') errors.push(invalid(at, path, `segment[${i}] may not be empty`))
    else errors.push(...dns1123Subdomain(segment).map((why) => invalid(at, path, `segment[${i}]: ${why}`)))
  })
  return errors
}

/** Where a webhook is to be found: by a URL or by a Service. */
export function clientConfigErrors(config: WebhookClientConfig, at: FieldPath): FieldError[] {
  const { url, service } = config
  if ((url === undefined) === (service === undefined))
    return [required(at, 'exactly one of url or service is required')]
  if (url !== undefined) return urlErrors(url, at.child('url'))
  const where = at.child('service')
  const errors: FieldError[] = []
  // The original has the two the wrong way round.
  if ((service?.namespace ?? '') === '') errors.push(required(where.child('name')))
  if ((service?.name ?? '') === '') errors.push(required(where.child('namespace')))
  const port = service?.port ?? 443
  if (port < 1 || port > 65_535) {
    errors.push(invalid(where.child('port'), port, 'port is not valid: must be between 1 and 65535, inclusive'))
  }
  return [...errors, ...pathErrors(service?.path ?? '', where.child('path'))]
}

export function validateConversion(conversion: CrdConversion | undefined, at: FieldPath): FieldError[] {
  const { strategy, webhook } = conversion ?? { strategy: 'None' }
  const versions = webhook?.conversionReviewVersions ?? []
  if (strategy === 'Webhook') {
    const where = at.child('webhookClientConfig')
    return [
      ...(webhook?.clientConfig === undefined
        ? [required(where, 'required when strategy is set to Webhook')]
        : clientConfigErrors(webhook.clientConfig, where)),
      ...reviewVersionErrors(versions, at.child('conversionReviewVersions')),
    ]
  }
  const unknown =
    (strategy ?? '') === ''
      ? [required(at.child('strategy'))]
      : strategy === 'None'
        ? []
        : [notSupported(at.child('strategy'), strategy, ['None', 'Webhook'])]
  const why = 'should not be set when strategy is not set to Webhook'
  return [
    ...unknown,
    ...(webhook?.clientConfig === undefined ? [] : [forbidden(at.child('webhookClientConfig'), why)]),
    ...(versions.length === 0 ? [] : [forbidden(at.child('conversionReviewVersions'), why)]),
  ]
}
