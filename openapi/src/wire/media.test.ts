import { contentTypeOf, negotiate, objectTypes } from './media.ts'

const table = { kind: 'Table', group: 'meta.k8s.io', version: 'v1' }

it.each([
  ['nothing asked: the first offer', undefined, { type: 'application/json', pretty: false }],
  ['anything', '*/*', { type: 'application/json', pretty: false }],
  ['any of a family', 'application/*', { type: 'application/json', pretty: false }],
  [
    'the best quality wins',
    'application/json;q=0.5,application/yaml;q=0.9',
    { type: 'application/yaml', pretty: false },
  ],
  [
    'among equals the first',
    'application/vnd.kubernetes.protobuf, application/json',
    { type: 'application/vnd.kubernetes.protobuf', pretty: false },
  ],
  ['an exact range before a wild one', '*/*, application/yaml', { type: 'application/yaml', pretty: false }],
  [
    'a table where it can be had',
    'application/json;as=Table;v=v1;g=meta.k8s.io,application/json',
    { type: 'application/json', pretty: false, as: table },
  ],
  [
    'a conversion that cannot be had is passed over',
    'application/json;as=Table;v=v9;g=meta.k8s.io,application/json',
    { type: 'application/json', pretty: false },
  ],
  ['pretty', 'application/json;pretty=1', { type: 'application/json', pretty: true }],
  ['unknown types', 'text/html', undefined],
  ['quality zero refuses', 'application/json;q=0', undefined],
  ['rubbish', ';;;,,=', undefined],
])('%s', (_rule, accept, expected) => {
  expect(
    negotiate({ accept, offers: objectTypes, allowsConversion: (as) => as.kind === 'Table' && as.version === 'v1' }),
  ).toEqual(expected)
})

it('keeps stream=watch for watches', () => {
  const accept = 'application/vnd.kubernetes.protobuf;stream=watch,application/json'
  expect(negotiate({ accept, offers: objectTypes })?.type).toBe('application/json')
  expect(negotiate({ accept, offers: objectTypes, streaming: true })?.type).toBe('application/vnd.kubernetes.protobuf')
})

it.each([
  [undefined, 'application/json'],
  ['', 'application/json'],
  ['Application/JSON; charset=utf-8', 'application/json'],
  ['rubbish', ''],
])('content type %j', (header, type) => {
  expect(contentTypeOf(header)).toBe(type)
})
