import { drive, type Outcomes } from './drive.ts'
import { lacking, programs } from './programs.ts'

/**
 * Official client libraries of four languages against a server, through a restart of it. Where a machine lacks a
 * language's tools, its tests are skipped and say so.
 */
describe.each(programs)('$client', ({ build, args, checks, needs, client }) => {
  const missing = lacking({ needs })
  if (missing.length > 0) {
    it.skip.each(checks)(`%s (skipped: no ${missing.join(', no ')} on this machine)`, () => {})
    return
  }
  let outcomes: Outcomes

  beforeAll(async () => {
    const command = await build()
    outcomes = await drive([...command, ...args], client.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-'))
  }, 900_000)

  it.each(checks)('%s', (check) => {
    const why = outcomes.has(check)
      ? outcomes.get(check)
      : `not done; ${outcomes.get('ends well') ?? 'no reason given'}`
    expect(why).toBeUndefined()
  })

  it('does nothing that is not asserted here, and ends well', () => {
    expect([...outcomes.keys()].sort()).toEqual([...checks].sort())
  })
})
