import { serviceUnavailable } from '@kapell/openapi/meta/status'
import type { RequestContext } from '../pipeline/context.ts'
import type { StoredResource } from '../registry/resource-table.ts'
import type { Answer } from '../server/answer.ts'
import type { EndpointServer } from './server.ts'

export function applyEndpoint(_s: EndpointServer, _c: RequestContext, _r: StoredResource): Promise<Answer> {
  throw serviceUnavailable('server-side apply is being built')
}
