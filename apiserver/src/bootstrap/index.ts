import type { V1Namespace } from '@kapell/openapi/types'
import type { ObjectAccess, ServerConfig } from '../registry/services.ts'
import { localApiServices, settleLocalApiService } from './api-services.ts'
import { legacyTokenTracking, publishAuthenticationConfig, type AuthenticationConfig } from './authentication-config.ts'
import { ensureExists } from './ensure.ts'
import { ensureFlowControl } from './flow-control.ts'
import { ensureKubernetesService, ensureServiceRange, type Advertise } from './kubernetes-service.ts'
import { systemPriorityClasses } from './priority-classes.ts'
import { reconcileRbac } from './rbac/reconcile.ts'

export interface BootstrapOptions {
  /** Its caches have their first list. */
  objects: ObjectAccess
  config: ServerConfig
  advertise: Advertise
  authentication: AuthenticationConfig
  now: Date
  /** Whether a version of a group is served here. */
  serves: (at: { group: string; version: string }) => boolean
}

const systemNamespaces = ['default', 'kube-node-lease', 'kube-public', 'kube-system']

const namespace = (name: string): V1Namespace => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })

/**
 * What a server makes by itself at every start, before it reports ready: what is missing is created, what is there is
 * left or completed. Safe to run in several servers at once.
 */
export async function bootstrap(options: BootstrapOptions): Promise<void> {
  const { objects, config, now } = options
  await Promise.all([
    ...systemNamespaces.map((name) => ensureExists(objects, { group: '', plural: 'namespaces' }, namespace(name))),
    ensureServiceRange(objects, config, now),
    reconcileRbac(objects),
    ...systemPriorityClasses.map((priorityClass) =>
      ensureExists(objects, { group: 'scheduling.k8s.io', plural: 'priorityclasses' }, priorityClass),
    ),
    ...localApiServices.map((service) => settleLocalApiService(objects, service, options.serves)),
    ensureFlowControl(objects, now),
    publishAuthenticationConfig(objects, options.authentication),
    ensureExists(objects, { group: '', plural: 'configmaps' }, legacyTokenTracking(now)),
  ])
  await ensureKubernetesService(objects, config, options.advertise)
}
