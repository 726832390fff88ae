import { parseQuantity } from '@kapell/openapi/meta/quantity'
import { extendedClaimAnnotation } from '@kapell/controllers/machinery/placement/resource-claims'
import type { ResourceV1ResourceClaim, V1Container, V1DeviceClass, V1Pod } from '@kapell/openapi/types'
import type { NodeInfo } from '../../framework/node-info.ts'
import type { PodInfo } from '../../framework/pod-info.ts'

/** Classes can be asked for as `limits` of a container, under this prefix. */
export const implicitPrefix = 'deviceclass.resource.kubernetes.io/'

/**
 * Which extended resources of a pod devices may stand in for, with their class. Source: KEP-5004, "Extended resources
 * by DRA".
 */
export function backedResources(
  { requests }: Pick<PodInfo, 'requests'>,
  classOf: (resourceName: string) => V1DeviceClass | undefined,
): Map<string, V1DeviceClass> {
  const backed = new Map<string, V1DeviceClass>()
  for (const [name, amount] of requests.scalar) {
    const found = amount > 0 && name.includes('/') ? classOf(name) : undefined
    if (found !== undefined) backed.set(name, found)
  }
  return backed
}

/** A node that has the resource itself gives it as ever; on others devices stand in. */
export function isLeftToDevices(resourceName: string, { allocatable }: Pick<NodeInfo, 'allocatable'>): boolean {
  return (allocatable.scalar.get(resourceName) ?? 0) <= 0
}

export interface RequestMapping {
  containerName: string
  requestName: string
  resourceName: string
}

export interface ExtendedClaim {
  claim: ResourceV1ResourceClaim
  mappings: RequestMapping[]
}

interface Use {
  index: number
  container: V1Container
  count: number
  requestName: string
  isInit: boolean
  isSidecar: boolean
}

/**
 * The claim that stands for extended resources of a pod. Each container has its own request; containers that end
 * before others begin use those of the others, and one request more where these are too few.
 */
export function extendedClaim(pod: V1Pod, backed: ReadonlyMap<string, V1DeviceClass>): ExtendedClaim {
  const requests: { name: string; count: number; className: string }[] = []
  const mappings: RequestMapping[] = []
  for (const resourceName of [...backed.keys()].sort()) {
    const className = backed.get(resourceName)?.metadata?.name ?? ''
    const uses = usesOf(pod, resourceName)
    const own = uses.filter(({ isInit, isSidecar }) => !isInit || isSidecar)
    const passing = uses.filter(({ isInit, isSidecar }) => isInit && !isSidecar)
    for (const { container, requestName, count } of own) {
      requests.push({ name: requestName, count, className })
      mappings.push({ containerName: container.name, requestName, resourceName })
    }
    const later = (use: Use): Use[] => own.filter(({ index }) => index > use.index)
    const shortage = (use: Use): number => use.count - later(use).reduce((sum, { count }) => sum + count, 0)
    const neediest = passing.reduce<Use | undefined>(
      (most, use) => (shortage(use) > (most === undefined ? 0 : shortage(most)) ? use : most),
      undefined,
    )
    const more = neediest === undefined ? undefined : { ...neediest, count: shortage(neediest) }
    if (more !== undefined) requests.push({ name: more.requestName, count: more.count, className })
    for (const use of passing) {
      let missing = use.count
      for (const from of [...later(use), ...(more === undefined ? [] : [more])]) {
        if (missing <= 0) break
        mappings.push({ containerName: use.container.name, requestName: from.requestName, resourceName })
        missing -= from.count
      }
    }
  }
  requests.sort((a, b) => (a.name < b.name ? -1 : 1))
  return { claim: claimWith(pod, requests), mappings }
}

function claimWith(
  { metadata }: V1Pod,
  requests: readonly { name: string; count: number; className: string }[],
): ResourceV1ResourceClaim {
  const { name = '', namespace = '', uid = '' } = metadata ?? {}
  return {
    metadata: {
      generateName: `${name}-extended-resources-`,
      namespace,
      annotations: { [extendedClaimAnnotation]: 'true' },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name, uid, controller: true }],
    },
    spec: {
      devices: {
        requests: requests.map((one) => ({
          name: one.name,
          exactly: { deviceClassName: one.className, allocationMode: 'ExactCount', count: one.count },
        })),
      },
    },
  }
}

/** Containers that ask for the resource, numbered with those of initialisation first. */
function usesOf({ spec }: V1Pod, resourceName: string): Use[] {
  const init = spec?.initContainers ?? []
  return [...init, ...(spec?.containers ?? [])].flatMap((container, index) => {
    const wanted = container.resources?.requests ?? {}
    const count = parseQuantity(wanted[resourceName] ?? '0').value()
    if (count <= 0) return []
    const at = Object.keys(wanted).sort().indexOf(resourceName)
    return [
      {
        index,
        container,
        count,
        requestName: `container-${index}-request-${at}`,
        isInit: index < init.length,
        isSidecar: container.restartPolicy === 'Always',
      },
    ]
  })
}
