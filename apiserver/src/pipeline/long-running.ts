import type { RequestContext } from './context.ts'

const streams = new Set(['attach', 'exec', 'log', 'portforward', 'proxy'])

/** Requests that stay open by their nature: they have no deadline and take no place among those in flight. */
export function isLongRunning(context: RequestContext): boolean {
  const { verb, subresource } = context.info
  return verb === 'watch' || verb === 'proxy' || streams.has(subresource) || context.upgrade
}
