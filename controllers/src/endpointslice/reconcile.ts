import type { V1Endpoint, V1EndpointSlice, V1Service } from '@kapell/openapi/types'
import { sameMeaning } from '../shared/equal.ts'
import { groupId, newSlice, sliceLabels, type EndpointGroup } from './desired.ts'

/** Source: concepts page "EndpointSlices". */
export const maxEndpointsPerSlice = 100

export interface SlicePlan {
  create: V1EndpointSlice[]
  update: V1EndpointSlice[]
  delete: V1EndpointSlice[]
}

/**
 * The fewest writes that make `existing` hold `groups`: endpoints stay where they are, leave slices in place, new
 * ones fill slices that change anyway, then those with room, and only then make new slices.
 */
export function planSlices(
  service: V1Service,
  existing: readonly V1EndpointSlice[],
  groups: readonly EndpointGroup[],
): SlicePlan {
  const plan: SlicePlan = { create: [], update: [], delete: [] }
  const byGroup = new Map<string, V1EndpointSlice[]>()
  for (const slice of existing) {
    const id = groupId(slice.addressType, slice.ports)
    byGroup.set(id, [...(byGroup.get(id) ?? []), slice])
  }
  const spare: V1EndpointSlice[] = []
  const wanted = new Set(groups.map((group) => groupId(group.addressType, group.ports)))
  for (const [id, slices] of byGroup) if (!wanted.has(id)) spare.push(...slices)
  for (const group of groups)
    planGroup(service, group, byGroup.get(groupId(group.addressType, group.ports)) ?? [], spare, plan)
  plan.delete.push(...spare)
  return plan
}

function planGroup(
  service: V1Service,
  group: EndpointGroup,
  slices: readonly V1EndpointSlice[],
  spare: V1EndpointSlice[],
  plan: SlicePlan,
): void {
  const missing = new Map(group.endpoints.map((endpoint) => [identity(endpoint), endpoint]))
  const labels = sliceLabels(service)
  const states = slices.map((slice) => {
    const kept: V1Endpoint[] = []
    let changed = !sameMeaning(slice.metadata?.labels, labels)
    for (const endpoint of slice.endpoints ?? []) {
      const next = missing.get(identity(endpoint))
      if (next === undefined) changed = true
      else {
        missing.delete(identity(endpoint))
        if (!sameMeaning(endpoint, next)) changed = true
        kept.push(next)
      }
    }
    return { slice, kept, changed }
  })

  // Slices to be written anyway first, then the fullest that have room.
  const order = [...states].sort((a, b) => Number(b.changed) - Number(a.changed) || b.kept.length - a.kept.length)
  const left = [...missing.values()]
  for (const state of order) {
    const room = maxEndpointsPerSlice - state.kept.length
    if (left.length === 0 || room <= 0) continue
    state.kept.push(...left.splice(0, room))
    state.changed = true
  }
  // A group keeps one slice, empty if need be: it says that there is nothing.
  const used = states.filter(({ kept }) => kept.length > 0)
  const keep = used.length > 0 || left.length > 0 ? used : states.slice(0, 1)
  for (const state of states) {
    if (!keep.includes(state)) plan.delete.push(state.slice)
    else if (state.changed || (state.kept.length === 0 && (state.slice.endpoints?.length ?? 0) > 0))
      plan.update.push({ ...state.slice, metadata: { ...state.slice.metadata, labels }, endpoints: state.kept })
  }
  const needsEmpty = keep.length === 0 && left.length === 0
  while (left.length > 0) place(left.splice(0, maxEndpointsPerSlice))
  if (needsEmpty) place([])

  function place(endpoints: V1Endpoint[]): void {
    // A slice that is no longer needed as it was can serve with other ports; its family never changes.
    const at = spare.findIndex(({ addressType }) => addressType === group.addressType)
    const reused = at < 0 ? undefined : spare.splice(at, 1)[0]
    if (reused === undefined) plan.create.push(newSlice(service, group, endpoints))
    else plan.update.push({ ...reused, metadata: { ...reused.metadata, labels }, endpoints, ports: group.ports })
  }
}

const identity = ({ targetRef, addresses }: V1Endpoint): string => `${targetRef?.uid ?? ''} ${addresses.join()}`
