import type { NodePlacement, PodPlacement } from './resource.ts'

/** Beyond so many nodes the rest is counted, not shown. */
const shownNodes = 20

/** What `kubectl kapell why` prints: the answer first, then each node's part in it. */
export function renderPlacement({ metadata, status }: PodPlacement): string {
  const { nodeName, schedulerName, barredBy, nodes } = status
  const pod = `pod/${metadata?.name ?? ''}`
  const fitting = nodes.filter(({ fits }) => fits)
  const lines: string[] = []
  if (nodeName !== undefined) lines.push(`${pod} is on ${nodeName}. Placed anew now, it would find:`)
  else if (barredBy.length > 0) {
    lines.push(`${pod} is not looked at yet:`)
    for (const { plugin, reasons } of barredBy) lines.push(`  ${reasons.join(', ')} (${plugin})`)
  } else if (fitting.length > 0)
    lines.push(`${pod} fits ${fitting.length} of ${nodes.length} nodes, and waits for its turn with ${schedulerName}.`)
  else if (nodes.length === 0) lines.push(`${pod} waits: there are no nodes.`)
  else
    lines.push(`${pod} fits none of ${nodes.length} nodes. On any one of them, all that is named would have to change:`)
  lines.push('')
  for (const node of nodes.slice(0, shownNodes)) lines.push(...nodeLines(node, node.name === nodeName))
  if (nodes.length > shownNodes) lines.push(`… and ${nodes.length - shownNodes} more nodes (-o json shows all)`)
  return `${lines.join('\n')}\n`
}

function nodeLines({ name, fits, score = 0, scores = {}, objections = [] }: NodePlacement, isHere: boolean): string[] {
  const mark = isHere ? '*' : ' '
  if (fits) {
    const parts = Object.entries(scores).map(([plugin, value]) => `${plugin} ${value}`)
    return [`${mark} ${name}  fits, score ${score}${parts.length === 0 ? '' : ` (${parts.join(', ')})`}`]
  }
  return [
    `${mark} ${name}  does not fit`,
    ...objections.flatMap(({ plugin, reasons, details }) => {
      const said = details.length > 0 ? details : reasons
      return said.map((text) => `      ${text} (${plugin})`)
    }),
  ]
}
