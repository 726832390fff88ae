import type { CachedObject } from '../storage/watch-cache/types.ts'
import type { ResourceDefinition } from './definition.ts'
import { EncodedForms } from './encoded-forms.ts'

const definition = {} as ResourceDefinition
const object = (): CachedObject => ({}) as CachedObject

describe('forms of cached objects', () => {
  let made = 0
  beforeEach(() => {
    made = 0
  })
  const make = (): string => `form ${++made}`

  it('are made once a version and kind', () => {
    const forms = new EncodedForms<string>({ budgetBytes: 100, sizeOf: (text) => text.length })
    const one = object()
    expect([forms.of(definition, one, make), forms.of(definition, one, make)]).toEqual(['form 1', 'form 1'])
    expect(made).toBe(1)
    forms.of({} as ResourceDefinition, one, make)
    forms.of(definition, object(), make)
    expect(made).toBe(3)
  })

  it('are dropped beyond the budget, those in use last', () => {
    const forms = new EncodedForms<string>({ budgetBytes: 14, sizeOf: (text) => text.length })
    const [used, other, third] = [object(), object(), object()]
    for (const one of [used, used, other, third]) forms.of(definition, one, make)
    expect(made).toBe(3)
    forms.of(definition, used, make)
    expect(made).toBe(3)
    forms.of(definition, other, make)
    expect(made).toBe(4)
  })
})
