import type { TLSSocket } from 'node:tls'
import type { CredentialCheck } from './authenticator.ts'
import { isSignedBy } from './peer-certificate.ts'
import { readRemoteUser } from './remote-user.ts'

/**
 * Headers of a front proxy, where the connection shows a client certificate of the front proxies' own authority and one
 * of the names that are allowed (none given: any). Without the headers, or from anybody else, it finds nothing.
 */
export function requestHeaderCheck(options: { authority: string; allowedNames: readonly string[] }): CredentialCheck {
  const known = new WeakMap<TLSSocket, boolean>()
  const signed = isSignedBy(options.authority)
  const isProxy = (connection: TLSSocket): boolean => {
    if (!connection.authorized || !signed(connection)) return false
    const name = connection.getPeerCertificate()?.subject?.CN
    const names = Array.isArray(name) ? name : [name]
    return options.allowedNames.length === 0 || names.some((one) => options.allowedNames.includes(one ?? ''))
  }
  return (context) => {
    const { connection } = context
    if (connection === undefined || context.header('x-remote-user') === undefined) return 'none'
    let believed = known.get(connection)
    if (believed === undefined) known.set(connection, (believed = isProxy(connection)))
    if (!believed) return 'none'
    const user = readRemoteUser(context.headers())
    if (user === undefined) return 'none'
    const { groups } = user
    const authenticated = 'system:authenticated'
    const isNobody = user.username === 'system:anonymous' || groups.includes('system:unauthenticated')
    return groups.includes(authenticated) || isNobody ? user : { ...user, groups: [...groups, authenticated] }
  }
}
