import { remoteUserHeaders } from '../authentication/remote-user.ts'
import { aggregatorUser } from './availability.ts'
import type { Place } from './locate.ts'
import type { RemoteClient } from './remote-client.ts'
import type { RemoteService } from './remote-service.ts'

const timeoutMs = 5000
const aggregatedTypes = ['v2', 'v2beta1']
  .map((version) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`)
  .join(',')

interface LegacyResource {
  name: string
  singularName?: string
  namespaced?: boolean
  group?: string
  version?: string
  kind: string
  verbs: string[]
  shortNames?: string[]
  categories?: string[]
}

const responseKind = ({ group = '', version = '', kind }: LegacyResource): object => ({ group, version, kind })

/** A list of resources as older servers give it, in the newer form. */
export function fromLegacy(resources: readonly LegacyResource[]): unknown[] {
  const subresources = Map.groupBy(
    resources.filter(({ name }) => name.includes('/')),
    ({ name }) => name.slice(0, name.indexOf('/')),
  )
  return resources
    .filter(({ name }) => !name.includes('/'))
    .map((resource) => {
      const below = (subresources.get(resource.name) ?? []).map((one) => ({
        subresource: one.name.slice(resource.name.length + 1),
        responseKind: responseKind(one),
        verbs: one.verbs,
      }))
      const { shortNames = [], categories = [] } = resource
      return {
        resource: resource.name,
        responseKind: responseKind(resource),
        scope: resource.namespaced === true ? 'Namespaced' : 'Cluster',
        singularResource: resource.singularName ?? '',
        verbs: resource.verbs,
        ...(shortNames.length === 0 ? {} : { shortNames }),
        ...(categories.length === 0 ? {} : { categories }),
        ...(below.length === 0 ? {} : { subresources: below }),
      }
    })
}

interface AggregatedList {
  kind?: string
  items?: {
    metadata?: { name?: string }
    versions?: { version: string; resources?: unknown[]; freshness?: string }[]
  }[]
}

/** The resources a remote server says it has in its version. Rejects when it does not say so. */
export async function discoverRemote(remote: RemoteService, place: Place, client: RemoteClient): Promise<unknown[]> {
  const get = (path: string, accept: string): ReturnType<RemoteClient['fetch']> =>
    client.fetch(remote, place, { path, headers: { accept, ...remoteUserHeaders(aggregatorUser) }, timeoutMs })
  const whole = await get('/apis', aggregatedTypes)
  if (whole.status === 200 && (whole.headers['content-type'] ?? '').includes('APIGroupDiscoveryList')) {
    const list = JSON.parse(whole.body.toString('utf8')) as AggregatedList
    const group = (list.items ?? []).find((item) => item.metadata?.name === remote.group)
    const version = group?.versions?.find((one) => one.version === remote.version)
    if (version !== undefined) return version.resources ?? []
  }
  const one = await get(`/apis/${remote.group}/${remote.version}`, 'application/json')
  if (one.status !== 200) throw new Error(`discovery answered ${one.status}`)
  const list = JSON.parse(one.body.toString('utf8')) as { resources?: LegacyResource[] }
  return fromLegacy(Array.isArray(list.resources) ? list.resources : [])
}
