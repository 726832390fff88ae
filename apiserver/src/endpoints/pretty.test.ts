import { isPretty } from './pretty.ts'

const asked = (query: string, agent?: string): Parameters<typeof isPretty>[0] =>
  ({
    rawQuery: query,
    query: new URLSearchParams(query),
    header: (name: string) => (name === 'user-agent' ? agent : undefined),
  }) as Parameters<typeof isPretty>[0]

it.each([
  ['pretty=true', undefined, true],
  ['pretty=1', 'kubectl/v1.36', true],
  ['pretty=TRUE', undefined, true],
  ['pretty=false', 'curl/7', false],
  ['pretty=x', 'curl/7', false],
  ['pretty=', 'curl/7', true],
  ['limit=1', 'Mozilla/5.0 (X11)', true],
  ['', 'Wget/1', true],
  ['', 'kubectl/v1.36', false],
  ['', undefined, false],
])('%j to %s: over several lines is %s', (query, agent, pretty) => {
  expect(isPretty(asked(query, agent))).toBe(pretty)
})

it('the Accept may ask for it as well', () => {
  expect(isPretty(asked(''), { pretty: true })).toBe(true)
})
