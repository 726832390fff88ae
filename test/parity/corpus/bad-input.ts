import type { ParityCases } from '../case.ts'
import { configMap, core, create, get, patch, pod, put } from './build.ts'

const raw = (rawBody: string, headers: Record<string, string> = {}) => ({
  steps: [{ request: { method: 'POST' as const, path: core('configmaps'), rawBody, headers } }],
})

/** What a server must refuse, and how. */
export const badInput: ParityCases = {
  'JSON that does not end': raw('{"apiVersion":"v1","kind":"ConfigMap"'),
  'an empty body': raw(''),
  'a body that is a list': raw('[]'),
  'YAML that is none': raw('a: b: c', { 'Content-Type': 'application/yaml' }),
  'the wrong kind': { steps: [create(core('configmaps'), { ...configMap('a'), kind: 'Secret' })] },
  'the wrong version': { steps: [create(core('configmaps'), { ...configMap('a'), apiVersion: 'v2' })] },
  'a kind nobody knows': { steps: [create(core('configmaps'), { ...configMap('a'), kind: 'Nope' })] },
  'a string where a map belongs': { steps: [create(core('configmaps'), configMap('a', { data: 'x' }))] },
  'a number where a string belongs': { steps: [create(core('configmaps'), configMap('a', { data: { x: 1 } }))] },
  'a list where an object belongs': { steps: [create(core('pods'), pod('a', { containers: {} }))] },
  'duplicate fields, strict': {
    steps: [
      {
        request: {
          method: 'POST',
          path: `${core('configmaps')}?fieldValidation=Strict`,
          rawBody: '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"a":"b"},"data":{"a":"c"}}',
        },
      },
    ],
  },
  'several unknown fields, strict': {
    steps: [create(`${core('pods')}?fieldValidation=Strict`, { ...pod('a', { wrong: 1 }), more: 2 })],
  },
  'a name that is too long': { steps: [create(core('configmaps'), configMap('a'.repeat(254)))] },
  'a pod with nothing in it': { steps: [create(core('pods'), pod('a', { containers: [] }))] },
  'a container without an image': { steps: [create(core('pods'), pod('a', { containers: [{ name: 'c' }] }))] },
  'two containers of one name': {
    steps: [create(core('pods'), pod('a', { containers: [1, 2].map(() => ({ name: 'c', image: 'i' })) }))],
  },
  'a body above the limit': {
    steps: [
      {
        request: {
          method: 'POST',
          path: core('configmaps'),
          rawBody: '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"a":"@FILL@"}}',
          fill: { char: 'x', times: 3 * 1024 * 1024 + 1 },
        },
      },
    ],
  },
  'a media type nobody speaks': raw('x', { 'Content-Type': 'text/plain' }),
  'an answer nobody can give': { steps: [get(core('configmaps'), { headers: { Accept: 'image/png' } })] },
  'no credentials': { steps: [{ request: { method: 'GET', path: core('secrets'), anonymous: true } }] },
  'a token that is none': { steps: [get(core('secrets'), { headers: { Authorization: 'Bearer nope' } })] },
  'a path nobody serves': { steps: [get('/apis/nope.example.com/v1/things', { codeOnly: true })] },
  'a method that is not allowed': { steps: [put(core('configmaps'), configMap('a'))] },
  'a bad label selector': { steps: [get(`${core('configmaps')}?labelSelector=a%3D%3D%3Db`)] },
  'a field selector nobody knows': { steps: [get(`${core('configmaps')}?fieldSelector=data.x%3Dy`)] },
  'a bad limit': { steps: [get(`${core('configmaps')}?limit=x`)] },
  'a bad continue token': { steps: [get(`${core('configmaps')}?limit=1&continue=x`)] },
  'a resourceVersion on create': {
    steps: [
      create(
        core('configmaps'),
        { ...configMap('a'), metadata: { name: 'a', resourceVersion: '1' } },
        { codeOnly: false },
      ),
    ],
  },
  'a patch of a missing object': { steps: [patch('merge', core('configmaps', 'a'), { data: { a: 'b' } })] },
  'a namespace that is not there': { steps: [create('/api/v1/namespaces/{{id}}/configmaps', configMap('a'))] },
}
