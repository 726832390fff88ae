import { resourcePath } from './resource-ref.ts'

const pods = { group: '', version: 'v1', plural: 'pods', namespaced: true }
const deployments = { group: 'apps', version: 'v1', plural: 'deployments', namespaced: true }

describe('resourcePath', () => {
  it.each([
    ['core resources live under /api', pods, { namespace: 'a', name: 'b' }, '/api/v1/namespaces/a/pods/b'],
    ['grouped ones under /apis', deployments, { namespace: 'a' }, '/apis/apps/v1/namespaces/a/deployments'],
    ['no namespace means all', pods, {}, '/api/v1/pods'],
    [
      'a subresource comes last',
      pods,
      { namespace: 'a', name: 'b', subresource: 'log' },
      '/api/v1/namespaces/a/pods/b/log',
    ],
    ['names cannot leave their segment', pods, { namespace: '..', name: 'a/b' }, '/api/v1/namespaces/../pods/a%2Fb'],
  ])('%s', (_rule, ref, at, path) => {
    expect(resourcePath(ref, at)).toBe(path)
  })
})
