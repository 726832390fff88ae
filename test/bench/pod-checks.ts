import { admissionPlugins } from '@kapell/apiserver/admission/index'
import { createAdmissionChain } from '@kapell/apiserver/registry/admission-chain'
import type { ResourceDefinition } from '@kapell/apiserver/registry/definition'
import { metadataRulesOf } from '@kapell/apiserver/registry/metadata-rules'
import { nameRuleOf, validateMetadata } from '@kapell/apiserver/registry/metadata-validation'
import type { Services } from '@kapell/apiserver/registry/services'
import { resources } from '@kapell/apiserver/resources/index'
import { FieldPath } from '@kapell/openapi/meta/field-errors'
import type { KubeObject } from '@kapell/openapi/meta/object'
import { decodeObject } from '@kapell/openapi/schema/decode-object'
import { samplePod } from './harness.ts'

/** What a create does to a pod between reading its JSON and storing it. */
export interface PodChecks {
  text: string
  /** Reads the JSON as the kind: pruned, in normal form. */
  decode(): KubeObject
  /** Defaults, admission by every plug-in, the strategy and its validation. Throws when it finds anything wrong. */
  check(pod: KubeObject): Promise<void>
}

const present: Record<string, KubeObject> = {
  namespaces: {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'default', labels: {} },
    status: { phase: 'Active' },
  } as KubeObject,
  serviceaccounts: {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'default', namespace: 'default' },
  } as KubeObject,
}

/** A cluster in which there is what a pod needs, and no quota, limits, policies or webhooks: these are looked for. */
const services = {
  objects: {
    get: ({ plural }: { plural: string }) => present[plural],
    getLatest: ({ plural }: { plural: string }) => Promise.resolve(present[plural]),
    list: () => [],
    follow: () => {},
  },
  authorize: () => Promise.resolve({ allowed: true }),
} as unknown as Services

/** Of 4 KB: four containers. */
function typicalPod(): Record<string, unknown> {
  const pod = samplePod('bench') as { metadata: { annotations?: unknown }; spec: { containers: { name: string }[] } }
  delete pod.metadata.annotations
  const [first, second] = pod.spec.containers
  for (const [i, container] of [first, second].entries()) {
    if (container !== undefined) pod.spec.containers.push({ ...container, name: `more-${i}` })
  }
  return pod
}

export function podChecks(): PodChecks {
  const found = resources.find(({ definition }) => definition.group === '' && definition.plural === 'pods')
  if (found?.type !== 'stored') throw new Error('pods are not served')
  const definition: ResourceDefinition = found.definition
  const gvk = { group: '', version: 'v1', kind: 'Pod' }
  const text = JSON.stringify(typicalPod())
  const admission = createAdmissionChain(admissionPlugins, () => services)
  const user = { username: 'bench', groups: ['system:authenticated'] }
  return {
    text,
    decode: () => decodeObject(gvk, JSON.parse(text), { unknownFields: 'warn', text }).object,
    check: async (pod) => {
      const now = new Date()
      const context = { user, now, dryRun: false, services }
      definition.default?.(pod)
      const attributes = {
        operation: 'CREATE' as const,
        resource: definition,
        subresource: '',
        namespace: 'default',
        name: 'bench',
        object: pod,
        options: {},
        user,
        dryRun: false,
        now,
        warn: () => {},
      }
      await admission.mutate(attributes)
      definition.prepareForCreate?.(pod, context)
      const metadata = pod.metadata ?? {}
      const errors = [
        ...validateMetadata(metadata, {
          namespaced: true,
          rules: metadataRulesOf(definition),
          validateName: nameRuleOf(definition),
        }),
        ...(definition.validate?.(pod, new FieldPath(), context) ?? []),
        ...(definition.validateCreate?.(pod, new FieldPath(), context) ?? []),
      ]
      if (errors.length > 0) throw new Error(JSON.stringify(errors))
      await admission.validate(attributes)
    },
  }
}
