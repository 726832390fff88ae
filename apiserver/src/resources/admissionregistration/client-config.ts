import { invalid, required, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { dns1123Subdomain } from '@kapell/openapi/meta/names'
import type { WebhookConfig } from '../../server/webhook-client.ts'

/** Where a webhook listens: a URL or a Service. Source: "Dynamic Admission Control", "Contacting the webhook". */

const form = 'desired format: https://host[/path]'
// scheme, authority, path, query, fragment: RFC 3986, appendix B.
const urlParts = /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s

/** What is wrong with the text as a URL at all. */
function parseProblem(text: string): string | undefined {
  const problem = (why: string): string => `parse ${JSON.stringify(text)}: ${why}`
  if ([...text].some((one) => one < ' ' || one === '\x7f')) return problem('net/url: invalid control character in URL')
  if (text.startsWith(':')) return problem('missing protocol scheme')
  const [, , authority = ''] = urlParts.exec(text) ?? []
  const host = authority.slice(authority.lastIndexOf('@') + 1)
  const port = /^(?:\[[^\]]*\]|[^:]*)(:.*)?$/.exec(host)?.[1] ?? ''
  if (!/^(:\d*)?$/.test(port)) return problem(`invalid port ${JSON.stringify(port)} after host`)
  const character = /[\s<>"]/.exec(host)?.[0]
  if (character !== undefined) return problem(`invalid character ${JSON.stringify(character)} in host name`)
  const escape = /%(?![0-9A-Fa-f]{2}).{0,2}/.exec(text)?.[0]
  return escape === undefined ? undefined : problem(`invalid URL escape ${JSON.stringify(escape)}`)
}

function validateUrl(text: string, at: FieldPath): FieldError[] {
  const problem = parseProblem(text)
  if (problem !== undefined) return [required(at, `url must be a valid URL: ${problem}; ${form}`)]
  const [, scheme = '', authority = '', , query = '', fragment = ''] = urlParts.exec(text) ?? []
  const user = authority.includes('@') ? authority.slice(0, authority.lastIndexOf('@')) : ''
  const errors: FieldError[] = []
  if (scheme.toLowerCase() !== 'https') {
    errors.push(invalid(at, scheme, `'https' is the only allowed URL scheme; ${form}`))
  }
  if (authority.slice(authority.lastIndexOf('@') + 1) === '') {
    errors.push(invalid(at, '', `host must be specified; ${form}`))
  }
  if (user !== '') errors.push(invalid(at, user, 'user information is not permitted in the URL'))
  if (fragment !== '') errors.push(invalid(at, fragment, 'fragments are not permitted in the URL'))
  if (query !== '') errors.push(invalid(at, query, 'query parameters are not permitted in the URL'))
  return errors
}

function validatePath(path: string, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  if (!path.startsWith('/')) errors.push(invalid(at, path, "must start with a '/'"))
  const segments = path.slice(1).split('/')
  // A slash may end the path.
  if (segments.at(-1) === '' && segments.length > 1) segments.pop()
  for (const [i, segment] of segments.entries()) {
    if (segment === '') errors.push(invalid(at, path, `segment[${i}] may not be empty`))
    else for (const text of dns1123Subdomain(segment)) errors.push(invalid(at, path, `segment[${i}]: ${text}`))
  }
  return errors
}

export function validateClientConfig(config: WebhookConfig | undefined, at: FieldPath): FieldError[] {
  const { url, service } = config ?? {}
  if ((url === undefined) === (service === undefined)) {
    return [required(at, 'exactly one of url or service is required')]
  }
  if (service === undefined) return validateUrl(url ?? '', at.child('url'))
  const here = at.child('service')
  const errors: FieldError[] = []
  // The two are told of crosswise, as the original does.
  if ((service.name ?? '') === '') errors.push(required(here.child('namespace')))
  if ((service.namespace ?? '') === '') errors.push(required(here.child('name')))
  const { port = 443, path = '' } = service
  if (port < 1 || port > 65535) {
    errors.push(invalid(here.child('port'), port, 'port is not valid: must be between 1 and 65535, inclusive'))
  }
  if (path !== '' && path !== '/') errors.push(...validatePath(path, here.child('path')))
  return errors
}
