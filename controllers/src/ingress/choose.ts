import { ingressAnnotation } from '@kapell/controllers/machinery/ingress-class'
import type { V1Node } from '@kapell/openapi/types'
import { usableNodes } from '../load-balancer/choose.ts'

/** Where Ingresses are served, or why nowhere, in words for an event. */
export type Served = { addresses: string[] } | { problem: string }

/** The addresses of the ready nodes whose proxy listens; one that cannot says why. */
export function whereServed(nodes: readonly V1Node[]): Served {
  const said = nodes.flatMap((node) => {
    const text = node.metadata?.annotations?.[ingressAnnotation]
    return text === undefined ? [] : [{ node, text }]
  })
  const serving = said.filter(({ text }) => /^\d/.test(text)).map(({ node }) => node)
  const addresses = [...new Set(usableNodes(serving).map(({ address }) => address))]
  if (addresses.length > 0) return { addresses }
  const why = said.filter(({ text }) => text.startsWith('error: '))
  if (why.length === 0) return { addresses: [] }
  return {
    problem: `no node serves Ingresses: ${why
      .slice(0, 3)
      .map(({ node, text }) => `${node.metadata?.name}: ${text.slice('error: '.length)}`)
      .join('; ')}`,
  }
}
