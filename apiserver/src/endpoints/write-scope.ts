import type { RequestContext } from '../pipeline/context.ts'
import type { StoredResource } from '../registry/resource-table.ts'
import type { WriteScope } from '../registry/write-scope.ts'
import type { EndpointServer } from './server.ts'

/** The scope of a write that a request asks for. */
export function requestScope(
  server: EndpointServer,
  context: RequestContext,
  resource: StoredResource,
  options: { dryRun: boolean; admissionOptions: Record<string, unknown> },
): WriteScope {
  return {
    resource,
    namespace: resource.namespaced ? context.info.namespace : '',
    name: context.info.name,
    subresource: context.info.subresource,
    user: context.user,
    now: context.now,
    dryRun: options.dryRun,
    services: server.services,
    admission: server.admission,
    options: options.admissionOptions,
    warn: (text) => addWarning(context, text),
    annotate: (key, value) => (context.auditAnnotations ??= new Map()).set(key, value),
  }
}

/** Warnings are told once each, and not without bound. */
export function addWarning(context: RequestContext, text: string): void {
  if (context.warnings.length < 256 && !context.warnings.includes(text)) context.warnings.push(text)
}

/** Who manages the fields of this write: as given, or the client's name from its User-Agent. */
export function managerOf(context: RequestContext, fieldManager: string): string {
  if (fieldManager !== '') return fieldManager
  const agent = context.header('user-agent') ?? ''
  const name = (agent.split('/')[0] ?? '').trim()
  return name.slice(0, 128) || 'unknown'
}
