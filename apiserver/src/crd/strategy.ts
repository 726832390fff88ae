import { isKnownFormat } from '@kapell/openapi/schema/structural/formats'
import type { JsonSchema } from '@kapell/openapi/schema/structural/json-schema'
import type { DeletionRules } from '../registry/definition.ts'
import { cleanupFinalizer, storageVersionOf, type Crd } from './types.ts'

/** What the server makes of a CustomResourceDefinition before it is checked. Source: recorded answers. */

export function defaultCrd(crd: Crd): void {
  const { names } = crd.spec ?? {}
  if (names !== undefined) {
    if ((names.singular ?? '') === '' && (names.kind ?? '') !== '') names.singular = names.kind.toLowerCase()
    if ((names.listKind ?? '') === '' && (names.kind ?? '') !== '') names.listKind = `${names.kind}List`
  }
  if (crd.spec === undefined) return
  crd.spec.conversion ??= { strategy: 'None' }
  const service = crd.spec.conversion.webhook?.clientConfig?.service
  if (service !== undefined) service.port ??= 443
}

export function prepareCrdForCreate(crd: Crd): void {
  const storage = crd.spec.versions?.find((version) => version.storage)?.name
  crd.status = {
    conditions: null as unknown as [],
    acceptedNames: { kind: '', plural: '' },
    storedVersions: storage === undefined ? (null as unknown as []) : [storage],
  }
}

/** The status stays, but for the version that is stored from now on. */
export function prepareCrdForUpdate(next: Crd, previous: Crd): void {
  if (previous.status === undefined) delete next.status
  else next.status = structuredClone(previous.status)
  const storage = storageVersionOf(next)?.name
  if (storage === undefined) return
  const status = (next.status ??= {})
  const stored = status.storedVersions ?? []
  if (!stored.includes(storage)) status.storedVersions = [...stored, storage]
}

const maxDepth = 100

/** Formats that nobody checks values for. */
function addOddFormats(schema: JsonSchema, odd: Set<string>, depth = 0): void {
  const { type, format = '', properties = {}, items, additionalProperties } = schema
  if (format !== '' && !isKnownFormat(type, format)) odd.add(format)
  if (depth > maxDepth) return
  for (const inner of Object.values(properties)) addOddFormats(inner, odd, depth + 1)
  if (typeof additionalProperties === 'object') addOddFormats(additionalProperties, odd, depth + 1)
  if (items !== undefined && !Array.isArray(items)) addOddFormats(items, odd, depth + 1)
}

function oddFormats(crd: Crd | undefined): Set<string> {
  const odd = new Set<string>()
  for (const { schema } of crd?.spec?.versions ?? []) {
    if (schema?.openAPIV3Schema !== undefined) addOddFormats(schema.openAPIV3Schema, odd)
  }
  return odd
}

/** What a client should know of a definition; of formats only what an update brings in. */
export function crdWarnings(crd: Crd, previous: Crd | undefined): string[] {
  const known = oddFormats(previous)
  return [...oddFormats(crd)]
    .filter((format) => !known.has(format))
    .sort()
    .map((format) => `unrecognized format ${JSON.stringify(format)}`)
}

/** A definition does not go before its objects: deletion begins with a finalizer that the server itself takes off. */
export const crdDeletion: DeletionRules<Crd> = {
  heldBack: (crd) => crd.metadata?.deletionTimestamp === undefined,
  onBegin: (crd) => {
    const metadata = (crd.metadata ??= {})
    const finalizers = metadata.finalizers ?? []
    if (!finalizers.includes(cleanupFinalizer)) metadata.finalizers = [...finalizers, cleanupFinalizer]
    const status = (crd.status ??= {})
    status.conditions = [
      ...(status.conditions ?? []).filter((one) => one.type !== 'Terminating'),
      {
        type: 'Terminating',
        status: 'True',
        lastTransitionTime: metadata.deletionTimestamp ?? '',
        reason: 'InstanceDeletionPending',
        message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
      },
    ]
  },
}
