import { rfc3339 } from '@kapell/openapi/meta/time'
import { deepEqual } from '../registry/deep-equal.ts'
import type { AcceptedNames } from './names.ts'
import { conditionIs, storageVersionOf, type Crd, type CrdCondition } from './types.ts'

type Status = NonNullable<Crd['status']>

/** The conditions with one set; its time moves only when its status does. */
export function withCondition(
  conditions: readonly CrdCondition[],
  wanted: Omit<CrdCondition, 'lastTransitionTime'>,
  now: Date,
): CrdCondition[] {
  const old = conditions.find((one) => one.type === wanted.type)
  const lastTransitionTime =
    old?.status === wanted.status && old.lastTransitionTime ? old.lastTransitionTime : rfc3339(now)
  const { type, status, ...why } = wanted
  const set = { type, status, lastTransitionTime, ...why }
  return old === undefined ? [...conditions, set] : conditions.map((one) => (one === old ? set : one))
}

/**
 * What the status has to say once the names are judged: NamesAccepted, Established (which stays, once it is) and the
 * versions that objects may be stored in. The same object content when nothing changes.
 */
export function settledStatus(crd: Crd, { accepted, clash }: AcceptedNames, now: Date): Status {
  const status = crd.status ?? {}
  let conditions = withCondition(
    approvalCondition(crd, status.conditions ?? [], now),
    clash === undefined
      ? { type: 'NamesAccepted', status: 'True', reason: 'NoConflicts', message: 'no conflicts found' }
      : { type: 'NamesAccepted', status: 'False', ...clash },
    now,
  )
  if (!conditionIs(crd, 'Established', 'True')) {
    conditions = withCondition(
      conditions,
      clash === undefined
        ? {
            type: 'Established',
            status: 'True',
            reason: 'InitialNamesAccepted',
            message: 'the initial names have been accepted',
          }
        : { type: 'Established', status: 'False', reason: 'NotAccepted', message: 'not all names are accepted' },
      now,
    )
  }
  const storage = storageVersionOf(crd)?.name
  const stored = status.storedVersions ?? []
  const storedVersions = storage === undefined || stored.includes(storage) ? stored : [...stored, storage]
  const next = { ...status, conditions, acceptedNames: accepted, storedVersions }
  return deepEqual(next, status) ? status : next
}

export const approvalAnnotation = 'api-approved.kubernetes.io'

/** Groups that belong to the Kubernetes project. */
export const isProtectedGroup = (group: string): boolean => /(^|\.)(k8s|kubernetes)\.io$/.test(group)

/** What an approval says of itself; undefined when it is not well-formed. */
export function approvalOf(text: string): 'approved' | 'unapproved' | undefined {
  if (text.startsWith('unapproved')) return 'unapproved'
  return URL.canParse(text) && new URL(text).host !== '' ? 'approved' : undefined
}

function approvalCondition(crd: Crd, conditions: readonly CrdCondition[], now: Date): readonly CrdCondition[] {
  if (!isProtectedGroup(crd.spec.group)) return conditions
  const type = 'KubernetesAPIApprovalPolicyConformant'
  const text = crd.metadata?.annotations?.[approvalAnnotation] ?? ''
  const found = text === '' ? 'missing' : approvalOf(text)
  const wanted =
    found === 'approved'
      ? { type, status: 'True', reason: 'ApprovedAnnotation', message: `approved in ${text}` }
      : found === 'unapproved'
        ? { type, status: 'False', reason: 'UnapprovedAnnotation', message: `not approved: ${JSON.stringify(text)}` }
        : found === 'missing'
          ? {
              type,
              status: 'False',
              reason: 'MissingAnnotation',
              message: `protected groups must have approval annotation ${JSON.stringify(approvalAnnotation)}, see https://github.com/kubernetes/enhancements/pull/1111`,
            }
          : {
              type,
              status: 'False',
              reason: 'InvalidAnnotation',
              message: `protected groups must have approval annotation ${JSON.stringify(approvalAnnotation)} with either a URL or a reason starting with "unapproved", see https://github.com/kubernetes/enhancements/pull/1111`,
            }
  return withCondition(conditions, wanted, now)
}
