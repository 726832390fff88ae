import type { KubeObject } from '@kapell/openapi/meta/object'
import { badRequest } from '@kapell/openapi/meta/status'
import type { RequestContext } from '../../pipeline/context.ts'
import { queryFlag } from '../../pipeline/request-info.ts'
import type { ConnectSubresource } from '../../registry/definition.ts'

function portOf(text: string): number {
  if (/^\d+$/.test(text)) return Number(text)
  throw badRequest(`cannot convert to []int32: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`)
}

/** What a connection is asked for, as the object that admission sees: PodExecOptions and the like. Throws 400. */
export function connectOptions(
  { query, path, info }: RequestContext,
  { kind, handler }: ConnectSubresource,
): KubeObject {
  const options: KubeObject & Record<string, unknown> = { kind, apiVersion: 'v1' }
  switch (handler) {
    case 'pod-exec':
    case 'pod-attach': {
      for (const flag of ['stdin', 'stdout', 'stderr', 'tty']) if (queryFlag(query.get(flag))) options[flag] = true
      const container = query.get('container') ?? ''
      if (container !== '') options['container'] = container
      if (handler === 'pod-exec' && query.has('command')) options['command'] = query.getAll('command')
      break
    }
    case 'pod-portforward': {
      const ports = query.getAll('ports').flatMap((text) => text.split(',').map(portOf))
      if (ports.length > 0) options['ports'] = ports
      break
    }
    case 'pod-log':
      break
    default: {
      const marker = `/${info.subresource}`
      const at = path.indexOf(marker, path.indexOf(info.resource))
      options['path'] = path.slice(at + marker.length) || '/'
    }
  }
  return options
}
