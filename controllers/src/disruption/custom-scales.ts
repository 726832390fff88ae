import type { ApiClient } from '@kapell/controllers/machinery/client'
import type { ControllerContext } from '@kapell/controllers/machinery/controller'
import { discover, type DiscoveredResource } from '@kapell/controllers/machinery/discovery'
import { errorText } from '@kapell/controllers/machinery/log'
import type { OwnerReference } from '@kapell/openapi/meta/object'
import { parseApiVersion } from '@kapell/openapi/meta/object'
import { resourcePath } from '@kapell/openapi/meta/resource-ref'
import { isReason } from '@kapell/openapi/meta/status'
import type { V1Scale } from '@kapell/openapi/types'
import { UnknownOwner, type Scale } from './expected.ts'

/** What is served is asked anew when it is older than this, and an owner's kind is not among it. */
const freshMs = 10_000

async function hasScale(client: ApiClient, { group, version, plural }: DiscoveredResource): Promise<boolean> {
  const path = group === '' ? `/api/${version}` : `/apis/${group}/${version}`
  const { resources = [] } = (await client.raw('GET', path)) as { resources?: { name: string }[] }
  return resources.some(({ name }) => name === `${plural}/scale`)
}

/** Sizes of owners that are not built in, by their scale subresource. */
export interface CustomScales {
  sizeOf(owner: OwnerReference, namespace: string): Promise<Scale>
}

export function createCustomScales({ client, clock }: Pick<ControllerContext, 'client' | 'clock'>): CustomScales {
  let served: DiscoveredResource[] = []
  let askedMs = -Infinity
  const find = async ({ apiVersion, kind }: OwnerReference): Promise<DiscoveredResource | undefined> => {
    const { group } = parseApiVersion(apiVersion)
    const known = (): DiscoveredResource | undefined => served.find((one) => one.kind === kind && one.group === group)
    const nowMs = clock.now().getTime()
    if (known() === undefined && nowMs - askedMs > freshMs) {
      askedMs = nowMs
      served = (await discover(client)).resources
    }
    return known()
  }
  return {
    sizeOf: async (owner, namespace) => {
      const { apiVersion, kind, name, uid } = owner
      const ref = await find(owner)
      if (ref === undefined)
        return new UnknownOwner(`no matches for kind ${JSON.stringify(kind)} in version ${JSON.stringify(apiVersion)}`)
      try {
        const path = resourcePath(ref, { namespace, name, subresource: 'scale' })
        const scale = (await client.raw('GET', path)) as V1Scale
        if (scale.metadata?.uid !== uid) return undefined
        return { uid, replicas: scale.spec?.replicas ?? 0 }
      } catch (error) {
        if (!isReason(error, 'NotFound')) return new UnknownOwner(errorText(error))
        // It is not there, or its kind has no size.
        const resource = ref.group === '' ? ref.plural : `${ref.plural}.${ref.group}`
        if (await hasScale(client, ref)) return undefined
        return new UnknownOwner(`${resource} does not implement the scale subresource`)
      }
    },
  }
}
