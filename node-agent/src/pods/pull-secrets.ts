import type { V1Secret } from '@kapell/openapi/types'

/** Credentials as CRI takes them. */
export interface RegistryAuth {
  username: string
  password: string
  serverAddress: string
  identityToken: string
}

interface DockerEntry {
  auth?: unknown
  username?: unknown
  password?: unknown
  identitytoken?: unknown
}

/** The credentials in these secrets that fit the image's registry, the most specific first. Broken ones are skipped. */
export function registryAuths(secrets: readonly V1Secret[], image: string): RegistryAuth[] {
  const host = registryHost(image)
  const found: { specific: number; auth: RegistryAuth }[] = []
  for (const secret of secrets) {
    for (const [server, entry] of entriesOf(secret)) {
      const place = server.replace(/^https?:\/\//, '').replace(/\/(v[12]\/?)?$/, '')
      const placeHost = place.split('/')[0]!
      const matches =
        hostMatches(placeHost, host) && (place === placeHost || `${host}/${pathOf(image)}`.startsWith(place))
      if (matches) found.push({ specific: place.length, auth: authOf(server, entry) })
    }
  }
  return found.sort((a, b) => b.specific - a.specific).map(({ auth }) => auth)
}

/** "docker.io" where the name begins with no host. */
function registryHost(image: string): string {
  const first = image.split('/')[0]!
  const isHost = image.includes('/') && (first.includes('.') || first.includes(':') || first === 'localhost')
  return isHost ? first : 'docker.io'
}

const pathOf = (image: string): string =>
  registryHost(image) === 'docker.io' ? image : image.slice(image.indexOf('/') + 1)

function hostMatches(pattern: string, host: string): boolean {
  if (pattern === 'index.docker.io') return host === 'docker.io'
  if (!pattern.startsWith('*.')) return pattern === host
  return host.endsWith(pattern.slice(1)) && host.split('.').length === pattern.split('.').length
}

function entriesOf(secret: V1Secret): [string, DockerEntry][] {
  try {
    const current = secret.data?.['.dockerconfigjson']
    const old = secret.data?.['.dockercfg']
    const parsed = JSON.parse(Buffer.from(current ?? old ?? '', 'base64').toString('utf8')) as unknown
    const auths = current === undefined ? parsed : (parsed as { auths?: unknown }).auths
    if (typeof auths !== 'object' || auths === null) return []
    return Object.entries(auths).filter(
      (entry): entry is [string, DockerEntry] => typeof entry[1] === 'object' && entry[1] !== null,
    )
  } catch {
    return []
  }
}

function authOf(serverAddress: string, entry: DockerEntry): RegistryAuth {
  const text = (value: unknown): string => (typeof value === 'string' ? value : '')
  const joined = Buffer.from(text(entry.auth), 'base64').toString('utf8')
  const colon = joined.indexOf(':')
  return {
    username: text(entry.username) || (colon < 0 ? '' : joined.slice(0, colon)),
    password: text(entry.password) || (colon < 0 ? '' : joined.slice(colon + 1)),
    identityToken: text(entry.identitytoken),
    serverAddress,
  }
}
