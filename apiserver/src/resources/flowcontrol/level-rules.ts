import { forbidden, invalid, required, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import type { V1PriorityLevelConfiguration } from '@kapell/openapi/types'
import { inRange, unsupported } from '../common/validation.ts'

/** How much a priority level gets, and what becomes of the rest. Source: "API Priority and Fairness". */

type Limited = NonNullable<NonNullable<V1PriorityLevelConfiguration['spec']>['limited']>

const maxQueues = 10_000_000
const maxEntropyBits = 60

export function validateShares(
  shares: { nominalConcurrencyShares?: number; lendablePercent?: number } | undefined,
  at: FieldPath,
): FieldError[] {
  const { nominalConcurrencyShares: nominal = 0, lendablePercent: lendable = 0 } = shares ?? {}
  return [
    ...(nominal < 0 ? [invalid(at.child('nominalConcurrencyShares'), nominal, 'must be a non-negative integer')] : []),
    ...inRange(at.child('lendablePercent'), lendable, 0, 100),
  ]
}

export function validateLimited(limited: Limited, at: FieldPath): FieldError[] {
  const errors = validateShares(limited, at)
  const { borrowingLimitPercent: borrowing, limitResponse } = limited
  if (borrowing !== undefined && borrowing < 0) {
    errors.push(invalid(at.child('borrowingLimitPercent'), borrowing, 'if specified, must be a non-negative integer'))
  }
  const here = at.child('limitResponse')
  const type = limitResponse?.type ?? ''
  const queuing = limitResponse?.queuing
  if (type === '') return [...errors, required(here.child('type'))]
  if (type === 'Reject') {
    if (queuing !== undefined)
      errors.push(forbidden(here.child('queuing'), 'must be nil if limited.limitResponse.type is not Limited'))
    return errors
  }
  if (type !== 'Queue') return [...errors, unsupported(here.child('type'), type, ['Queue', 'Reject'])]
  if (queuing === undefined) {
    const text = 'must not be empty if limited.limitResponse.type is Limited'
    return [...errors, required(here.child('queuing'), text)]
  }
  return [...errors, ...validateQueuing(queuing, here.child('queuing'))]
}

function validateQueuing(
  { queues = 0, handSize = 0, queueLengthLimit = 0 }: { queues?: number; handSize?: number; queueLengthLimit?: number },
  at: FieldPath,
): FieldError[] {
  const errors: FieldError[] = []
  if (queueLengthLimit <= 0) errors.push(invalid(at.child('queueLengthLimit'), queueLengthLimit, 'must be positive'))
  if (queues <= 0) errors.push(invalid(at.child('queues'), queues, 'must be positive'))
  else if (queues > maxQueues) errors.push(invalid(at.child('queues'), queues, `must not be greater than ${maxQueues}`))
  const here = at.child('handSize')
  if (handSize <= 0) errors.push(invalid(here, handSize, 'must be positive'))
  else if (handSize > queues) errors.push(invalid(here, handSize, `should not be greater than queues (${queues})`))
  else if (handSize * Math.ceil(Math.log2(queues)) > maxEntropyBits) {
    errors.push(
      invalid(
        here,
        handSize,
        `required entropy bits of deckSize ${queues} and handSize ${handSize} should not be greater than ${maxEntropyBits}`,
      ),
    )
  }
  return errors
}
