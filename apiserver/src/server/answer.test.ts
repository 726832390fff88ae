import { lastingChunks } from './answer.ts'

async function* reusing(): AsyncIterable<Uint8Array> {
  const memory = Buffer.alloc(1)
  for (const letter of 'abc') {
    memory.write(letter)
    yield memory
  }
}

describe('lastingChunks', () => {
  it('copies what the body would overwrite', async () => {
    const chunks: Uint8Array[] = []
    for await (const chunk of lastingChunks({ status: 200, headers: {}, body: reusing(), reusesChunks: true })) {
      chunks.push(chunk)
    }
    expect(Buffer.concat(chunks).toString()).toBe('abc')
  })
})
