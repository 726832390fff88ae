import type {
  V1AllocationResult,
  V1DeviceAllocationConfiguration,
  V1DeviceRequestAllocationResult,
  V1NodeSelector,
  V1NodeSelectorRequirement,
} from '@kapell/openapi/types'
import type { PoolDevice } from '../../framework/devices.ts'
import type { Picked } from './allocate.ts'
import type { Ask, ClaimToAllocate } from './requests.ts'

/** What a claim's status says of the devices it was given, for use on `nodeName`. */
export function allocationResult(
  { claim }: Pick<ClaimToAllocate, 'claim'>,
  picked: readonly Picked[],
  nodeName: string,
): V1AllocationResult {
  const asks = [...new Set(picked.map(({ ask }) => ask))]
  const config = configOf(claim.spec?.devices?.config ?? [], asks)
  const nodeSelector = whereUsable(
    picked.map(({ device }) => device),
    nodeName,
  )
  return {
    devices: {
      ...(picked.length === 0 ? {} : { results: picked.map(resultOf) }),
      ...(config.length === 0 ? {} : { config }),
    },
    ...(nodeSelector === undefined ? {} : { nodeSelector }),
  }
}

function resultOf({ ask, device: { pool, device }, consumed }: Picked): V1DeviceRequestAllocationResult {
  const { bindingConditions = [], bindingFailureConditions = [] } = device
  return {
    request: ask.name,
    driver: pool.driver,
    pool: pool.name,
    device: device.name,
    ...(ask.adminAccess ? { adminAccess: true } : {}),
    ...(ask.tolerations.length === 0 ? {} : { tolerations: [...ask.tolerations] }),
    ...(bindingConditions.length === 0 ? {} : { bindingConditions, bindingFailureConditions }),
    ...(consumed === undefined
      ? {}
      : {
          shareID: crypto.randomUUID(),
          consumedCapacity: Object.fromEntries([...consumed].map(([name, amount]) => [name, amount.toString()])),
        }),
  }
}

type ClaimConfig = NonNullable<NonNullable<NonNullable<ClaimToAllocate['claim']['spec']>['devices']>['config']>

/** First what the classes say, then what the claim says, as far as it concerns requests that were given devices. */
function configOf(ofClaim: ClaimConfig, asks: readonly Ask[]): V1DeviceAllocationConfiguration[] {
  const names = new Set(asks.flatMap(({ name, parent }) => [name, parent]))
  return [
    ...asks.flatMap(({ name, deviceClass }) =>
      (deviceClass.spec.config ?? []).map((one) => ({ ...one, source: 'FromClass', requests: [name] })),
    ),
    ...ofClaim
      .filter(({ requests = [] }) => requests.length === 0 || requests.some((name) => names.has(name)))
      .map((one) => ({ ...one, source: 'FromClaim' })),
  ]
}

/** Nodes on which all the devices can be used; undefined: anywhere. */
function whereUsable(devices: readonly PoolDevice[], nodeName: string): V1NodeSelector | undefined {
  const matchExpressions: V1NodeSelectorRequirement[] = []
  const matchFields: V1NodeSelectorRequirement[] = []
  for (const { slice, device } of devices) {
    const where = slice.spec.perDeviceNodeSelection === true ? device : slice.spec
    if (where.nodeName !== undefined || device.bindsToNode === true) return onlyOn(nodeName)
    const term = where.nodeSelector?.nodeSelectorTerms[0]
    addNew(matchExpressions, term?.matchExpressions ?? [])
    addNew(matchFields, term?.matchFields ?? [])
  }
  if (matchExpressions.length + matchFields.length === 0) return undefined
  return {
    nodeSelectorTerms: [
      {
        ...(matchExpressions.length === 0 ? {} : { matchExpressions }),
        ...(matchFields.length === 0 ? {} : { matchFields }),
      },
    ],
  }
}

function onlyOn(nodeName: string): V1NodeSelector {
  return {
    nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [nodeName] }] }],
  }
}

function addNew(to: V1NodeSelectorRequirement[], more: readonly V1NodeSelectorRequirement[]): void {
  const known = new Set(to.map((one) => JSON.stringify(one)))
  to.push(...more.filter((one) => !known.has(JSON.stringify(one))))
}
