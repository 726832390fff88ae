import type { V1ConfigMap, V1Container, V1EnvVar, V1Pod, V1Secret, V1Service } from '@kapell/openapi/types'
import { expand } from './expand.ts'
import { fieldValue, resourceValue, type PodAddresses } from './field-ref.ts'
import { serviceEnv } from './service-env.ts'

/** Where references are looked up; `undefined` is "does not exist". */
export interface EnvSources {
  configMap(name: string): Promise<V1ConfigMap | undefined>
  secret(name: string): Promise<V1Secret | undefined>
  /** Services of the pod's namespace, and `kubernetes` of namespace default. */
  services: readonly V1Service[]
  allocatable: Record<string, string>
}

/** The pod cannot start before its references exist: reason CreateContainerConfigError. */
export class ContainerConfigError extends Error {
  override readonly name = 'ContainerConfigError'
}

/** A container's environment, in order. Throws ContainerConfigError for a missing reference that is not optional. */
export async function containerEnv(
  pod: V1Pod,
  container: V1Container,
  at: PodAddresses & EnvSources,
): Promise<Map<string, string>> {
  const links = serviceEnv(at.services)
  const env = new Map<string, string>()
  await addFrom(env, container, at)
  const lookup = (name: string): string | undefined => env.get(name) ?? links.get(name)
  for (const variable of container.env ?? []) {
    const value = await envValue(variable, { pod, container, at, lookup })
    if (value !== undefined) env.set(variable.name, value)
  }
  // What the pod says itself wins over what is derived from Services.
  for (const [name, value] of links) if (!env.has(name)) env.set(name, value)
  return env
}

async function addFrom(env: Map<string, string>, container: V1Container, at: EnvSources): Promise<void> {
  for (const source of container.envFrom ?? []) {
    const prefix = source.prefix ?? ''
    if (source.configMapRef !== undefined) {
      const { name = '', optional = false } = source.configMapRef
      const found = await at.configMap(name)
      if (found === undefined && !optional)
        throw new ContainerConfigError(`configmap ${JSON.stringify(name)} not found`)
      for (const [key, value] of sorted(found?.data)) env.set(prefix + key, value)
    }
    if (source.secretRef !== undefined) {
      const { name = '', optional = false } = source.secretRef
      const found = await at.secret(name)
      if (found === undefined && !optional) throw new ContainerConfigError(`secret ${JSON.stringify(name)} not found`)
      for (const [key, value] of sorted(found?.data)) env.set(prefix + key, decode(value))
    }
  }
}

interface Scope {
  pod: V1Pod
  container: V1Container
  at: PodAddresses & EnvSources
  lookup: (name: string) => string | undefined
}

/** Undefined when an optional reference leads nowhere: the variable is then not set. */
async function envValue(variable: V1EnvVar, { pod, container, at, lookup }: Scope): Promise<string | undefined> {
  const from = variable.valueFrom
  const namespace = pod.metadata?.namespace ?? 'default'
  if (from === undefined) return expand(variable.value ?? '', lookup)
  if (from.fieldRef !== undefined) return fieldValue(pod, from.fieldRef.fieldPath, at)
  if (from.resourceFieldRef !== undefined) {
    const { containerName } = from.resourceFieldRef
    const target =
      containerName === undefined || containerName === ''
        ? container
        : [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])].find(
            ({ name }) => name === containerName,
          )
    if (target === undefined) throw new ContainerConfigError(`container ${containerName} not found`)
    return resourceValue(target, from.resourceFieldRef, at.allocatable)
  }
  if (from.configMapKeyRef !== undefined) {
    const { name = '', key, optional = false } = from.configMapKeyRef
    const found = await at.configMap(name)
    if (found === undefined) {
      if (optional) return undefined
      throw new ContainerConfigError(`configmap ${JSON.stringify(name)} not found`)
    }
    const value = found.data?.[key]
    if (value === undefined && !optional) {
      throw new ContainerConfigError(`couldn't find key ${key} in ConfigMap ${namespace}/${name}`)
    }
    return value
  }
  if (from.secretKeyRef !== undefined) {
    const { name = '', key, optional = false } = from.secretKeyRef
    const found = await at.secret(name)
    if (found === undefined) {
      if (optional) return undefined
      throw new ContainerConfigError(`secret ${JSON.stringify(name)} not found`)
    }
    const value = found.data?.[key]
    if (value === undefined && !optional) {
      throw new ContainerConfigError(`couldn't find key ${key} in Secret ${namespace}/${name}`)
    }
    return value === undefined ? undefined : decode(value)
  }
  throw new ContainerConfigError(`env variable ${variable.name} has a source this node does not support`)
}

const sorted = (map: Record<string, string> | undefined): [string, string][] =>
  Object.entries(map ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))

const decode = (base64: string): string => Buffer.from(base64, 'base64').toString('utf8')
