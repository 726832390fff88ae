import type { TokenService } from '../registry/services.ts'
import type { CredentialCheck } from './authenticator.ts'

/** `Authorization: Bearer …`, checked by the token service; browsers' WebSockets carry it as a sub-protocol. */
export function bearerTokenCheck(tokens: () => TokenService): CredentialCheck {
  return (context) => {
    const header = context.header('authorization')
    let token = ''
    if (header !== undefined) {
      const space = header.indexOf(' ')
      if (header.slice(0, space).toLowerCase() !== 'bearer') return 'none'
      token = header.slice(space + 1).trim()
    } else if (context.upgrade) {
      const marker = 'base64url.bearer.authorization.k8s.io.'
      const protocol = (context.header('sec-websocket-protocol') ?? '')
        .split(',')
        .map((p) => p.trim())
        .find((p) => p.startsWith(marker))
      if (protocol !== undefined) token = Buffer.from(protocol.slice(marker.length), 'base64url').toString()
    }
    if (token === '') return 'none'
    const service = tokens()
    return service
      .review(token, [...service.defaultAudiences])
      .then((outcome) => ('user' in outcome ? outcome.user : 'wrong'))
  }
}
