import { newUuid } from './uuid.ts'

describe('identities', () => {
  it('are random UUIDs, each another', () => {
    const all = Array.from({ length: 2000 }, () => newUuid())
    for (const one of all) expect(one).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(new Set(all).size).toBe(all.length)
  })
})
