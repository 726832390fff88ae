import { invalid } from '@kapell/openapi/meta/field-errors'
import type { KubeObject } from '@kapell/openapi/meta/object'
import { invalidObject, notFound } from '@kapell/openapi/meta/status'
import type { RequestContext } from '../pipeline/context.ts'
import { readCurrent } from '../registry/current.ts'
import { column, type Column, type ScaleSubresource } from '../registry/definition.ts'
import { trackUpdate } from '../registry/managed-fields.ts'
import type { StoredResource } from '../registry/resource-table.ts'
import { updateObject } from '../registry/update.ts'
import { ageColumn, nameColumn } from '../resources/common/columns.ts'
import type { Answer } from '../server/answer.ts'
import { admissionOptionsOf, settleNamespace } from './create.ts'
import { bodyType, decodeBody } from './parse-body.ts'
import { patchedObject, readPatch } from './patch-body.ts'
import { applyType } from './patch-type.ts'
import { parseRevision, parseWriteOptions } from './query-options.ts'
import { objectAnswer, objectForm } from './respond.ts'
import type { EndpointServer } from './server.ts'
import { checkName } from './update.ts'
import { addWarning, managerOf, requestScope } from './write-scope.ts'

export const scaleKind = { group: 'autoscaling', version: 'v1', kind: 'Scale' }

interface Scale extends KubeObject {
  spec?: { replicas?: number }
  status?: { replicas: number; selector?: string }
}

const scaleColumns: readonly Column<KubeObject>[] = [
  // Unlike those of kinds of their own, it is not said to be a name.
  { ...nameColumn, format: '' },
  column('Desired', 'integer', (o) => (o as Scale).spec?.replicas ?? 0),
  column('Available', 'integer', (o) => (o as Scale).status?.replicas ?? 0),
  ageColumn,
]

export function scaleOf(rules: ScaleSubresource<KubeObject>, object: KubeObject): Scale {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata ?? {}
  const replicas = rules.getSpecReplicas(object)
  const selector = rules.selector(object)
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp } as NonNullable<KubeObject['metadata']>,
    spec: replicas === 0 ? {} : { replicas },
    status: { replicas: rules.statusReplicas(object), ...(selector === '' ? {} : { selector }) },
  }
}

/** Who scales is noted only where somebody owns the replicas already: a Scale that nobody owns a part of has no managers. */
function isTracked(object: KubeObject, resource: StoredResource): boolean {
  if (resource.definition.custom !== undefined) return true
  return (object.metadata?.managedFields ?? []).some(({ fieldsV1 }) => {
    const spec = (fieldsV1 as { 'f:spec'?: object } | undefined)?.['f:spec']
    return spec !== undefined && 'f:replicas' in spec
  })
}

/** GET, PUT and PATCH of /scale. */
export async function scaleEndpoint(
  server: EndpointServer,
  context: RequestContext,
  resource: StoredResource,
  rules: ScaleSubresource<KubeObject>,
): Promise<Answer> {
  const form = objectForm(context, resource)
  const { info } = context
  const answer = (object: KubeObject): Promise<Answer> =>
    objectAnswer(context, resource, 200, { object: () => scaleOf(rules, object), columns: scaleColumns }, form)
  if (info.verb === 'get') {
    parseRevision(context.query.get('resourceVersion') ?? '')
    const current = await readCurrent(resource, info)
    if (current === undefined) throw notFound({ group: resource.group, plural: resource.plural }, info.name)
    rules.requireSpec?.(current.object)
    return answer(current.object)
  }
  const patch = info.verb === 'patch'
  const options = parseWriteOptions(
    context.query,
    patch ? 'PatchOptions' : 'UpdateOptions',
    patch && bodyType(context) === applyType,
  )
  let wanted: (current: KubeObject) => Promise<Scale>
  if (patch) {
    const body = await readPatch(context, resource)
    wanted = (current) =>
      Promise.resolve(
        patchedObject(scaleOf(rules, current), body(), {
          gvk: scaleKind,
          validation: options.fieldValidation,
          warn: (text) => addWarning(context, text),
        }) as Scale,
      )
  } else {
    const scale = (await decodeBody(context, {
      gvk: scaleKind,
      validation: options.fieldValidation,
      warn: (text) => addWarning(context, text),
    })) as Scale
    settleNamespace(scale, resource, info.namespace)
    checkName(scale, info.name)
    wanted = () => Promise.resolve(scale)
  }
  const scope = requestScope(server, context, resource, {
    dryRun: options.dryRun,
    admissionOptions: admissionOptionsOf(patch ? 'PatchOptions' : 'UpdateOptions', options),
  })
  const manager = managerOf(context, options.fieldManager)
  const outcome = await updateObject(scope, {
    patch: true,
    next: async (live, copy) => {
      const current = copy()
      const scale = await wanted(current)
      const replicas = scale.spec?.replicas ?? 0
      // Custom resources check what the definition calls replicas themselves.
      if (replicas < 0 && resource.definition.custom === undefined) {
        throw invalidObject(scaleKind, info.name, [
          invalid('spec.replicas', replicas, 'must be greater than or equal to 0'),
        ])
      }
      rules.setSpecReplicas(current, replicas)
      if (isTracked(current, resource))
        trackUpdate({ live, object: current, resource, manager, now: context.now, subresource: 'scale' })
      const version = scale.metadata?.resourceVersion ?? ''
      if (version === '') delete (current as KubeObject).metadata?.resourceVersion
      else current.metadata.resourceVersion = version
      return current
    },
  })
  return answer(outcome.object)
}
