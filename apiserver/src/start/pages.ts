import type { KeyObject } from 'node:crypto'
import type { RemoteGroups } from '../aggregation/remote-groups.ts'
import { keyIdOf } from '../authentication/token-service.ts'
import { orderedGroups } from '../endpoints/discovery.ts'
import type { ResourceTable } from '../registry/resource-table.ts'

/** Who signs service accounts' tokens, and with which key. Source: "Service account issuer discovery". */
export function issuerDocuments(parts: {
  issuer: string
  /** "HOST:PORT" of this server. */
  address: () => string
  publicKey: KeyObject
}): Record<string, () => { type: string; value: unknown }> {
  const { issuer, address, publicKey } = parts
  return {
    '/.well-known/openid-configuration': () => ({
      type: 'application/json',
      value: {
        issuer,
        jwks_uri: `https://${address()}/openid/v1/jwks`,
        response_types_supported: ['id_token'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['ES256'],
      },
    }),
    '/openid/v1/jwks': () => ({
      type: 'application/jwk-set+json',
      value: {
        keys: [{ use: 'sig', kid: keyIdOf(publicKey), alg: 'ES256', ...publicKey.export({ format: 'jwk' }) }],
      },
    }),
  }
}

/** What a GET of / lists. */
export function indexPaths(table: ResourceTable, remote: RemoteGroups): string[] {
  const groups = orderedGroups(table, remote)
  const elsewhere = remote.list().map(({ group, version }) => `/apis/${group}/${version}`)
  return [
    '/.well-known/openid-configuration',
    '/api',
    '/api/v1',
    '/apis',
    ...groups.flatMap((group) => [`/apis/${group}`, ...table.versionsOf(group).map((v) => `/apis/${group}/${v}`)]),
    '/healthz',
    '/livez',
    '/metrics',
    '/openapi/v2',
    '/openapi/v3',
    '/openid/v1/jwks',
    '/readyz',
    '/version',
    ...elsewhere,
  ]
    .filter((path, i, all) => all.indexOf(path) === i)
    .sort()
}
