import { nextStep, ttlSecondsOf } from './steps.ts'

/** The times a cluster goes through as it takes these sizes in turn. */
function through(...sizes: number[]): number[] {
  let step = 0
  return sizes.map((size) => ttlSecondsOf((step = nextStep(step, size))))
}

it.each([
  ['small', [0, 1, 100], [0, 0, 0]],
  ['grows over an edge', [100, 101], [0, 15]],
  ['shrinks only below the lower edge', [101, 91, 90, 89], [15, 15, 15, 0]],
  ['grows over all', [500, 501, 1001, 2001, 50_000], [15, 30, 60, 300, 300]],
  ['is found big at once', [5000, 0], [300, 0]],
])('a cluster that is or %s', (_, sizes, ttls) => {
  expect(through(...sizes)).toEqual(ttls)
})
