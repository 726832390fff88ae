import { claimNameOf, isReservedFor } from '@kapell/controllers/machinery/placement/resource-claims'
import { errorText } from '@kapell/controllers/machinery/log'
import type { ResourceV1ResourceClaim, V1Container, V1Pod } from '@kapell/openapi/types'
import { editsOf, type CdiSpec, type ContainerEdits } from './cdi.ts'
import type { DeviceDrivers } from './drivers.ts'
import type { PreparedClaim, PreparedClaims } from './prepared.ts'

/** Devices of pods' claims, on this node. */
export interface PodDevices {
  /** Has the drivers make them ready. Throws with what stands in the way. */
  prepare(pod: V1Pod): Promise<void>
  /** What a container gets of them. */
  ofContainer(pod: V1Pod, container: V1Container): Promise<ContainerDevices>
  /** The pod's containers have ended: what nobody uses any more goes back to the drivers. */
  release(podUid: string): Promise<void>
}

/** By name where the runtime knows what devices mean, else what they mean. */
export interface ContainerDevices extends ContainerEdits {
  cdiIds: string[]
}

export interface PodDevicesOptions {
  drivers: Pick<DeviceDrivers, 'get'>
  prepared: PreparedClaims
  claim(namespace: string, name: string): Promise<ResourceV1ResourceClaim>
  /** Set when the runtime cannot look devices up itself. */
  cdiSpecs?: () => Promise<readonly CdiSpec[]>
}

/** One entry of a pod: "" is the claim for its extended resources. */
interface Use {
  entry: string
  claimName: string
}

export function createPodDevices(options: PodDevicesOptions): PodDevices {
  const { drivers, prepared } = options
  const oneAtATime = keyedLock()

  const prepareClaim = async (pod: V1Pod, { claimName }: Use): Promise<void> => {
    const { namespace = '', name = '', uid: podUid = '' } = pod.metadata ?? {}
    if (prepared.ofPod(podUid).some((known) => known.name === claimName && known.isReady)) return
    const claim = await options.claim(namespace, claimName)
    const uid = claim.metadata?.uid ?? ''
    if (!isReservedFor(claim, podUid))
      throw new Error(`pod ${name} (${podUid}) is not allowed to use ResourceClaim ${claimName} (${uid})`)
    await oneAtATime(uid, async () => {
      const known = prepared.get(uid)
      if (known?.isReady === true && known.pods.includes(podUid)) return
      const results = claim.status?.allocation?.devices?.results ?? []
      const names = [...new Set(results.map(({ driver }) => driver))]
      const clients = names.map((driver) => ({ driver, client: drivers.get(driver) }))
      const pods = [...new Set([...(known?.pods ?? []), podUid])]
      const entry: PreparedClaim = {
        namespace,
        name: claimName,
        uid,
        drivers: names,
        pods,
        isReady: false,
        devices: [],
      }
      if (known?.isReady === true) return prepared.set({ ...known, pods })
      // Whatever happens now, it is known that something was begun.
      await prepared.set(entry)
      const devices: PreparedClaim['devices'] = []
      for (const { client } of clients) {
        const { claims } = await client.nodePrepareResources({ claims: [{ namespace, name: claimName, uid }] })
        const answer = claims[uid]
        if (answer === undefined) throw new Error(`NodePrepareResources skipped 1 ResourceClaims`)
        if (answer.error !== '')
          throw new Error(`NodePrepareResources failed for ResourceClaim ${claimName}: ${answer.error}`)
        for (const { requestNames, cdiDeviceIds } of answer.devices)
          devices.push({ requests: [...requestNames], cdiIds: [...cdiDeviceIds] })
      }
      await prepared.set({ ...entry, isReady: true, devices })
    })
  }

  const releaseClaim = (podUid: string, uid: string): Promise<void> =>
    oneAtATime(uid, async () => {
      const known = prepared.get(uid)
      if (known === undefined) return
      const pods = known.pods.filter((one) => one !== podUid)
      if (pods.length > 0) return prepared.set({ ...known, pods })
      const { namespace, name } = known
      for (const driver of known.drivers) {
        const { claims } = await drivers.get(driver).nodeUnprepareResources({ claims: [{ namespace, name, uid }] })
        const error = claims[uid]?.error ?? ''
        if (error !== '') throw new Error(`NodeUnprepareResources failed for ResourceClaim ${name}: ${error}`)
      }
      await prepared.delete(uid)
    })

  return {
    prepare: async (pod) => {
      try {
        for (const use of usesOf(pod)) await prepareClaim(pod, use)
      } catch (error) {
        throw new Error(`prepare dynamic resources: ${errorText(error)}`, { cause: error })
      }
    },
    ofContainer: async (pod, container) => {
      const claims = prepared.ofPod(pod.metadata?.uid ?? '')
      const ids = [...new Set(usesOf(pod).flatMap((use) => idsFor(pod, container, use, claims)))]
      const nothing = { cdiIds: ids, env: [], mounts: [], deviceNodes: [] }
      if (ids.length === 0 || options.cdiSpecs === undefined) return nothing
      return { ...editsOf(ids, await options.cdiSpecs()), cdiIds: [] }
    },
    release: async (podUid) => {
      for (const { uid } of prepared.ofPod(podUid)) await releaseClaim(podUid, uid)
    },
  }
}

/** Throws while one of the pod's claims has not been made. */
function usesOf(pod: V1Pod): Use[] {
  const uses = (pod.spec?.resourceClaims ?? []).flatMap((entry): Use[] => {
    const found = claimNameOf(pod, entry)
    if (found === 'pending') throw new Error(`claim ${entry.name}: ResourceClaim not created yet`)
    return found === 'none' ? [] : [{ entry: entry.name, claimName: found.name }]
  })
  const extended = pod.status?.extendedResourceClaimStatus?.resourceClaimName
  return extended === undefined ? uses : [...uses, { entry: '', claimName: extended }]
}

function idsFor(pod: V1Pod, container: V1Container, use: Use, claims: readonly PreparedClaim[]): string[] {
  const claim = claims.find(({ name }) => name === use.claimName)
  if (claim === undefined) return []
  const wanted =
    use.entry === ''
      ? (pod.status?.extendedResourceClaimStatus?.requestMappings ?? [])
          .filter(({ containerName }) => containerName === container.name)
          .map(({ requestName }) => requestName)
      : (container.resources?.claims ?? []).filter(({ name }) => name === use.entry).map(({ request = '' }) => request)
  return claim.devices
    .filter(({ requests }) => wanted.some((request) => serves(requests, request)))
    .flatMap(({ cdiIds }) => cdiIds)
}

/** A request stands for whichever of its alternatives was taken. */
function serves(requests: readonly string[], wanted: string): boolean {
  if (wanted === '' || requests.length === 0) return true
  return requests.some((request) => request === wanted || request.startsWith(`${wanted}/`))
}

/** Work on one key waits for the work before it. */
function keyedLock(): <T>(key: string, work: () => Promise<T>) => Promise<T> {
  const last = new Map<string, Promise<unknown>>()
  return async (key, work) => {
    const turn = (last.get(key) ?? Promise.resolve()).then(work, work)
    const settled = turn.catch(() => {})
    last.set(key, settled)
    try {
      return await turn
    } finally {
      if (last.get(key) === settled) last.delete(key)
    }
  }
}
