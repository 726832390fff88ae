import { invalid } from '@kapell/openapi/meta/field-errors'
import type { KubeObject } from '@kapell/openapi/meta/object'
import { ApiError, badRequest, conflict, internalError, invalidObject } from '@kapell/openapi/meta/status'
import { rfc3339 } from '@kapell/openapi/meta/time'
import { updateManagedFields } from '@kapell/openapi/patch/managed-fields'
import { schemaOf } from '@kapell/openapi/schema/registry'
import type { StructSchema } from '@kapell/openapi/schema/schema'
import type { RequestContext } from '../pipeline/context.ts'
import { subdomainName, validateMetadata } from '../registry/metadata-validation.ts'
import type { StoredResource } from '../registry/resource-table.ts'
import { mergedObject, readApplied } from './apply.ts'
import { settleNamespace } from './create.ts'
import { bodyType, decodeBody } from './parse-body.ts'
import { patchedObject, readPatch } from './patch-body.ts'
import { applyType } from './patch-type.ts'
import type { WriteOptions } from './query-options.ts'
import { checkName } from './update.ts'
import { addWarning, managerOf } from './write-scope.ts'

export const scaleKind = { group: 'autoscaling', version: 'v1', kind: 'Scale' }

export interface Scale extends KubeObject {
  spec?: { replicas?: number }
  status?: { replicas: number; selector?: string }
}

/** Makes the Scale that a write asks for from the one that is there; throws what is wrong with it. */
export type WantedScale = (live: Scale) => Scale

function scaleSchema(): StructSchema {
  const schema = schemaOf(scaleKind)
  if (schema === undefined) throw internalError('Scale has no schema')
  return schema
}

/** Reads a PUT's, a patch's or an apply's body; what is answered tells of the rest once there is an object. */
export async function readWanted(
  context: RequestContext,
  resource: StoredResource,
  options: WriteOptions,
): Promise<WantedScale> {
  const { info } = context
  const warn = (text: string): void => addWarning(context, text)
  const isCustom = resource.definition.custom !== undefined
  const settle = (scale: Scale): Scale => {
    settleNamespace(scale, resource, info.namespace)
    checkName(scale, info.name)
    return scale
  }
  const tracked = (live: Scale, scale: Scale): Scale => {
    const managedFields = updateManagedFields({
      schema: scaleSchema(),
      live,
      next: scale,
      manager: managerOf(context, options.fieldManager),
      apiVersion: 'autoscaling/v1',
      subresource: 'scale',
      time: rfc3339(context.now),
    })
    const { metadata } = scale
    return { ...scale, metadata: { ...metadata, ...(managedFields === undefined ? {} : { managedFields }) } }
  }
  // Custom resources check what their definition calls replicas themselves.
  const checked = (scale: Scale): Scale => (isCustom ? scale : valid(scale, resource, info.name))
  const same = (live: Scale, scale: Scale): Scale => (isCustom ? scale : meantObject(live, scale, resource))

  if (info.verb !== 'patch') {
    const scale = settle(await readScale(context, options, isCustom))
    return (live) => checked(tracked(live, scale))
  }
  if (bodyType(context) === applyType) {
    const applied = await readApplied(context)
    return (live) => {
      const { object } = mergedObject(live, {
        schema: scaleSchema(),
        gvk: scaleKind,
        applied,
        options,
        subresource: 'scale',
        resetFields: [],
        now: context.now,
        warn,
      })
      const metadata = (object.metadata ??= {})
      metadata.name ??= info.name
      return checked(same(live, settle(object)))
    }
  }
  const body = await readPatch(context, resource)
  return (live) => {
    const scale = settle(patchedObject(live, body(), { gvk: scaleKind, validation: options.fieldValidation, warn }))
    return checked(same(live, tracked(live, scale)))
  }
}

async function readScale(context: RequestContext, options: WriteOptions, isCustom: boolean): Promise<Scale> {
  try {
    return await decodeBody(context, {
      gvk: scaleKind,
      validation: options.fieldValidation,
      warn: (text) => addWarning(context, text),
    })
  } catch (error) {
    // Where custom resources are served nobody knows what else a Scale could be.
    if (!isCustom || !(error instanceof ApiError) || error.status.code !== 400) throw error
    throw badRequest('no kind is registered for the type v1.Scale in scheme "pkg/runtime/scheme.go:111"')
  }
}

/** A patch that names another object is refused in the name of the subresource. */
function meantObject(live: Scale, scale: Scale, { group, plural }: StoredResource): Scale {
  const { uid = '' } = scale.metadata ?? {}
  const { name = '', uid: stored = '' } = live.metadata ?? {}
  if (uid === '' || uid === stored) return scale
  const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${stored}`
  throw conflict({ group, plural: `${plural}/scale` }, name, why)
}

function valid(scale: Scale, { definition }: StoredResource, name: string): Scale {
  const replicas = scale.spec?.replicas ?? 0
  const errors = validateMetadata(scale.metadata ?? {}, {
    namespaced: definition.namespaced,
    validateName: subdomainName,
    rules: { whole: 1, changed: 1, qualifiedFinalizers: true },
  })
  if (replicas < 0) errors.push(invalid('spec.replicas', replicas, 'must be greater than or equal to 0'))
  if (errors.length > 0) throw invalidObject(scaleKind, name, errors)
  return scale
}
