import { isReady, namespace, scriptPod, sleepForever, startTestNode, type TestNode } from '../node/test-node.ts'
import { drive, runStreams, type Outcomes } from './drive.ts'
import { lacking, programs, streamChecks } from './programs.ts'

/**
 * Official client libraries of four languages against a server, through a restart of it, and with what streams to and
 * from a pod that really runs. Where a machine lacks a language's tools, its tests are skipped and say so.
 */
const rows = programs.map((program) => ({ ...program, missing: lacking(program) }))

const skipped = (checks: readonly string[], missing: readonly string[]): void =>
  it.skip.each(checks)(`%s (skipped: no ${missing.join(', no ')} on this machine)`, () => {})

function asserts(checks: readonly string[], outcomes: () => Outcomes): void {
  it.each(checks)('%s', (check) => {
    const why = outcomes().has(check)
      ? outcomes().get(check)
      : `not done; ${outcomes().get('ends well') ?? 'no reason given'}`
    expect(why).toBeUndefined()
  })

  it('does nothing that is not asserted here, and ends well', () => {
    expect([...outcomes().entries()].filter(([name]) => !checks.includes(name))).toEqual([])
  })
}

beforeAll(() => {
  // Downloads of one language go on while another compiles. Who needs a program waits for it, and sees why it failed.
  for (const { build, missing } of rows) if (missing.length === 0) build().catch(() => {})
})

describe.each(rows)('$client', ({ build, args, checks, missing, client }) => {
  if (missing.length > 0) {
    skipped(checks, missing)
    return
  }
  let outcomes: Outcomes

  beforeAll(async () => {
    const command = await build()
    outcomes = await drive([...command, ...args], client.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-'))
  }, 900_000)

  asserts(checks, () => outcomes)
})

describe('streams of a pod', () => {
  let node: TestNode

  beforeAll(async () => {
    node = await startTestNode({ podCidr: '10.214.31.0/24' })
    const script = `for i in 1 2 3 4 5; do echo line $i; done; echo web > /tmp/index.html; httpd -p 8080 -h /tmp; ${sleepForever}`
    await node.create(scriptPod('target', script))
    await node.untilPod('the target', 'target', isReady)
  }, 120_000)
  afterAll(() => node.close(), 60_000)

  describe.each(rows.filter((one) => one.streams !== undefined))('$client', ({ streams, missing }) => {
    if (missing.length > 0) {
      skipped(streamChecks, missing)
      return
    }
    let outcomes: Outcomes

    beforeAll(async () => {
      const command = (await streams?.build()) ?? []
      outcomes = await runStreams([...command, namespace, ...(streams?.after ?? [])], node.kubeconfig)
    }, 900_000)

    asserts(streamChecks, () => outcomes)
  })
})
