import type { Authenticator } from '../authentication/authenticator.ts'
import type { FlowControl } from '../flow-control/flow-control.ts'
import { createFlowMetrics } from '../flow-control/flow-metrics.ts'
import type { MetricsRegistry } from '../metrics/metrics.ts'
import { createRequestMetrics } from '../metrics/request-metrics.ts'
import type { ApiServerOptions } from '../options.ts'
import { auditStep } from '../pipeline/audit.ts'
import { authenticationStep } from '../pipeline/authentication.ts'
import { authorizationStep } from '../pipeline/authorization.ts'
import { timeoutStep } from '../pipeline/deadline.ts'
import { errorsStep } from '../pipeline/errors.ts'
import { finishStep } from '../pipeline/finish.ts'
import { flowControlStep, type InFlight } from '../pipeline/flow-control.ts'
import { impersonationStep } from '../pipeline/impersonation.ts'
import type { PipelineStep } from '../pipeline/pipeline.ts'
import { subresourcesOf, type ResourceTable } from '../registry/resource-table.ts'
import type { Services } from '../registry/services.ts'
import type { ServerLogger } from '../server/log.ts'

/** What every request goes through, outermost first; PIPELINE.md tells what each step answers when it refuses. */
export function pipelineSteps(parts: {
  table: ResourceTable
  metrics: MetricsRegistry
  authenticate: Authenticator
  authorize: Services['authorize']
  flowControl: FlowControl
  deadline: PipelineStep
  requestSeconds: number
  audit: ApiServerOptions['audit']
  log: ServerLogger
}): PipelineStep[] {
  const { table, metrics, authorize, flowControl } = parts
  const inFlight: InFlight = { readOnly: 0, mutating: 0 }
  return [
    createRequestMetrics({
      registry: metrics,
      inFlight,
      served: ({ info }) => {
        const resource = table.find(info.group, info.version, info.resource)
        if (resource === undefined) return false
        return info.subresource === '' || Object.hasOwn(subresourcesOf(resource), info.subresource)
      },
    }),
    finishStep(),
    errorsStep(parts.log),
    timeoutStep,
    authenticationStep(parts.authenticate),
    auditStep(parts.audit),
    impersonationStep(authorize),
    flowControlStep({
      control: flowControl,
      inFlight,
      counters: createFlowMetrics(metrics, flowControl),
      count: ({ info }) => {
        const resource = table.find(info.group, info.version, info.resource)
        return resource?.type === 'stored' ? resource.store.cache().snapshot().size : 0
      },
      waitMs: (parts.requestSeconds * 1000) / 4,
    }),
    authorizationStep(authorize),
    parts.deadline,
  ]
}
