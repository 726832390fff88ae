import type { V1Toleration } from '@kapell/openapi/types'
import { staySeconds } from './tolerations.ts'

const taint = { key: 'k', value: 'v', effect: 'NoExecute' as const }
const other = { key: 'o', effect: 'NoExecute' as const }

describe('staySeconds', () => {
  it.each<[string, V1Toleration[], number | undefined]>([
    ['nobody tolerates: at once', [], 0],
    ['tolerated for ever', [{ operator: 'Exists' }], undefined],
    [
      'tolerated for a while',
      [
        { key: 'k', value: 'v', tolerationSeconds: 300 },
        { key: 'o', operator: 'Exists' },
      ],
      300,
    ],
    [
      'the shortest counts',
      [
        { operator: 'Exists', tolerationSeconds: 9 },
        { key: 'k', value: 'v', tolerationSeconds: 5 },
      ],
      5,
    ],
    ['one taint is not tolerated', [{ key: 'k', value: 'v', tolerationSeconds: 300 }], 0],
    ['another effect does not count', [{ operator: 'Exists', effect: 'NoSchedule' }], 0],
    ['negative means at once', [{ operator: 'Exists', tolerationSeconds: -1 }], 0],
  ])('%s', (_rule, tolerations, expected) => {
    expect(staySeconds([taint, other], tolerations)).toBe(expected)
  })
})
