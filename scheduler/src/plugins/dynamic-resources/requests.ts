import type {
  ResourceV1ResourceClaim,
  V1DeviceClass,
  V1DeviceConstraint,
  V1DeviceSelector,
  V1DeviceToleration,
} from '@kapell/openapi/types'

/** A claim's request as the search for devices sees it: alternatives, the best first. */
export interface Request {
  name: string
  alternatives: readonly Ask[]
  /** Several were offered, so that the choice among them tells nodes apart. */
  isPrioritized: boolean
}

/** Devices of one class. */
export interface Ask {
  /** "request", or "request/alternative". */
  name: string
  parent: string
  deviceClass: V1DeviceClass
  selectors: readonly V1DeviceSelector[]
  /** All that match, instead of a number of them. */
  all: boolean
  count: number
  adminAccess: boolean
  tolerations: readonly V1DeviceToleration[]
  /** Amounts by name, as written. */
  capacity: Readonly<Record<string, string>>
}

export interface ClaimToAllocate {
  claim: ResourceV1ResourceClaim
  /** "namespace/name". */
  key: string
  requests: readonly Request[]
  constraints: readonly V1DeviceConstraint[]
}

/** What a claim asks for; a string says why nobody could allocate it. */
export function requestsOf(
  { spec }: Pick<ResourceV1ResourceClaim, 'spec'>,
  classOf: (name: string) => V1DeviceClass | undefined,
): Request[] | string {
  const requests: Request[] = []
  for (const { name, exactly, firstAvailable } of spec?.devices?.requests ?? []) {
    const offered =
      exactly === undefined
        ? (firstAvailable ?? []).map((one) => ({ ...one, adminAccess: false, name: `${name}/${one.name}` }))
        : [{ ...exactly, name }]
    const alternatives: Ask[] = []
    for (const one of offered) {
      const deviceClass = classOf(one.deviceClassName)
      if (deviceClass === undefined) return `request ${one.name}: device class ${one.deviceClassName} does not exist`
      alternatives.push({
        name: one.name,
        parent: name,
        deviceClass,
        selectors: one.selectors ?? [],
        all: one.allocationMode === 'All',
        count: one.allocationMode === 'All' ? 0 : (one.count ?? 1),
        adminAccess: one.adminAccess === true,
        tolerations: one.tolerations ?? [],
        capacity: one.capacity?.requests ?? {},
      })
    }
    requests.push({ name, alternatives, isPrioritized: exactly === undefined })
  }
  return requests
}
