/** What goes wrong between the server and a webhook, in the words that clients of the original know. */

/** The webhook answered, but not as it should. */
export class WebhookAnswerError extends Error {}

const certificateProblems: Record<string, string> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'certificate signed by unknown authority',
  SELF_SIGNED_CERT_IN_CHAIN: 'certificate signed by unknown authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'certificate signed by unknown authority',
  UNABLE_TO_GET_ISSUER_CERT: 'certificate signed by unknown authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'certificate signed by unknown authority',
  CERT_HAS_EXPIRED: 'certificate has expired or is not yet valid',
  CERT_NOT_YET_VALID: 'certificate has expired or is not yet valid',
}

const connectProblems: Record<string, string> = {
  ECONNREFUSED: 'connect: connection refused',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
  ETIMEDOUT: 'connect: connection timed out',
}

const known = (table: Record<string, string>, code: string): string | undefined =>
  Object.hasOwn(table, code) ? table[code] : undefined

/** Why no answer came. */
export function serverUnreachableText(
  signal: AbortSignal,
  error: Error,
  { host, port }: { host: string; port: number },
): string {
  if (signal.aborted) return 'context deadline exceeded'
  const { code = '' } = error as NodeJS.ErrnoException
  const place = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
  const untrusted = known(certificateProblems, code)
  if (untrusted !== undefined) return `tls: failed to verify certificate: x509: ${untrusted}`
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const { reason = error.message } = error as { reason?: string }
    return `tls: failed to verify certificate: x509: certificate is not valid: ${reason}`
  }
  const unreachable = known(connectProblems, code)
  if (unreachable !== undefined) return `dial tcp ${place}: ${unreachable}`
  if (code === 'ENOTFOUND') return `dial tcp: lookup ${host}: no such host`
  if (code === 'ECONNRESET') return 'EOF'
  return error.message
}

/** Why an answer with this status code counts as a failure. */
export function refusedText(code: number, body: string): string {
  const told = statusMessage(body)
  if (told !== undefined) return told
  switch (code) {
    case 400:
      return 'the server rejected our request for an unknown reason'
    case 401:
      return 'the server has asked for the client to provide credentials'
    case 403:
      return body.trim() === '' ? 'the server does not allow this method on the requested resource' : body.trim()
    case 404:
      return 'the server could not find the requested resource'
    case 405:
      return 'the server does not allow this method on the requested resource'
    case 429:
      return 'the server has received too many requests and has asked us to try again later'
    case 503:
      return 'the server is currently unable to handle the request'
    case 504:
      return 'the server was unable to return a response in the time allotted, but may still be processing the request'
  }
  if (code < 500) return `the server responded with the status code ${code} but did not return more information`
  const shown = JSON.stringify(body.trim().slice(0, 2048))
  return `an error on the server (${shown}) has prevented the request from succeeding`
}

/** The message of a Status, where the body is one. */
function statusMessage(body: string): string | undefined {
  if (!body.startsWith('{')) return undefined
  try {
    const { kind, message } = JSON.parse(body) as { kind?: unknown; message?: unknown }
    return kind === 'Status' && typeof message === 'string' && message !== '' ? message : undefined
  } catch {
    return undefined
  }
}
