import type { RequestContext } from '../pipeline/context.ts'

/** So many objects of a list are worth one seat; no request takes more than the most. Source: upstream's work estimator. */
const objectsPerSeat = 100
const maxSeats = 10

/** How much of the server a request takes: lists by the objects that are looked at, everything else one seat. */
export function seatsOf(context: RequestContext, count: (context: RequestContext) => number): number {
  const { info } = context
  if (info.verb !== 'list' || info.name !== '' || info.subresource !== '') return 1
  const stored = count(context)
  const limit = context.rawQuery.includes('limit') ? Number(context.query.get('limit') ?? 0) : 0
  const isFiltered = context.rawQuery.includes('Selector')
  // Whoever filters has all of them looked at, whatever the limit.
  const looked = Number.isInteger(limit) && limit > 0 && !isFiltered ? Math.min(limit, stored) : stored
  return Math.min(maxSeats, Math.max(1, Math.ceil(looked / objectsPerSeat)))
}
