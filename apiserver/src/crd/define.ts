import type { KubeObject } from '@kapell/openapi/meta/object'
import { fieldErrorMessage, invalid, type FieldError } from '@kapell/openapi/meta/field-errors'
import { forbiddenError, internalError } from '@kapell/openapi/meta/status'
import type { JsonSchema } from '@kapell/openapi/schema/structural/json-schema'
import { defaultCustomResource } from '@kapell/openapi/schema/structural/prune'
import { validateCustomResource } from '@kapell/openapi/schema/structural/validate'
import type { AnyDefinition, ResourceDefinition, Subresource } from '../registry/definition.ts'
import type { WebhookCaller } from '../server/webhook-client.ts'
import { customColumns } from './columns.ts'
import { webhookConversion } from './conversion.ts'
import { embeddedMetadataErrors } from './embedded.ts'
import { compileJsonPath } from './json-path.ts'
import { ratchet } from './ratchet.ts'
import { checkRules, forgivenRules } from './rules.ts'
import { customShape, repaired } from './shape.ts'
import { conditionIs, storageVersionOf, type Crd, type CrdScale, type CrdVersion } from './types.ts'

type CustomObject = KubeObject & { status?: unknown } & Record<string, unknown>

const anything: JsonSchema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }

/** The value at a dotted path; 0 where there is none. */
function numberAt(path: string): (object: KubeObject) => number {
  const read = compileJsonPath(path)
  return (object) => {
    const [found] = read(object)
    return typeof found === 'number' ? found : 0
  }
}

function setAt(object: CustomObject, path: string, value: number): void {
  const names = path.replace(/^\./, '').split('.')
  const last = names.pop() ?? ''
  let at: Record<string, unknown> = object
  for (const name of names) {
    const inner = at[name]
    if (typeof inner === 'object' && inner !== null) at = inner as Record<string, unknown>
    else {
      const made: Record<string, unknown> = {}
      at[name] = made
      at = made
    }
  }
  at[last] = value
}

/** What a write gets wrong; of an update only what it changed, or made wrong. */
function checked(schema: JsonSchema, next: unknown, previous: unknown): FieldError[] {
  const found = [...validateCustomResource(schema, next), ...embeddedMetadataErrors(schema, next)]
  const errors = previous === undefined ? found : ratchet(found, { schema, next, previous })
  return [...errors, ...checkRules({ schema, next, previous, errors })]
}

/** Names that others may take as well; told of when they are new. */
function finalizerWarnings(object: KubeObject, previous: KubeObject | undefined): string[] {
  const known = new Set(previous?.metadata?.finalizers)
  return (object.metadata?.finalizers ?? [])
    .filter((one) => !one.includes('/') && !known.has(one) && !['orphan', 'foregroundDeletion'].includes(one))
    .map(
      (one) =>
        `metadata.finalizers: ${JSON.stringify(one)}: prefer a domain-qualified finalizer name to avoid accidental conflicts with other finalizer writers`,
    )
}

const maxReplicas = 2 ** 31 - 1

/** What /scale reads and writes has to make sense to it. The paths in its errors are those of the definition. */
function scaleErrors(scale: CrdScale | undefined, object: KubeObject): FieldError[] {
  if (scale === undefined) return []
  return [scale.specReplicasPath, scale.statusReplicasPath].flatMap((path) => {
    const [found] = compileJsonPath(path)(object)
    if (typeof found !== 'number') return []
    if (found < 0) return [invalid(path, found, 'should be a non-negative integer')]
    return found > maxReplicas ? [invalid(path, found, `should be less than or equal to ${maxReplicas}`)] : []
  })
}

/** Of a status write only the status is looked at; its errors name its fields as seen from there. */
function statusErrors(schema: JsonSchema | undefined, next: unknown, previous: unknown): FieldError[] {
  if (schema === undefined || next === undefined) return []
  return checked(schema, next, previous).map((error) => {
    if (error.field !== '') return { ...error, field: `status.${error.field}` }
    // An error of the status as a whole, which has no name from there.
    if (!error.detail.startsWith('<nil> ')) return error
    return { ...error, field: 'status', detail: error.detail.replace('<nil>', '') }
  })
}

