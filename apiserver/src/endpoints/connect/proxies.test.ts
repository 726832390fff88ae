import { parseAddressed, passedPath } from './proxies.ts'

test.each([
  ['/api/v1/namespaces/ns/services/echo:80/proxy', '/'],
  ['/api/v1/namespaces/ns/pods/echo/proxy/', '/'],
  ['/api/v1/namespaces/proxy/services/proxy-x:p/proxy/a/proxy/b', '/a/proxy/b'],
  ['/api/v1/nodes/proxy/proxy/metrics', '/metrics'],
])('of %s the target sees %s', (path, passed) => {
  expect(passedPath(path)).toBe(passed)
})

test.each([
  ['web', { scheme: 'http', name: 'web', port: '' }],
  ['web:80', { scheme: 'http', name: 'web', port: '80' }],
  ['https:web:', { scheme: 'https', name: 'web', port: '' }],
  ['ftp:web:80', undefined],
])('%s is read as the original reads it', (text, read) => {
  expect(parseAddressed(text)).toEqual(read)
})
