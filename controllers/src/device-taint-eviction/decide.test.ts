import type { V1DeviceTaint, V1DeviceToleration } from '@kapell/openapi/types'
import { evictAtMs } from './decide.ts'

const taint = (effect: string): V1DeviceTaint => ({ key: 'k', effect, timeAdded: '1970-01-01T00:00:10Z' })

describe('evictAtMs', () => {
  it.each<[string, V1DeviceTaint[], V1DeviceToleration[], number | undefined]>([
    ['nobody tolerates: since the taint', [taint('NoExecute')], [], 10_000],
    ['another effect', [taint('NoSchedule')], [], undefined],
    ['tolerated for ever', [taint('NoExecute')], [{ operator: 'Exists' }], undefined],
    ['tolerated for a while', [taint('NoExecute')], [{ key: 'k', operator: 'Exists', tolerationSeconds: 5 }], 15_000],
    ['another key is tolerated', [taint('NoExecute')], [{ key: 'z', operator: 'Exists' }], 10_000],
    ['a taint without a time began now', [{ key: 'k', effect: 'NoExecute' }], [], 60_000],
  ])('%s', (_rule, taints, tolerations, expected) => {
    const result = { request: 'r', driver: 'd', pool: 'p', device: 'x', tolerations }
    const claim = { spec: {}, status: { allocation: { devices: { results: [result] } } } }
    expect(evictAtMs(claim, (device) => (device === 'd/p/x' ? taints : []), 60_000)).toBe(expected)
  })
})
