import type { V1Binding, V1Node, V1Pod } from '@kapell/openapi/types'
import type { KubeObject } from '@kapell/openapi/meta/object'
import { invalidObject, badRequest, conflict, success } from '@kapell/openapi/meta/status'
import { FieldPath, required, type FieldError } from '@kapell/openapi/meta/field-errors'
import type { ActionRequest } from '../../../registry/definition.ts'
import { unsupported } from '../../common/validation.ts'

const pods = { group: '', plural: 'pods' }
const bindingResource = { group: '', plural: 'pods/binding' }
const topologyLabels = ['topology.kubernetes.io/zone', 'topology.kubernetes.io/region']

type BindRequest = Omit<ActionRequest, 'warn'> & { warn?: ActionRequest['warn'] }

function validate(binding: V1Binding): FieldError[] {
  const errors: FieldError[] = []
  const kind = binding.target?.kind ?? ''
  if (kind !== '' && kind !== 'Node') errors.push(unsupported(new FieldPath('target.kind'), kind, ['Node', '<empty>']))
  if ((binding.target?.name ?? '') === '') errors.push(required('target.name'))
  return errors
}

/** Assigns a pod to a node, once. Source: Binding v1 core. @throws ApiError Conflict when it has a node already. */
export async function bindPod(request: BindRequest): Promise<KubeObject> {
  const { namespace, name, services, dryRun } = request
  const binding = request.body as V1Binding
  if (binding.metadata?.name !== name) throw badRequest('name in URL does not match name in Binding object')
  const errors = validate(binding)
  if (errors.length > 0) throw invalidObject({ group: '', kind: 'Binding' }, name, errors)

  const nodeName = binding.target.name ?? ''
  const topology = topologyOf(services.objects.get<V1Node>({ group: '', plural: 'nodes' }, { name: nodeName }))
  await services.objects.update<V1Pod>(
    pods,
    { namespace, name },
    (pod) => assign(pod, binding, nodeName, topology, request.now),
    { dryRun, raw: true, ...(binding.metadata?.uid === undefined ? {} : { uid: binding.metadata.uid }) },
  )
  return success(201)
}

function assign(pod: V1Pod, binding: V1Binding, nodeName: string, topology: Record<string, string>, now: Date): void {
  const name = pod.metadata?.name ?? ''
  const refuse = (why: string): Error => conflict(bindingResource, name, why)
  if (pod.metadata?.deletionTimestamp !== undefined) {
    throw refuse(`pod ${name} is being deleted, cannot be assigned to a host`)
  }
  const assigned = pod.spec?.nodeName ?? ''
  if (assigned !== '') throw refuse(`pod ${name} is already assigned to node ${JSON.stringify(assigned)}`)
  if ((pod.spec?.schedulingGates ?? []).length > 0) throw refuse(`pod ${name} has non-empty .spec.schedulingGates`)
  if (pod.spec === undefined) return
  pod.spec.nodeName = nodeName
  pod.metadata ??= {}
  mergeInto(pod.metadata, 'annotations', binding.metadata?.annotations)
  mergeInto(pod.metadata, 'labels', { ...topology, ...binding.metadata?.labels })
  markScheduled(pod, now)
}

function markScheduled(pod: V1Pod, now: Date): void {
  const status = (pod.status ??= {})
  // It says where a pod is meant to go, which is over now.
  delete status.nominatedNodeName
  const others = (status.conditions ?? []).filter((c) => c.type !== 'PodScheduled')
  const before = (status.conditions ?? []).find((c) => c.type === 'PodScheduled')
  status.conditions = [
    ...others,
    {
      type: 'PodScheduled',
      status: 'True',
      lastProbeTime: null as unknown as string,
      lastTransitionTime:
        before?.status === 'True' && before.lastTransitionTime !== undefined
          ? before.lastTransitionTime
          : `${now.toISOString().slice(0, 19)}Z`,
    },
  ]
}

/** Where the node stands is copied to its pods, so that they can read it through the downward API. */
function topologyOf(node: V1Node | undefined): Record<string, string> {
  const labels = node?.metadata?.labels ?? {}
  return Object.fromEntries(topologyLabels.flatMap((key) => (labels[key] === undefined ? [] : [[key, labels[key]]])))
}

function mergeInto(
  meta: NonNullable<V1Pod['metadata']>,
  field: 'annotations' | 'labels',
  values: Record<string, string> | undefined,
): void {
  if (values === undefined || Object.keys(values).length === 0) return
  meta[field] = { ...meta[field], ...values }
}
