import { apiVersionOf, parseApiVersion, type KubeObject } from '@kapell/openapi/meta/object'
import { isReason } from '@kapell/openapi/meta/status'
import { rfc3339 } from '@kapell/openapi/meta/time'
import { applyPatch } from '@kapell/openapi/patch/apply'
import { objectMetaSchema, schemaOf } from '@kapell/openapi/schema/registry'
import { checkPolicyTypes, type CheckedKind } from '../../cel/admission/type-check.ts'
import { typeOfSchema } from '../../cel/schema/schema-type.ts'
import { typeOfStruct } from '../../cel/schema/struct-type.ts'
import { types, type CelType } from '../../cel/types/types.ts'
import { createNameQueue } from '../../registry/name-queue.ts'
import type { ResourceTable, StoredResource } from '../../registry/resource-table.ts'
import type { ObjectAccess } from '../../registry/services.ts'
import type { ServerLogger } from '../../server/log.ts'
import { replaceContents } from '../dynamic/versioned.ts'
import type { ValidatingPolicy } from './types.ts'

/**
 * Keeps the status of validating policies: what the types of the objects they are for say of their expressions. It
 * stands in the API server, where expressions are known, but runs only where the controllers do.
 */

const resource = { group: 'admissionregistration.k8s.io', plural: 'validatingadmissionpolicies' }
const gvk = { group: resource.group, version: 'v1', kind: 'ValidatingAdmissionPolicy' }
const manager = 'validatingadmissionpolicy-status'
const retryAfterMs = 5000
/** More kinds than any policy names one by one. */
const maxKinds = 100

interface Policy extends ValidatingPolicy {
  status?: { observedGeneration?: number; typeChecking?: unknown }
}

/** The type of a kind's objects; undefined when nothing is known of it. */
function typeOfResource({ definition, group, version, kind }: StoredResource): CelType | undefined {
  if (definition.custom === undefined) {
    const schema = schemaOf({ group, version, kind })
    return schema && typeOfStruct(schema)
  }
  const own = typeOfSchema(definition.custom.jsonSchema, { root: true })
  if (own?.fields === undefined) return undefined
  const metadata = { type: typeOfStruct(objectMetaSchema()), jsonName: 'metadata', required: false }
  return { ...own, fields: new Map([...own.fields, ['metadata', metadata]]) }
}

/** The kinds that a policy names, one by one: what it says with wildcards is not checked. */
function kindsOf(policy: Policy, table: ResourceTable): CheckedKind[] {
  const found = new Map<string, CheckedKind>()
  const exact = (list: readonly string[], forbidden: RegExp): string[] => list.filter((one) => !forbidden.test(one))
  for (const rule of policy.spec?.matchConstraints?.resourceRules ?? []) {
    for (const group of exact(rule.apiGroups, /\*/)) {
      for (const version of exact(rule.apiVersions, /\*/)) {
        for (const plural of exact(rule.resources, /[*/]/)) {
          const served = table.find(group, version, plural)
          const type = served?.type === 'stored' ? typeOfResource(served) : undefined
          if (served === undefined || type === undefined || found.size >= maxKinds) continue
          const name = `${group}/${version}, Kind=${served.kind}`
          found.set(name, { name, type })
        }
      }
    }
  }
  return [...found.values()]
}

function paramsType(policy: Policy, table: ResourceTable): CelType | undefined {
  const { paramKind } = policy.spec ?? {}
  if (paramKind === undefined) return undefined
  const { group, version } = parseApiVersion(paramKind.apiVersion)
  const served = table.resourcesOf(group, version).find((one) => one.kind === paramKind.kind)
  return (served?.type === 'stored' ? typeOfResource(served) : undefined) ?? types.dyn
}

export function startPolicyStatus(options: {
  table: ResourceTable
  objects: ObjectAccess
  now: () => Date
  log: ServerLogger
  closing: AbortSignal
}): void {
  const { table, objects, now, log, closing } = options
  async function settle(name: string): Promise<void> {
    const policy = await objects.getLatest<Policy>(resource, { name })
    const generation = policy?.metadata?.generation ?? 0
    if (policy === undefined || policy.status?.observedGeneration === generation) return
    const warnings = checkPolicyTypes(policy.spec ?? {}, {
      kinds: kindsOf(policy, table),
      params: paramsType(policy, table),
    })
    const applied = {
      apiVersion: apiVersionOf(gvk),
      kind: gvk.kind,
      metadata: { name },
      status: {
        observedGeneration: generation,
        typeChecking: warnings.length === 0 ? {} : { expressionWarnings: warnings },
      },
    }
    const schema = schemaOf(gvk)
    if (schema === undefined) return
    const change = (current: KubeObject): void => {
      const live = structuredClone(current)
      const { object } = applyPatch({
        ...{ schema, gvk, live, applied, manager, force: true, subresource: 'status', time: rfc3339(now()) },
        resetFields: ['spec'],
      })
      replaceContents(current, object)
    }
    try {
      await objects.update<KubeObject>(resource, { name }, change, { raw: true })
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error
    }
  }

  const queue = createNameQueue({
    settle,
    failed: (name, error) => log.warn('the status of a policy could not be written', { name, error: String(error) }),
    retryAfterMs,
    closing,
  })

  objects.follow<Policy>(resource, (name, policy) => {
    const { generation = 0 } = policy?.metadata ?? {}
    if (policy !== undefined && policy.status?.observedGeneration !== generation) queue.add(name)
  })
}