const replicasPathsOf = (crd: Crd): Record<string, string | undefined> =>
  Object.fromEntries(
    crd.spec.versions.map(({ name, subresources }) => [
      `${crd.spec.group}/${name}`,
      subresources?.scale?.specReplicasPath.replace(/^\./, ''),
    ]),
  )

function subresourcesOf(crd: Crd, version: CrdVersion): Record<string, Subresource<KubeObject>> {
  const subresources: Record<string, Subresource<KubeObject>> = {}
  const { status: statusSchema } = version.schema?.openAPIV3Schema?.properties ?? {}
  if (version.subresources?.status !== undefined) {
    subresources['status'] = {
      type: 'view',
      verbs: ['get', 'update', 'patch'],
      prepareForUpdate: (next, previous) => {
        const { status } = next as CustomObject
        const { managedFields } = next.metadata ?? {}
        for (const key of Object.keys(next)) delete (next as CustomObject)[key]
        Object.assign(next, structuredClone(previous))
        if (status === undefined) delete (next as CustomObject).status
        else (next as CustomObject).status = status
        if (managedFields !== undefined) (next.metadata ??= {}).managedFields = managedFields
      },
      validateUpdate: (next, previous) => [
        ...statusErrors(statusSchema, (next as CustomObject).status, (previous as CustomObject).status),
        ...scaleErrors(version.subresources?.scale, next),
      ],
    }
  }
  const scale = version.subresources?.scale
  if (scale !== undefined) {
    const selector = scale.labelSelectorPath === undefined ? undefined : compileJsonPath(scale.labelSelectorPath)
    subresources['scale'] = {
      type: 'scale',
      getSpecReplicas: numberAt(scale.specReplicasPath),
      requireSpec: (object) => {
        if (compileJsonPath(scale.specReplicasPath)(object).length > 0) return
        throw internalError(`the spec replicas field ${JSON.stringify(scale.specReplicasPath)} does not exist`)
      },
      setSpecReplicas: (object, replicas) => setAt(object as CustomObject, scale.specReplicasPath, replicas),
      statusReplicas: numberAt(scale.statusReplicasPath),
      selector: (object) => {
        const [found] = selector?.(object) ?? []
        return typeof found === 'string' ? found : ''
      },
      replicasPaths: replicasPathsOf(crd),
    }
  }
  return subresources
}

function selectableFields(version: CrdVersion): Record<string, (object: KubeObject) => string> {
  return Object.fromEntries(
    (version.selectableFields ?? []).map(({ jsonPath }) => {
      const read = compileJsonPath(jsonPath)
      return [
        jsonPath.replace(/^\./, ''),
        (object: KubeObject) => {
          const [found] = read(object)
          return found === undefined || found === null ? '' : String(found as string | number | boolean)
        },
      ]
    }),
  )
}

export interface DefineOptions {
  /** Reaches conversion webhooks. */
  callWebhook: WebhookCaller
  /** Per version: tells watches that objects are shown differently from now on. */
  retired?: (version: string) => AbortSignal
}

/**
 * How stored objects become what a version serves. None is needed while one version has had one schema: objects are
 * stored as they are shown.
 */
function conversionOf(
  crd: Crd,
  version: CrdVersion,
  schema: JsonSchema,
  options: DefineOptions,
): ResourceDefinition['conversion'] {
  const { group, versions, conversion } = crd.spec
  const isNew = (crd.metadata?.generation ?? 1) <= 1
  if (versions.length === 1 && isNew) return undefined
  const storage = storageVersionOf(crd)?.name ?? version.name
  const served = `${group}/${version.name}`
  const storedAs = `${group}/${storage}`
  const repair = (object: KubeObject): KubeObject => repaired(schema, object)
  return {
    storedAs: { group, version: storage, plural: crd.spec.names.plural },
    fromStored: (object) => repair({ ...object, apiVersion: served }),
    toStored: (object) => ({ ...object, apiVersion: storedAs }),
    ...(conversion?.strategy === 'Webhook' && versions.length > 1
      ? { remote: webhookConversion({ conversion, served, storedAs, repair, call: options.callWebhook }) }
      : {}),
  }
}

