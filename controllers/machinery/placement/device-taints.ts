import type { V1DeviceTaint, V1DeviceToleration } from '@kapell/openapi/types'

/** Source: KEP-5055, "Device taints and tolerations". */
export function toleratesDevice(
  { key = '', operator = 'Equal', value = '', effect = '' }: V1DeviceToleration,
  taint: V1DeviceTaint,
): boolean {
  if (effect !== '' && effect !== taint.effect) return false
  if (operator === 'Exists') return key === '' || key === taint.key
  return key === taint.key && value === (taint.value ?? '')
}

/** The taints of these effects that nothing tolerates. */
export function untolerated(
  taints: readonly V1DeviceTaint[],
  tolerations: readonly V1DeviceToleration[],
  effects: readonly string[],
): V1DeviceTaint[] {
  return taints.filter(
    (taint) => effects.includes(taint.effect) && !tolerations.some((toleration) => toleratesDevice(toleration, taint)),
  )
}
