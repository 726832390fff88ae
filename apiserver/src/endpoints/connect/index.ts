import { admissionAttributes, type WriteScope } from '../../registry/write-scope.ts'
import type { RequestContext } from '../../pipeline/context.ts'
import type { ConnectHandler } from '../dispatch.ts'
import { notAcceptableObject, objectTypes, routerTakes } from '../negotiate.ts'
import { actionForm } from '../respond.ts'
import type { EndpointServer } from '../server.ts'
import { requestScope } from '../write-scope.ts'
import { connectOptions } from './options.ts'
import { nodeProxy, podProxy, serviceProxy } from './proxies.ts'
import { podLog, podStream, type AgentTls } from './pod-streams.ts'

const logTypes = ['text/plain', ...objectTypes]

/** Logs are plain text, but are asked for as objects are: a client that takes nothing else is refused. */
function checkLogForm(context: RequestContext): void {
  if (!routerTakes(context.header('accept'), logTypes)) throw notAcceptableObject(logTypes)
  actionForm(context)
}

/** Serves the connect subresources: after authorization and admission the bytes go where the object lives. */
export function createConnect(server: EndpointServer, tls: AgentTls): ConnectHandler {
  return async (context, resource, connect) => {
    const { objects } = server.services
    const scope: WriteScope = requestScope(server, context, resource, { dryRun: false, admissionOptions: {} })
    // Reading a log is a read: no admission.
    if (connect.handler !== 'pod-log') {
      const attributes = admissionAttributes(scope, 'CONNECT', { object: connectOptions(context, connect) })
      await server.admission.mutate(attributes)
      await server.admission.validate(attributes)
    }
    switch (connect.handler) {
      case 'pod-log':
        checkLogForm(context)
        return podLog(context, objects, tls)
      case 'pod-exec':
        return podStream(context, objects, tls, 'exec')
      case 'pod-attach':
        return podStream(context, objects, tls, 'attach')
      case 'pod-portforward':
        return podStream(context, objects, tls, 'portForward')
      case 'pod-proxy':
        return podProxy(context, objects)
      case 'service-proxy':
        return serviceProxy(context, objects)
      case 'node-proxy':
        return nodeProxy(context, objects, tls)
    }
  }
}
