import { isReservedFor } from '@kapell/controllers/machinery/placement/resource-claims'
import { keyOf } from '@kapell/controllers/machinery/store'
import type { KubeObject } from '@kapell/openapi/meta/object'
import type { ResourceV1ResourceClaim, V1AllocationResult, V1DeviceClass, V1Pod } from '@kapell/openapi/types'
import { stateKey, type CycleState } from '../../framework/cycle-state.ts'
import type { Devices } from '../../framework/devices.ts'
import type { NodeInfo } from '../../framework/node-info.ts'
import { unresolvable, type Plugin, type PostFilterResult, type Verdict } from '../../framework/plugin.ts'
import type { PodInfo } from '../../framework/pod-info.ts'
import { claimKeysOf } from '@kapell/controllers/machinery/placement/resource-claims'
import { allocate, preference, type Allocation } from './allocate.ts'
import { bindingConditionsMet, reserveClaim, unreserveClaim } from './bind.ts'
import { claimsOf, isUsableOn, mayDeallocate, withoutAllocation, type PodClaim } from './claims.ts'
import { backedResources, extendedClaim, implicitPrefix, isLeftToDevices, type ExtendedClaim } from './extended.ts'
import { requestsOf, type ClaimToAllocate } from './requests.ts'
import { allocationResult } from './result.ts'
import { AllocationError, SelectorBook } from './selectors.ts'

const name = 'DynamicResources'

interface State {
  /** Those that have devices, and those to find devices for. */
  allocated: PodClaim[]
  open: ClaimToAllocate[]
  /** Extended resources that devices may stand in for. */
  backed: ReadonlyMap<string, V1DeviceClass>
  /** Claims whose devices are out of some node's reach. */
  unavailable: Set<string>
  /** By node, for those that fit. */
  found: Map<string, Found>
  reserved?: Reserved
}

interface Found {
  allocation: Allocation
  /** As the allocation has it: what is allocated last, if it is there. */
  extended?: ExtendedClaim & { open: ClaimToAllocate }
}

interface Reserved {
  /** By the claim's UID. */
  allocations: Map<string, V1AllocationResult>
  extended?: ExtendedClaim & { allocation: V1AllocationResult; made?: ResourceV1ResourceClaim }
  /** Nothing was written yet. */
  isFresh: boolean
}

const key = stateKey<State>(name)
/** The pre-filter was reached. */
const askedKey = stateKey<true>(`${name} asked`)

/**
 * Gives pods the devices that their claims, or the extended resources of their containers, ask for. Source: "Dynamic
 * Resource Allocation".
 */
export function dynamicResources(devices: Devices): Plugin {
  const selectors = new SelectorBook(devices.compileSelector)
  return {
    name,
    preEnqueue: (pod) => {
      if ((pod.spec?.resourceClaims ?? []).length === 0) return undefined
      const claims = claimsOf(pod, devices)
      return typeof claims === 'string' ? unresolvable(name, claims) : undefined
    },
    preFilter: (state, pod) => {
      state.write(askedKey, true)
      const known = preFilter(pod, devices)
      if (known === 'skip' || 'code' in known) return known
      state.write(key, known)
      return undefined
    },
    filter: (state, { pod }, node) => filter(state.read(key), pod, node, { devices, selectors }),
    postFilter: (state, { pod }) => (state.find(askedKey) === true ? postFilter(state, pod, devices) : neverAsked),
    preScore: (state) =>
      state.find(key)?.open.some(({ requests }) => requests.some((one) => one.isPrioritized)) === true
        ? undefined
        : 'skip',
    score: (state, _pod, node) => {
      const { open, found } = state.read(key)
      const allocation = found.get(node.name)?.allocation
      return open.reduce((sum, { requests }, i) => sum + preference(requests, allocation?.[i] ?? []), 0)
    },
    normalize: (_state, _pod, scores) => {
      const most = Math.max(...scores)
      for (const [i, score] of scores.entries()) scores[i] = most <= 0 ? 0 : Math.floor((score * 100) / most)
    },
    reserve: (state, { pod }, nodeName) => {
      const known = state.find(key)
      const found = known?.found.get(nodeName)
      if (known === undefined || found === undefined) return undefined
      const reserved: Reserved = { allocations: new Map(), isFresh: true }
      for (const [i, open] of known.open.entries()) {
        const allocation = allocationResult(open, found.allocation[i] ?? [], nodeName)
        const uid = open.claim.metadata?.uid ?? ''
        reserved.allocations.set(uid, allocation)
        devices.take(uid, allocation)
      }
      if (found.extended !== undefined) {
        const { open, claim, mappings } = found.extended
        const allocation = allocationResult(open, found.allocation[known.open.length] ?? [], nodeName)
        reserved.extended = { claim, mappings, allocation }
        devices.take(pod.metadata?.uid ?? '', allocation)
      }
      known.reserved = reserved
      return undefined
    },
    unreserve: (state, { pod }) => {
      const known = state.find(key)
      if (known?.reserved !== undefined) giveBack(known, known.reserved, pod, devices)
    },
    preBind: (state, { pod }, nodeName) => {
      const known = state.find(key)
      if (known?.reserved === undefined) return undefined
      return bind(known, known.reserved, { pod, nodeName, devices })
    },
    queueingHints: [
      { event: 'ResourceClaimAdd', isUseful: (pod, _before, after) => concernsClaim(pod, undefined, after) },
      { event: 'ResourceClaimUpdate', isUseful: concernsClaim },
      { event: 'ResourceClaimDelete' },
      { event: 'DeviceClassAdd' },
      { event: 'DeviceClassUpdate' },
      { event: 'ResourceSliceAdd' },
      { event: 'ResourceSliceUpdate' },
      { event: 'NodeAdd' },
      { event: 'NodeUpdate' },
      { event: 'PodUpdate' },
    ],
  }
}

