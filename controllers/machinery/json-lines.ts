/** Longest frame accepted; an object is at most some megabytes. */
const maxLineBytes = 64 * 1024 * 1024

/** The JSON values of a newline-separated stream, each as soon as its line is whole. Throws on malformed lines. */
export async function* jsonLines(stream: AsyncIterable<Uint8Array>): AsyncGenerator<unknown> {
  const decoder = new TextDecoder()
  let parts: string[] = []
  let length = 0
  for await (const chunk of stream) {
    const text = decoder.decode(chunk, { stream: true })
    let from = 0
    for (;;) {
      const end = text.indexOf('\n', from)
      if (end < 0) break
      parts.push(text.slice(from, end))
      const line = parts.length === 1 ? parts[0]! : parts.join('')
      parts = []
      length = 0
      from = end + 1
      if (line.trim() !== '') yield JSON.parse(line)
    }
    if (from < text.length) {
      const rest = text.slice(from)
      length += rest.length
      if (length > maxLineBytes) throw new Error(`a line of a watch is longer than ${maxLineBytes} bytes`)
      parts.push(rest)
    }
  }
  // A stream cut in the middle of a frame: the reader resumes from the last whole one.
}
