import type { V1APIService } from '@kapell/openapi/types'
import { isReason } from '@kapell/openapi/meta/status'
import { automanaged, customGroupPriority, localApiServices } from '../bootstrap/api-services.ts'
import { ensureExists } from '../bootstrap/ensure.ts'
import type { ObjectAccess } from '../registry/services.ts'

/** The APIServices of groups that custom resources make: local ones, there while a version is served. */

const apiServices = { group: 'apiregistration.k8s.io', plural: 'apiservices' }
const builtIn = new Set(localApiServices.map((service) => service.metadata?.name ?? ''))

const versionPriority = 100

/** Makes the APIService of a group's version be there, or be gone. Only what was made so is taken away. */
export async function settleApiService(
  objects: ObjectAccess,
  at: { group: string; version: string },
  isServed: boolean,
): Promise<void> {
  const name = `${at.version}.${at.group}`
  if (builtIn.has(name)) return
  if (isServed) {
    await ensureExists(objects, apiServices, {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name, labels: { [automanaged]: 'true' } },
      spec: { ...at, groupPriorityMinimum: customGroupPriority, versionPriority },
    } as V1APIService)
    return
  }
  const found = await objects.getLatest<V1APIService>(apiServices, { name })
  if (found === undefined || found.metadata?.labels?.[automanaged] !== 'true') return
  try {
    await objects.delete(apiServices, { name })
  } catch (error) {
    if (!isReason(error, 'NotFound')) throw error
  }
}