function defineVersion(crd: Crd, version: CrdVersion, options: DefineOptions): ResourceDefinition {
  const { group, scope } = crd.spec
  const names = { ...crd.spec.names, ...crd.status?.acceptedNames }
  const schema = version.schema?.openAPIV3Schema ?? anything
  const gvk = { group, version: version.name, kind: names.kind }
  const hasStatus = version.subresources?.status !== undefined
  const scale = version.subresources?.scale
  const { shortNames = [], categories = [] } = names
  const conversion = conversionOf(crd, version, schema, options)
  const isTerminating = conditionIs(crd, 'Terminating', 'True') || crd.metadata?.deletionTimestamp !== undefined
  const retired = options.retired?.(version.name)
  return {
    ...gvk,
    plural: names.plural,
    namespaced: scope === 'Namespaced',
    ...(names.singular === undefined ? {} : { singular: names.singular }),
    ...(names.listKind === undefined ? {} : { listKind: names.listKind }),
    ...(shortNames.length === 0 ? {} : { shortNames }),
    ...(categories.length === 0 ? {} : { categories }),
    storagePrefix: `${group}/${names.plural}`,
    custom: customShape(gvk, schema, crd.spec.preserveUnknownFields === true),
    columns: customColumns(version.additionalPrinterColumns),
    selectableFields: selectableFields(version),
    hasGeneration: true,
    allowUnconditionalUpdate: false,
    ...(version.deprecated === true ? { deprecationText: deprecationText(crd, version) } : {}),
    subresources: subresourcesOf(crd, version),
    prepareForCreate: (object) => {
      if (isTerminating) {
        const why = 'create not allowed while custom resource definition is terminating'
        throw forbiddenError({ group, plural: names.plural }, object.metadata?.name, why)
      }
      if (hasStatus) delete (object as CustomObject).status
      // Admission may have brought in objects that have defaults of their own; so may /scale.
      defaultCustomResource(schema, object, { keepNulls: true })
    },
    prepareForUpdate: (next, previous) => {
      defaultCustomResource(schema, next, { keepNulls: true })
      if (!hasStatus) return
      const { status } = previous as CustomObject
      if (status === undefined) delete (next as CustomObject).status
      else (next as CustomObject).status = status
    },
    warnings: (object, previous) => [
      ...finalizerWarnings(object, previous),
      ...(previous === undefined ? [] : forgivenRules({ schema, next: object, previous }).map(fieldErrorMessage)),
    ],
    validate: (object) => [...checked(schema, object, undefined), ...scaleErrors(scale, object)],
    validateUpdate: (next, previous) => [...checked(schema, next, previous), ...scaleErrors(scale, next)],
    ...(conversion === undefined ? {} : { conversion }),
    ...(retired === undefined ? {} : { retired }),
  }
}

function deprecationText(crd: Crd, version: CrdVersion): string {
  return version.deprecationWarning ?? `${crd.spec.group}/${version.name} ${crd.spec.names.kind} is deprecated`
}

/** What decides how a version shows its objects: where this changes, watches have to begin anew. */
export function shownAs(crd: Crd, version: CrdVersion): string {
  const { conversion, names } = crd.spec
  return JSON.stringify([version.schema, version.served, conversion, names.kind])
}

/** The definition that a version's objects are kept and taken away by, served or not. */
export function storageDefinition(crd: Crd, options: DefineOptions): AnyDefinition | undefined {
  const storage = storageVersionOf(crd) ?? crd.spec.versions[0]
  return storage === undefined ? undefined : { type: 'stored', definition: defineVersion(crd, storage, options) }
}

/** The definitions of a custom resource's served versions. */
export function defineCustomResource(crd: Crd, options: DefineOptions): AnyDefinition[] {
  return crd.spec.versions
    .filter((version) => version.served)
    .map((version) => ({ type: 'stored', definition: defineVersion(crd, version, options) }))
}
