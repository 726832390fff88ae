import type { V1ContainerStatus, V1Pod } from '@kapell/openapi/types'
import { forbidden, invalid, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { dns1123Subdomain, qualifiedName } from '@kapell/openapi/meta/names'
import { parseIp } from '../../../common/ip.ts'
import { nameErrors } from '../../../common/validation.ts'
import { notAnIp } from '../../../common/ip-validation.ts'

/** What a node may report. */
export function validatePodStatusUpdate(next: V1Pod, previous: V1Pod, at: FieldPath): FieldError[] {
  const here = at.child('status')
  const status = next.status ?? {}
  const errors: FieldError[] = []
  for (const [i, condition] of (status.conditions ?? []).entries()) {
    errors.push(...nameErrors(here.child('conditions').index(i).child('Type'), condition.type, qualifiedName))
  }
  if ((status.nominatedNodeName ?? '') !== '') {
    errors.push(...nameErrors(here.child('nominatedNodeName'), status.nominatedNodeName ?? '', dns1123Subdomain))
  }
  const claims = new Set((next.spec?.resourceClaims ?? []).map((claim) => claim.name))
  for (const [i, claim] of (status.resourceClaimStatuses ?? []).entries()) {
    const place = here.child('resourceClaimStatuses').index(i)
    const text = 'must match the name of an entry in `spec.resourceClaims`'
    if (!claims.has(claim.name)) errors.push(invalid(place.child('name'), claim.name, text))
    const name = claim.resourceClaimName
    if (name !== undefined) errors.push(...nameErrors(place.child('resourceClaimName'), name, dns1123Subdomain))
  }
  if ((status.observedGeneration ?? 0) < 0) {
    const text = 'must be a non-negative integer'
    errors.push(invalid(here.child('observedGeneration'), status.observedGeneration, text))
  }
  const families = (status.podIPs ?? []).map(({ ip }) => parseIp(ip)?.family)
  if (families.length > 1 && !families.includes(undefined) && new Set(families).size < families.length) {
    const shown = status.podIPs?.map(({ ip }) => ({ IP: ip }))
    errors.push(invalid(here.child('podIPs'), shown, 'may specify no more than one IP for each IP family'))
  }
  const first = status.hostIPs?.[0]?.ip
  if (first !== undefined && first !== (status.hostIP ?? '')) {
    errors.push(invalid(here.child('hostIPs').index(0).child('ip'), first, 'must be equal to `hostIP`'))
  }
  for (const field of ['podIPs', 'hostIPs'] as const) {
    for (const [i, entry] of (status[field] ?? []).entries()) {
      if (parseIp(entry.ip) === undefined) errors.push(invalid(here.child(field).index(i), entry.ip, notAnIp))
    }
  }
  for (const [field, containers] of [
    ['containerStatuses', next.spec?.containers],
    ['initContainerStatuses', next.spec?.initContainers],
  ] as const) {
    // A container with a policy or rules of its own follows those.
    const own = new Set((containers ?? []).filter((c) => c.restartPolicy !== undefined).map((c) => c.name))
    const before = (previous.status?.[field] ?? []).filter((s) => !own.has(s.name))
    errors.push(...noRevival(status[field], before, next.spec?.restartPolicy, here.child(field)))
  }
  if (previous.status?.qosClass !== undefined && status.qosClass !== previous.status.qosClass) {
    errors.push(invalid(here.child('qosClass'), status.qosClass ?? '', 'field is immutable'))
  }
  return errors
}

/** A container that ended and is not restarted by its pod's policy does not come back to life. */
function noRevival(
  now: readonly V1ContainerStatus[] | undefined,
  before: readonly V1ContainerStatus[] | undefined,
  policy: string | undefined,
  at: FieldPath,
): FieldError[] {
  if (policy === 'Always') return []
  const errors: FieldError[] = []
  for (const [i, old] of (before ?? []).entries()) {
    const ended = old.state?.terminated
    if (ended === undefined || (ended.exitCode !== 0 && policy === 'OnFailure')) continue
    const found = (now ?? []).find((s) => s.name === old.name)
    if (found !== undefined && found.state?.terminated === undefined) {
      errors.push(forbidden(at.index(i).child('state'), 'may not be transitioned to non-terminated state'))
    }
  }
  return errors
}
