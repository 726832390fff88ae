import * as refs from './refs.ts'

it('names every resource once', () => {
  const keys = Object.values(refs).map((r) => `${r.group}/${r.version}/${r.plural}`)
  expect(new Set(keys).size).toBe(keys.length)
})
it.each([
  ['pods', refs.pods, { group: '', version: 'v1', kind: 'Pod', plural: 'pods', namespaced: true }],
  [
    'nodes are of the whole cluster',
    refs.nodes,
    { group: '', version: 'v1', kind: 'Node', plural: 'nodes', namespaced: false },
  ],
  [
    'events means those of core',
    refs.events,
    { group: '', version: 'v1', kind: 'Event', plural: 'events', namespaced: true },
  ],
])('%s', (_rule, ref, expected) => {
  expect(ref).toEqual(expected)
})
