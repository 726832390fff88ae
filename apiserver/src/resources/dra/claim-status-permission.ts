import { forbidden, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import type { ResourceV1ResourceClaim } from '@kapell/openapi/types'
import { refusal } from '../../authorization/authorizer.ts'
import type { WriteContext } from '../../registry/definition.ts'
import type { AuthorizationAttributes } from '../../registry/services.ts'
import { sameJson } from '../common/validation.ts'

/**
 * Who may say what in a claim's status: what is allocated, and for whom, needs a right of its own, and so do the devices
 * of each driver. Source: "Dynamic Resource Allocation", "Granular status authorization".
 */
type Status = NonNullable<ResourceV1ResourceClaim['status']>

export async function permitClaimStatus(
  next: ResourceV1ResourceClaim,
  previous: ResourceV1ResourceClaim,
  root: FieldPath,
  context: WriteContext,
): Promise<FieldError[]> {
  const at = root.child('status')
  const errors: FieldError[] = []
  const [now, before] = [next.status ?? {}, previous.status ?? {}]
  if (changesBinding(now, before)) {
    const why = await denied(context, { subresource: 'binding', verb: context.verb })
    if (why !== undefined) {
      const needs = `requires resource="resourceclaims/binding", verb="${context.verb}" permission`
      errors.push(
        forbidden(at.child('allocation'), `changing status.allocation or status.reservedFor ${needs}: ${why}`),
      )
    }
  }
  const verbs = [
    ...(isAtItsNode(previous, context) ? [`associated-node:${context.verb}`] : []),
    `arbitrary-node:${context.verb}`,
  ]
  const namespace = next.metadata?.namespace ?? ''
  for (const driver of changedDrivers(now, before)) {
    let first: string | undefined
    for (const verb of verbs) {
      const why = await denied(context, { subresource: 'driver', verb, namespace, name: driver })
      if (why === undefined) {
        first = undefined
        break
      }
      first ??= why
    }
    if (first === undefined) continue
    const needs = `requires resource="resourceclaims/driver", verb="[${verbs.join(' ')}]" permission`
    errors.push(forbidden(at.child('devices'), `changing status.devices ${needs}: ${first}`))
  }
  return errors
}

/** An empty list says what none says. */
const same = (a: readonly unknown[] = [], b: readonly unknown[] = []): boolean => sameJson(a, b)

const changesBinding = (now: Status, before: Status): boolean =>
  !sameJson(now.allocation, before.allocation) || !same(now.reservedFor, before.reservedFor)

function changedDrivers(now: Status, before: Status): string[] {
  const of = (status: Status, driver: string): readonly unknown[] =>
    (status.devices ?? []).filter((device) => device.driver === driver)
  const drivers = [...(now.devices ?? []), ...(before.devices ?? [])].map((device) => device.driver)
  return [...new Set(drivers)].sort().filter((driver) => !same(of(now, driver), of(before, driver)))
}

/** What the refusal says; undefined when it is allowed. */
async function denied(
  { user, services }: WriteContext,
  asked: Pick<AuthorizationAttributes, 'subresource' | 'verb' | 'namespace' | 'name'>,
): Promise<string | undefined> {
  const attributes = { user, group: 'resource.k8s.io', version: '*', resource: 'resourceclaims', ...asked }
  const decision = await services.authorize(attributes)
  return decision.allowed ? undefined : refusal(attributes, decision.reason).message
}

/** A driver's pod on the one node that the claim's devices are at. */
function isAtItsNode({ status }: ResourceV1ResourceClaim, { user }: WriteContext): boolean {
  const nodes = user.extra?.['authentication.kubernetes.io/node-name'] ?? []
  if (!user.username.startsWith('system:serviceaccount:') || nodes.length !== 1) return false
  const terms = status?.allocation?.nodeSelector?.nodeSelectorTerms ?? []
  const [term] = terms
  if (terms.length !== 1 || (term?.matchExpressions ?? []).length > 0) return false
  const fields = term?.matchFields ?? []
  const [field] = fields
  return (
    fields.length === 1 && field?.key === 'metadata.name' && field.operator === 'In' && same(field.values ?? [], nodes)
  )
}
