/** The first key after every key that starts with the prefix; undefined for the empty prefix (all keys). ASCII prefixes only. */
export function prefixEnd(prefix: string): string | undefined {
  if (prefix === '') return undefined
  const last = prefix.length - 1
  return prefix.slice(0, last) + String.fromCharCode(prefix.charCodeAt(last) + 1)
}
