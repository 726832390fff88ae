import type { V1Secret, V1ServiceAccount } from '@kapell/openapi/types'
import { timeMs } from '../shared/pods.ts'

export const lastUsedLabel = 'kubernetes.io/legacy-token-last-used'
export const invalidSinceLabel = 'kubernetes.io/legacy-token-invalid-since'

const dayForm = /^\d{4}-\d{2}-\d{2}$/

/** A day as ms; undefined when it is none. */
export function dayMs(text: string | undefined): number | undefined {
  const ms = text !== undefined && dayForm.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN
  return Number.isNaN(ms) ? undefined : ms
}

/**
 * What is done with a token's Secret. Only those that were made for an account of their own accord, which therefore
 * names them, that no pod mounts and nobody has used for long: first marked, and deleted when as long has gone by again.
 */
export function judge(
  secret: V1Secret,
  facts: { account: V1ServiceAccount | undefined; mounted: boolean; nowMs: number; periodMs: number },
): 'keep' | 'mark' | 'delete' {
  const { metadata } = secret
  const before = facts.nowMs - facts.periodMs
  if (timeMs(metadata?.creationTimestamp) >= before || facts.mounted) return 'keep'
  const named = facts.account?.secrets?.some(({ name }) => name === metadata?.name) === true
  if (!named) return 'keep'
  const used = metadata?.labels?.[lastUsedLabel]
  if (used !== undefined) {
    const usedMs = dayMs(used)
    if (usedMs === undefined || usedMs >= startOfDay(before)) return 'keep'
  }
  const sinceMs = dayMs(metadata?.labels?.[invalidSinceLabel])
  if (sinceMs === undefined || sinceMs > facts.nowMs) return 'mark'
  return sinceMs < startOfDay(before) ? 'delete' : 'keep'
}

const startOfDay = (ms: number): number => ms - (ms % 86_400_000)
