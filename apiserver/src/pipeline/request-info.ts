/** What a request asks for, read off its method, path and query alone. Source: "Authorization Overview", request verbs. */
export interface RequestInfo {
  isResourceRequest: boolean
  path: string
  /** Lower-case API verb of a resource request (get, list, watch, create, …); the lower-case method otherwise. */
  verb: string
  apiPrefix: string
  group: string
  version: string
  /** '' when the path names none. */
  namespace: string
  resource: string
  subresource: string
  name: string
  /** Whatever follows the subresource: the tail of a proxy path, without a leading slash. */
  rest: string
}

const methodVerbs: Record<string, string> = {
  GET: 'get',
  HEAD: 'get',
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
}

/** Subresources of a namespace itself, not resources in it. */
const namespaceSubresources = new Set(['status', 'finalize'])

/** Percent-decoded; what is broken stays as it is. */
export function decodePart(part: string): string {
  if (!part.includes('%')) return part
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

function nonResource(method: string, path: string): RequestInfo {
  return {
    isResourceRequest: false,
    path,
    verb: method.toLowerCase(),
    apiPrefix: '',
    group: '',
    version: '',
    namespace: '',
    resource: '',
    subresource: '',
    name: '',
    rest: '',
  }
}

/** Query flags are true unless they say "false" or "0", whatever else they say. */
export function queryFlag(value: string | null | undefined): boolean {
  return value !== null && value !== undefined && value !== '0' && value.toLowerCase() !== 'false'
}

/** `path` is percent-encoded and without the query. */
export function parseRequestInfo(method: string, path: string, query: URLSearchParams): RequestInfo {
  const info = nonResource(method, path)
  if (!path.startsWith('/api/') && !path.startsWith('/apis/')) return info
  // A slash that is written as an escape divides like any other.
  const parts = (path.includes('%') ? path.replace(/%2f/gi, '/') : path).split('/')
  parts.shift()
  if (parts.at(-1) === '') parts.pop()
  info.apiPrefix = parts[0] ?? ''
  const grouped = info.apiPrefix === 'apis'
  const start = grouped ? 3 : 2
  if (parts.length <= start) return info
  let rest = parts.slice(start)
  info.group = grouped ? decodePart(parts[1] ?? '') : ''
  info.version = decodePart(parts[grouped ? 2 : 1] ?? '')
  info.isResourceRequest = true
  info.verb = methodVerbs[method] ?? ''
  if (rest.length > 1 && (rest[0] === 'watch' || rest[0] === 'proxy')) {
    info.verb = rest[0]
    rest = rest.slice(1)
  }
  if (rest[0] === 'namespaces') {
    if (rest.length > 1) {
      info.namespace = decodePart(rest[1] ?? '')
      if (rest.length > 2 && !namespaceSubresources.has(rest[2] ?? '')) rest = rest.slice(2)
    }
  }
  info.resource = decodePart(rest[0] ?? '')
  info.name = decodePart(rest[1] ?? '')
  info.subresource = decodePart(rest[2] ?? '')
  info.rest = rest.slice(3).join('/')
  if (info.name === '' && info.verb === 'get') info.verb = queryFlag(query.get('watch')) ? 'watch' : 'list'
  if (info.name === '' && info.verb === 'delete') info.verb = 'deletecollection'
  if (info.name === '' && (info.verb === 'list' || info.verb === 'watch' || info.verb === 'deletecollection')) {
    const byName = /^metadata\.name==?([^,]+)$/.exec(query.get('fieldSelector') ?? '')
    if (byName?.[1] !== undefined) info.name = byName[1]
  }
  return info
}
