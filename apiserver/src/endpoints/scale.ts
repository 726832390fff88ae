import type { KubeObject } from '@kapell/openapi/meta/object'
import { notFound } from '@kapell/openapi/meta/status'
import { ownersAfterScale, ownersOfScale, type ReplicasPaths } from '@kapell/openapi/patch/scale-owners'
import type { RequestContext } from '../pipeline/context.ts'
import { readCurrent } from '../registry/current.ts'
import { column, type Column, type ScaleSubresource } from '../registry/definition.ts'
import type { StoredResource } from '../registry/resource-table.ts'
import { updateObject } from '../registry/update.ts'
import { ageColumn, nameColumn } from '../resources/common/columns.ts'
import type { Answer } from '../server/answer.ts'
import { admissionOptionsOf } from './create.ts'
import { bodyType } from './parse-body.ts'
import { applyType } from './patch-type.ts'
import { parseRevision, parseWriteOptions } from './query-options.ts'
import { objectAnswer, objectForm } from './respond.ts'
import { readWanted, type Scale } from './scale-wanted.ts'
import type { EndpointServer } from './server.ts'
import { requestScope } from './write-scope.ts'

const scaleColumns: readonly Column<KubeObject>[] = [
  // Unlike those of kinds of their own, it is not said to be a name.
  { ...nameColumn, format: '' },
  column('Desired', 'integer', (o) => (o as Scale).spec?.replicas ?? 0, {
    description: 'replicas is the desired number of instances for the scaled object.',
  }),
  column('Available', 'integer', (o) => (o as Scale).status?.replicas ?? 0, {
    description: 'replicas is the actual number of observed instances of the scaled object.',
  }),
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

function replicasPathsOf(rules: ScaleSubresource<KubeObject>, { apiVersion }: StoredResource): ReplicasPaths {
  const { replicasPaths } = rules
  if (replicasPaths === undefined) return { apiVersion, pathIn: () => 'spec.replicas' }
  return {
    apiVersion,
    pathIn: (version) => (version in replicasPaths ? (replicasPaths[version] ?? 'none') : 'unknown'),
  }
}

/** The Scale that a write finds: those who own the replicas are named in it. */
function liveScaleOf(rules: ScaleSubresource<KubeObject>, object: KubeObject, paths: ReplicasPaths): Scale {
  const scale = scaleOf(rules, object)
  const managedFields = ownersOfScale(object.metadata?.managedFields, paths)
  if (managedFields !== undefined) scale.metadata = { ...scale.metadata, managedFields }
  return scale
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
  const isPatch = info.verb === 'patch'
  const kind = isPatch ? 'PatchOptions' : 'UpdateOptions'
  const options = parseWriteOptions(context.query, kind, isPatch && bodyType(context) === applyType)
  const wanted = await readWanted(context, resource, options)
  const scope = requestScope(server, context, resource, {
    dryRun: options.dryRun,
    admissionOptions: admissionOptionsOf(kind, options),
  })
  const paths = replicasPathsOf(rules, resource)
  const outcome = await updateObject(scope, {
    patch: true,
    meansUid: !isPatch,
    next: (_live, copy) => {
      const current = copy()
      const scale = wanted(liveScaleOf(rules, current, paths))
      rules.setSpecReplicas(current, scale.spec?.replicas ?? 0)
      const { metadata } = current
      const managedFields = ownersAfterScale(metadata.managedFields, scale.metadata?.managedFields, paths)
      if (managedFields === undefined) delete metadata.managedFields
      else metadata.managedFields = managedFields
      const { resourceVersion = '', uid = '' } = scale.metadata ?? {}
      // One that names no version means the one that is there, whatever the kind wants of its own updates.
      if (resourceVersion !== '') metadata.resourceVersion = resourceVersion
      if (uid !== '' && !isPatch) metadata.uid = uid
      return current
    },
  })
  return answer(outcome.object)
}
