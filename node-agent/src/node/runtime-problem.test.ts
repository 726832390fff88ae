import type { Cri } from '../cri/client.ts'
import { runtimeProblem } from './node-status.ts'

type Condition = { type: string; status: boolean; reason: string; message: string }

const criSaying = (...conditions: Condition[]): Pick<Cri, 'runtime'> =>
  ({ runtime: { status: () => Promise.resolve({ status: { conditions } }) } }) as unknown as Pick<Cri, 'runtime'>
const condition = (type: string, status: boolean): Condition => ({ type, status, reason: 'R', message: 'm' })

describe('runtimeProblem', () => {
  it.each<[string, Condition[], string]>([
    ['all is well', [condition('RuntimeReady', true), condition('NetworkReady', true)], ''],
    [
      'no network',
      [condition('RuntimeReady', true), condition('NetworkReady', false)],
      'container runtime network not ready: NetworkReady=false reason:R message:m',
    ],
    [
      'no runtime',
      [condition('RuntimeReady', false)],
      'container runtime not ready: RuntimeReady=false reason:R message:m',
    ],
    ['a warning is no problem', [condition('ContainerdHasNoDeprecationWarnings', false)], ''],
  ])('%s', async (_rule, conditions, text) => {
    expect(await runtimeProblem(criSaying(...conditions))).toBe(text)
  })

  it('a runtime that does not answer is down', async () => {
    const silent = { runtime: { status: () => Promise.reject(new Error('no answer')) } } as unknown as Pick<
      Cri,
      'runtime'
    >
    expect(await runtimeProblem(silent)).toBe('container runtime is down: no answer')
  })
})
