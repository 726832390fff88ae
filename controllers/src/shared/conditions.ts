/** What all lists of conditions have in common. */
export interface Condition {
  type: string
  status: string
  reason?: string
  message?: string
  lastTransitionTime?: string
}

export function findCondition<C extends Condition>(conditions: readonly C[] | undefined, type: string): C | undefined {
  return conditions?.find((condition) => condition.type === type)
}

/** The list with this condition in place of its forerunner; the time of transition stays while the status does. */
export function withCondition<C extends Condition>(conditions: readonly C[] | undefined, next: C): C[] {
  const before = findCondition(conditions, next.type)
  const kept =
    before?.status === next.status && before.lastTransitionTime !== undefined
      ? { ...next, lastTransitionTime: before.lastTransitionTime }
      : next
  if (before === undefined) return [...(conditions ?? []), kept]
  return (conditions ?? []).map((condition) => (condition.type === next.type ? kept : condition))
}

export function withoutCondition<C extends Condition>(conditions: readonly C[] | undefined, type: string): C[] {
  return (conditions ?? []).filter((condition) => condition.type !== type)
}
