import { PassThrough } from 'node:stream'
import type { Answer, LiveSink } from './answer.ts'
import { bodyInto, sendAnswer, type Outgoing } from './http-exchange.ts'

function outgoingTo(writable: PassThrough): Outgoing {
  return Object.assign(bodyInto(writable), { head: () => {}, fail: () => writable.destroy() })
}

const answerOf = (live: (out: LiveSink) => Promise<void>): Answer => ({
  status: 200,
  headers: {},
  body: (async function* () {})(),
  live,
})

describe('bodies that are written as they come about', () => {
  it('wait until the client takes more, and end the answer', async () => {
    const writable = new PassThrough({ highWaterMark: 4 })
    const read: string[] = []
    const sent = sendAnswer(
      outgoingTo(writable),
      answerOf(async (out) => {
        expect(out.write(Buffer.from('too much'))).toBe(false)
        const drained = new Promise<void>((resolve) => out.drained(resolve))
        writable.on('data', (chunk: Buffer) => read.push(chunk.toString()))
        await drained
        out.write(Buffer.from('rest'))
      }),
      'GET',
    )
    await sent
    await new Promise((resolve) => writable.on('end', resolve))
    expect(read.join('|')).toBe('too much|rest')
  })

  it('hear of it when the client goes away while they wait', async () => {
    const writable = new PassThrough({ highWaterMark: 1 })
    await sendAnswer(
      outgoingTo(writable),
      answerOf(async (out) => {
        out.write(Buffer.from('more than one'))
        const told = new Promise<void>((resolve) => out.drained(resolve))
        writable.destroy()
        await told
        expect(out.gone).toBe(true)
      }),
      'GET',
    )
    expect(writable.destroyed).toBe(true)
  })
})
