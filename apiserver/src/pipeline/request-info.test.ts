import { parseRequestInfo } from './request-info.ts'

const parse = (method: string, target: string) => {
  const [path = '', query = ''] = target.split('?')
  return parseRequestInfo(method, path, new URLSearchParams(query))
}

describe('what a request asks for', () => {
  it.each([
    ['GET', '/api/v1/namespaces/a/pods', { verb: 'list', group: '', version: 'v1', namespace: 'a', resource: 'pods' }],
    ['GET', '/api/v1/namespaces/a/pods?watch=true', { verb: 'watch' }],
    ['GET', '/api/v1/namespaces/a/pods?watch=0', { verb: 'list' }],
    ['GET', '/api/v1/watch/namespaces/a/pods/p', { verb: 'watch', namespace: 'a', resource: 'pods', name: 'p' }],
    ['GET', '/api/v1/namespaces/a/pods/p', { verb: 'get', name: 'p' }],
    ['GET', '/api/v1/namespaces/a/pods/p/log', { verb: 'get', subresource: 'log' }],
    ['POST', '/api/v1/namespaces/a/pods', { verb: 'create', name: '' }],
    ['PUT', '/api/v1/namespaces/a/pods/p/status', { verb: 'update', subresource: 'status' }],
    ['DELETE', '/api/v1/namespaces/a/pods', { verb: 'deletecollection' }],
    ['DELETE', '/api/v1/namespaces/a/pods/p', { verb: 'delete' }],
    ['GET', '/api/v1/namespaces', { verb: 'list', resource: 'namespaces', namespace: '' }],
    ['GET', '/api/v1/namespaces/a', { verb: 'get', resource: 'namespaces', namespace: 'a', name: 'a' }],
    ['PUT', '/api/v1/namespaces/a/finalize', { resource: 'namespaces', name: 'a', subresource: 'finalize' }],
    ['PATCH', '/apis/apps/v1/namespaces/a/deployments/d/scale', { verb: 'patch', group: 'apps', subresource: 'scale' }],
    ['GET', '/apis/apps/v1/deployments', { verb: 'list', resource: 'deployments', namespace: '' }],
    ['GET', '/api/v1/nodes?fieldSelector=metadata.name%3Dn', { verb: 'list', name: 'n' }],
    ['GET', '/api/v1/nodes/n/proxy/a/b', { name: 'n', subresource: 'proxy', rest: 'a/b' }],
    ['GET', '/api/v1/namespaces/a/configmaps/x%2Fy', { name: 'x', subresource: 'y' }],
    ['GET', '/api/v1/namespaces/a/configmaps/x%20y', { name: 'x y' }],
    ['GET', '/api/v1/namespaces/a/configmaps/%zz', { name: '%zz' }],
    ['GET', '/api/v1/namespaces/a/configmaps/', { verb: 'list', resource: 'configmaps' }],
  ])('%s %s', (method, target, expected) => {
    expect(parse(method, target)).toMatchObject({ isResourceRequest: true, ...expected })
  })

  it.each(['/', '/version', '/api', '/api/v1', '/apis', '/apis/apps', '/apis/apps/v1', '/openapi/v3/api/v1'])(
    '%s is no resource',
    (path) => {
      expect(parse('GET', path)).toMatchObject({ isResourceRequest: false, verb: 'get', path })
    },
  )
})
