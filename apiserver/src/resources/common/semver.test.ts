import { compareSemver, isSemver } from './semver.ts'

describe('semantic versions', () => {
  it.each(['1', '1.0', 'v1.0.0', '01.0.0', '1.0.0-', '1.0.0+', ''])('%j is none', (text) => {
    expect(isSemver(text)).toBe(false)
  })

  it('come in their order', () => {
    const inOrder = ['1.0.0-alpha', '1.0.0-alpha.1', '1.0.0-alpha.beta', '1.0.0-beta.2', '1.0.0-beta.11', '1.0.0-rc.1']
    inOrder.push('1.0.0', '1.0.1', '1.9.0', '1.10.0', '2.0.0')
    expect(inOrder.every(isSemver)).toBe(true)
    expect(inOrder.toReversed().sort(compareSemver)).toEqual(inOrder)
    expect(compareSemver('1.0.0+a', '1.0.0+b')).toBe(0)
  })
})