function preFilter(pod: PodInfo, devices: Devices): State | Verdict | 'skip' {
  const backed = backedResources(pod, devices.classOfResource)
  if ((pod.pod.spec?.resourceClaims ?? []).length + backed.size === 0) return 'skip'
  const claims = claimsOf(pod.pod, devices)
  if (typeof claims === 'string') return unresolvable(name, claims)
  const known: State = { allocated: [], open: [], backed, unavailable: new Set(), found: new Map() }
  for (const one of claims) {
    if (one.claim.status?.allocation !== undefined) {
      known.allocated.push(one)
      continue
    }
    if (devices.isInFlight(one.claim.metadata?.uid ?? ''))
      return unresolvable(name, `resource claim ${one.key} is in the process of being allocated`)
    const open = toAllocate(one, devices)
    if (typeof open === 'string') return unresolvable(name, open)
    known.open.push(open)
  }
  return known
}

function toAllocate(one: PodClaim, devices: Devices): ClaimToAllocate | string {
  const requests = requestsOf(one.claim, devices.deviceClass)
  if (typeof requests === 'string') return requests
  return { ...one, requests, constraints: one.claim.spec?.devices?.constraints ?? [] }
}

function filter(
  known: State,
  pod: V1Pod,
  node: NodeInfo,
  { devices, selectors }: { devices: Devices; selectors: SelectorBook },
): Verdict | undefined {
  const outOfReach = known.allocated.filter(({ claim }) => !isUsableOn(claim, node.node))
  if (outOfReach.length > 0) {
    for (const one of outOfReach) known.unavailable.add(one.key)
    return unresolvable(name, 'resourceclaim not available on the node')
  }
  const extended = extendedOn(known, pod, node, devices)
  if (typeof extended === 'string') return unresolvable(name, extended)
  const claims = [...known.open, ...(extended === undefined ? [] : [extended.open])]
  if (claims.length === 0) {
    known.found.set(node.name, { allocation: [] })
    return undefined
  }
  const pools = devices.poolsOn(node)
  try {
    const allocation = allocate({ claims, pools, uses: devices.uses, selectors })
    if (allocation !== undefined) {
      known.found.set(node.name, { allocation, ...(extended === undefined ? {} : { extended }) })
      return undefined
    }
  } catch (error) {
    if (!(error instanceof AllocationError)) throw error
    const where = error.message.startsWith('timed out') ? `node ${node.name}: ` : ''
    return { code: 'error', plugin: name, reasons: [`${where}${error.message}`] }
  }
  const isPoolInvalid = pools.some(({ pool }) => pool.isInvalid)
  return unresolvable(name, isPoolInvalid ? 'invalid resource pools were encountered' : 'cannot allocate all claims')
}

