import type { KubeObject } from '@kapell/openapi/meta/object'
import type { JsonSchema } from '@kapell/openapi/schema/structural/json-schema'
import { validateCustomResource } from '@kapell/openapi/schema/structural/validate'
import type { AnyDefinition, ResourceDefinition, Subresource } from '../registry/definition.ts'
import { customColumns } from './columns.ts'
import { compileJsonPath } from './json-path.ts'
import { ratchet } from './ratchet.ts'
import { customShape } from './shape.ts'
import type { Crd, CrdVersion } from './types.ts'

type CustomObject = KubeObject & { status?: unknown } & Record<string, unknown>

const anything: JsonSchema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }

/** The value at a dotted path. */
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

function subresourcesOf(version: CrdVersion): Record<string, Subresource<KubeObject>> {
  const subresources: Record<string, Subresource<KubeObject>> = {}
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
    }
  }
  const scale = version.subresources?.scale
  if (scale !== undefined) {
    const selector = scale.labelSelectorPath === undefined ? undefined : compileJsonPath(scale.labelSelectorPath)
    subresources['scale'] = {
      type: 'scale',
      getSpecReplicas: numberAt(scale.specReplicasPath),
      setSpecReplicas: (object, replicas) => setAt(object as CustomObject, scale.specReplicasPath, replicas),
      statusReplicas: numberAt(scale.statusReplicasPath),
      selector: (object) => {
        const [found] = selector?.(object) ?? []
        return typeof found === 'string' ? found : ''
      },
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

function defineVersion(crd: Crd, version: CrdVersion, storage: CrdVersion): ResourceDefinition {
  const { group, scope } = crd.spec
  const names = { ...crd.spec.names, ...crd.status?.acceptedNames }
  const schema = version.schema?.openAPIV3Schema ?? anything
  const gvk = { group, version: version.name, kind: names.kind }
  const hasStatus = version.subresources?.status !== undefined
  const { shortNames = [], categories = [] } = names
  const asVersion = (object: KubeObject, name: string): KubeObject => ({ ...object, apiVersion: `${group}/${name}` })
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
    subresources: subresourcesOf(version),
    prepareForCreate: (object) => {
      if (hasStatus) delete (object as CustomObject).status
    },
    prepareForUpdate: (next, previous) => {
      if (!hasStatus) return
      const { status } = previous as CustomObject
      if (status === undefined) delete (next as CustomObject).status
      else (next as CustomObject).status = status
    },
    validate: (object) => validateCustomResource(schema, object),
    validateUpdate: (next, previous) => ratchet(validateCustomResource(schema, next), next, previous),
    ...(crd.spec.versions.length > 1
      ? {
          conversion: {
            storedAs: { group, version: storage.name, plural: names.plural },
            fromStored: (object: KubeObject) => asVersion(object, version.name),
            toStored: (object: KubeObject) => asVersion(object, storage.name),
          },
        }
      : {}),
  }
}

function deprecationText(crd: Crd, version: CrdVersion): string {
  return version.deprecationWarning ?? `${crd.spec.group}/${version.name} ${crd.spec.names.kind} is deprecated`
}

/** The definitions of a custom resource's served versions. Throws when one cannot be made. */
export function defineCustomResource(crd: Crd): AnyDefinition[] {
  const storage = crd.spec.versions.find((version) => version.storage) ?? crd.spec.versions[0]
  if (storage === undefined) return []
  return crd.spec.versions
    .filter((version) => version.served)
    .map((version) => ({ type: 'stored', definition: defineVersion(crd, version, storage) }))
}
