import { gunzipSync, gzipSync } from 'node:zlib'
import type { Answer } from '../../server/answer.ts'
import { rewriteAnswer, rewriteLink, rewritePage } from './rewrite-links.ts'

const prefix = '/api/v1/namespaces/n/pods/p/proxy'
const rewrite = { host: '10.0.0.1:80', prefix }

test.each([
  ['/a?b=1#c', `${prefix}/a?b=1#c`],
  ['/', `${prefix}/`],
  ['http://10.0.0.1:80/a', `${prefix}/a`],
  ['http://10.0.0.1:80', `${prefix}/`],
  ['a/b', 'a/b'],
  ['?q', '?q'],
  ['http://example.com/a', 'http://example.com/a'],
  ['//example.com/a', '//example.com/a'],
  ['mailto:/me', 'mailto:/me'],
  [`${prefix}/a`, `${prefix}/a`],
])('%s becomes %s', (link, becomes) => expect(rewriteLink(link, rewrite)).toBe(becomes))

async function page(...chunks: string[]): Promise<string> {
  let text = ''
  const bytes = chunks.map((chunk) => Buffer.from(chunk, 'latin1'))
  for await (const part of rewritePage(bytes, rewrite)) text += Buffer.from(part).toString('latin1')
  return text
}

test('links of a page are rewritten, also when they come in pieces', async () => {
  const want = `<p title="/x">\xe9</p><A class=b HREF='${prefix}/me'>/x</a><img alt="/x" src = "${prefix}/i.png">`
  const given = `<p title="/x">\xe9</p><A class=b HREF='/me'>/x</a><img alt="/x" src = "/i.png">`
  expect(await page(given)).toBe(want)
  expect(await page(...given)).toBe(want)
  expect(await page('a < b', ' and no end <a href="/x"')).toBe('a < b and no end <a href="/x"')
})

const html = (headers: Answer['headers'], body: Uint8Array): Answer =>
  rewriteAnswer({ status: 200, headers: { 'content-type': 'text/html; charset=utf-8', ...headers }, body }, rewrite)

async function bytesOf({ body }: Answer): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of body as AsyncIterable<Uint8Array>) parts.push(part)
  return Buffer.concat(parts)
}

test('compressed pages too; others and other types are left alone', async () => {
  const text = '<a href="/x">'
  const zipped = html({ 'content-encoding': 'gzip', 'content-length': '9' }, gzipSync(text))
  expect(gunzipSync(await bytesOf(zipped)).toString()).toBe(`<a href="${prefix}/x">`)
  expect(zipped.headers['content-length']).toBeUndefined()
  expect(html({ 'content-encoding': 'br' }, Buffer.from(text)).body).toEqual(Buffer.from(text))
  expect(html({ 'content-type': 'text/plain' }, Buffer.from(text)).body).toEqual(Buffer.from(text))
})

test('redirects stay within the proxy, and no strange page is let in', () => {
  const answer: Answer = { status: 302, headers: { location: '/login', 'access-control-allow-origin': '*' } }
  expect(rewriteAnswer(answer, rewrite).headers).toEqual({ location: `${prefix}/login` })
})
