import { get } from 'node:http'
import { createInterface } from 'node:readline'

/** Asks URLs from inside a network namespace: a line in is a URL, a line out what came of it, in any order. */
for await (const line of createInterface({ input: process.stdin })) {
  const [id, url] = line.split(' ') as [string, string]
  const say = (answer: string) => process.stdout.write(`${id} ${answer}\n`)
  const request = get(url, { agent: false, timeout: 2000 }, (response) => {
    let body = ''
    response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk))
    response.on('end', () => say(body.trim()))
  })
  request.on('timeout', () => request.destroy(new Error('timeout')))
  request.on('error', (error: NodeJS.ErrnoException) => say(error.code ?? error.message))
}
