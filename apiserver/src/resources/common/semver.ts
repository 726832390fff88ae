/** Versions of software. Source: Semantic Versioning 2.0.0. */
const form =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-([\dA-Za-z-]+(?:\.[\dA-Za-z-]+)*))?(?:\+[\dA-Za-z-]+(?:\.[\dA-Za-z-]+)*)?$/

export const isSemver = (text: string): boolean => form.test(text)

/** Below zero when `a` comes before `b`; both must be versions. */
export function compareSemver(a: string, b: string): number {
  const [, aMajor = '', aMinor = '', aPatch = '', aPre] = form.exec(a) ?? []
  const [, bMajor = '', bMinor = '', bPatch = '', bPre] = form.exec(b) ?? []
  const numbers = compareLists([aMajor, aMinor, aPatch], [bMajor, bMinor, bPatch])
  if (numbers !== 0 || aPre === bPre) return numbers
  // What has a pre-release comes before what has none.
  if (aPre === undefined || bPre === undefined) return aPre === undefined ? 1 : -1
  return compareLists(aPre.split('.'), bPre.split('.'))
}

function compareLists(a: readonly string[], b: readonly string[]): number {
  for (const [i, part] of a.entries()) {
    const other = b[i]
    if (other === undefined) return 1
    const order = compareParts(part, other)
    if (order !== 0) return order
  }
  return a.length - b.length
}

/** Numbers by their value, and before words. */
function compareParts(a: string, b: string): number {
  const [isNumber, otherIsNumber] = [/^\d+$/.test(a), /^\d+$/.test(b)]
  if (isNumber !== otherIsNumber) return isNumber ? -1 : 1
  if (isNumber && a.length !== b.length) return a.length - b.length
  return a < b ? -1 : a > b ? 1 : 0
}
