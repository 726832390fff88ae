/** As users know it from the original's events. */
export function dialError(error: NodeJS.ErrnoException, host: string, port: number): string {
  const words: Record<string, string> = {
    ECONNREFUSED: 'connect: connection refused',
    EHOSTUNREACH: 'connect: no route to host',
    ENETUNREACH: 'connect: network is unreachable',
    ETIMEDOUT: 'i/o timeout',
  }
  const known = words[error.code ?? '']
  if (known !== undefined) return `dial tcp ${host}:${port}: ${known}`
  return error.code === 'ECONNRESET' ? 'EOF' : error.message
}
