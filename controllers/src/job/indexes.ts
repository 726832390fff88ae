/** Sets of completion indexes as text: "0,2-4,7". Source: concepts page "Jobs", "Completion mode". */
export function parseIndexes(text: string | undefined, completions: number): Set<number> {
  const found = new Set<number>()
  for (const part of (text ?? '').split(',')) {
    const match = /^([0-9]+)(?:-([0-9]+))?$/.exec(part.trim())
    if (match === null) continue
    const first = Number(match[1])
    const last = Math.min(Number(match[2] ?? match[1]), completions - 1)
    for (let i = first; i <= last; i++) found.add(i)
  }
  return found
}

export function formatIndexes(indexes: ReadonlySet<number>): string {
  const parts: string[] = []
  let first: number | undefined
  let last = -1
  const close = (): void => {
    if (first === undefined) return
    // Two in a row are named singly, as three are a range.
    if (last === first) parts.push(String(first))
    else if (last === first + 1) parts.push(String(first), String(last))
    else parts.push(`${first}-${last}`)
  }
  for (const index of [...indexes].sort((a, b) => a - b)) {
    if (first !== undefined && index === last + 1) last = index
    else {
      close()
      first = last = index
    }
  }
  close()
  return parts.join(',')
}