function extendedOn({ backed }: State, pod: V1Pod, node: NodeInfo, devices: Devices): Found['extended'] | string {
  const here = new Map([...backed].filter(([resourceName]) => isLeftToDevices(resourceName, node)))
  if (here.size === 0) return undefined
  const made = extendedClaim(pod, here)
  const { namespace = '', generateName = '' } = made.claim.metadata ?? {}
  const open = toAllocate({ key: `${namespace}/${generateName}`, claim: made.claim }, devices)
  return typeof open === 'string' ? open : { ...made, open }
}

/** What upstream's says when a plug-in before it ruled out every node: nobody is preempted then. */
const neverAsked: PostFilterResult = { message: 'not found', isFinal: true }

/** Devices of claims that stand in the way and that nobody uses are given up. */
function postFilter(state: CycleState, pod: V1Pod, devices: Devices): PostFilterResult {
  const known = state.find(key)
  if (known === undefined) return { message: 'no new claims to deallocate' }
  for (const { key: claimKey } of known.allocated) {
    const claim = known.unavailable.has(claimKey) ? devices.claim(claimKey) : undefined
    if (claim === undefined || !mayDeallocate(claim, pod)) continue
    const makingRoom = devices.updateClaimStatus(withoutAllocation(claim)).then(() => undefined)
    return { message: 'deallocation of ResourceClaim completed', makingRoom }
  }
  return { message: 'still not schedulable' }
}

async function bind(
  known: State,
  reserved: Reserved,
  { pod, nodeName, devices }: { pod: V1Pod; nodeName: string; devices: Devices },
): Promise<void> {
  reserved.isFresh = false
  const written: ResourceV1ResourceClaim[] = []
  for (const { key: claimKey, claim } of [...known.allocated, ...known.open]) {
    const uid = claim.metadata?.uid ?? ''
    const latest = devices.claim(claimKey) ?? claim
    const allocation = reserved.allocations.get(uid)
    if (allocation === undefined && isReservedFor(latest, pod.metadata?.uid)) {
      written.push(latest)
      continue
    }
    try {
      const done = await reserveClaim(devices, pod, latest, allocation)
      devices.settle(uid, done)
      written.push(done)
    } catch (error) {
      throw new Error(`add reservation to claim ${claimKey}: ${(error as Error).message}`, { cause: error })
    }
  }
  if (reserved.extended !== undefined) written.push(await bindExtended(reserved.extended, pod, devices))
  await bindingConditionsMet(devices, pod, written, nodeName)
}

async function bindExtended(
  extended: NonNullable<Reserved['extended']>,
  pod: V1Pod,
  devices: Devices,
): Promise<ResourceV1ResourceClaim> {
  const made = await devices.createClaim(extended.claim)
  extended.made = made
  const done = await reserveClaim(devices, pod, made, extended.allocation)
  extended.made = done
  devices.settle(pod.metadata?.uid ?? '', done)
  await devices.patchPodStatus(pod, {
    extendedResourceClaimStatus: {
      requestMappings: extended.mappings,
      resourceClaimName: done.metadata?.name ?? '',
    },
  })
  return done
}

/** What was only decided is forgotten; what was written is taken back, in the background. */
function giveBack(known: State, reserved: Reserved, pod: V1Pod, devices: Devices): void {
  for (const uid of [...reserved.allocations.keys(), pod.metadata?.uid ?? ''])
    if (devices.isInFlight(uid)) devices.settle(uid)
  if (reserved.isFresh) return
  const ignore = (): void => {}
  for (const { key: claimKey } of [...known.allocated, ...known.open])
    unreserveClaim(devices, pod, claimKey).catch(ignore)
  if (reserved.extended?.made !== undefined) devices.deleteClaim(reserved.extended.made).catch(ignore)
}

/** A pod's own claims matter to it, and devices that become free. */
function concernsClaim(pod: V1Pod, before: unknown, after: unknown): boolean {
  if (claimKeysOf(pod).includes(keyOf(after as KubeObject))) return true
  const isAllocated = (claim: unknown): boolean =>
    (claim as ResourceV1ResourceClaim | undefined)?.status?.allocation !== undefined
  return isAllocated(before) && !isAllocated(after)
}

/** Node resources leave to this plug-in what devices stand in for. */
export function leavesToDevices(
  devices: Pick<Devices, 'classOfResource'> | undefined,
): (resourceName: string, node: NodeInfo) => boolean {
  if (devices === undefined) return () => false
  return (resourceName, node) =>
    (resourceName.includes('/') || resourceName.startsWith(implicitPrefix)) &&
    isLeftToDevices(resourceName, node) &&
    devices.classOfResource(resourceName) !== undefined
}
