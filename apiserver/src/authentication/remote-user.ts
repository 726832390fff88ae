import type { UserInfo } from './user.ts'

/**
 * Who asks, in headers: how an aggregating server tells the servers behind it, which believe its client certificate.
 * Source: "Configure the Aggregation Layer".
 */
const userHeader = 'x-remote-user'
const uidHeader = 'x-remote-uid'
const groupHeader = 'x-remote-group'
const extraPrefix = 'x-remote-extra-'

/** The headers by which a front proxy names a user; whatever a client sends under these names must not come through. */
export const isRemoteUserHeader = (name: string): boolean =>
  name === userHeader || name === uidHeader || name === groupHeader || name.startsWith(extraPrefix)

const tokenByte = /[!#$&'*+.^_`|~0-9A-Za-z-]/

/** What may not stand in a header's name is percent-encoded, and the percent sign itself. */
const headerKey = (key: string): string =>
  [...Buffer.from(key.toLowerCase())]
    .map((byte) => {
      const char = String.fromCharCode(byte)
      return tokenByte.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
    })
    .join('')

export function remoteUserHeaders(user: UserInfo): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = { [userHeader]: user.username }
  if (user.uid !== undefined && user.uid !== '') headers[uidHeader] = user.uid
  if (user.groups.length > 0) headers[groupHeader] = [...user.groups]
  for (const [key, values] of Object.entries(user.extra ?? {})) {
    if (values.length > 0) headers[`${extraPrefix}${headerKey(key)}`] = [...values]
  }
  return headers
}

function decoded(key: string): string {
  try {
    return decodeURIComponent(key)
  } catch {
    return key
  }
}

const split = (value: string): string[] => value.split(/,\s*/).filter((one) => one !== '')

/** The user that such headers name; undefined when they name none. */
export function readRemoteUser(headers: Iterable<[string, string]>): UserInfo | undefined {
  let username = ''
  let uid = ''
  const groups: string[] = []
  const extra: Record<string, string[]> = {}
  for (const [name, value] of headers) {
    if (name === userHeader) username = split(value)[0] ?? ''
    else if (name === uidHeader) uid = value
    else if (name === groupHeader) groups.push(...split(value))
    else if (name.startsWith(extraPrefix)) {
      const key = decoded(name.slice(extraPrefix.length))
      Object.defineProperty(extra, key, { value: split(value), enumerable: true, configurable: true })
    }
  }
  if (username === '') return undefined
  return {
    username,
    ...(uid === '' ? {} : { uid }),
    groups,
    ...(Object.keys(extra).length === 0 ? {} : { extra }),
  }
}
