import type { ParityCases } from '../case.ts'
import { configMap, core, create, get, patch, pod, remove } from './build.ts'

const configs = core('configmaps')
const named = (name: string, labels: Record<string, string> = {}) =>
  create(configs, { ...configMap(name), metadata: { name, labels } }, { setup: true })
const three = [named('a', { l: '1' }), named('b', { l: '2' }), named('c', { l: '1', m: 'x' })]
const partial = { Accept: 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io' }
const selecting = (selector: string) => get(`${configs}?labelSelector=${encodeURIComponent(selector)}`)

export const reads: ParityCases = {
  'list: by name': { steps: [...three, get(configs)] },
  'list: pages': {
    steps: [
      ...three,
      get(`${configs}?limit=2`, { capture: { c: 'metadata.continue' } }),
      named('bb'),
      get(`${configs}?limit=2&continue={{q:c}}`),
    ],
  },
  'list: equality': { steps: [...three, selecting('l=1')] },
  'list: inequality counts those without the label': { steps: [...three, selecting('m!=x')] },
  'list: sets': { steps: [...three, selecting('l in (1,2),!m')] },
  'list: existence': { steps: [...three, selecting('m')] },
  'list: by field': { steps: [...three, get(`${configs}?fieldSelector=metadata.name%3Db`)] },
  'list: pods by phase and node': {
    steps: [
      create(core('pods'), pod('a'), { setup: true }),
      create(core('pods'), pod('b', { nodeName: 'n' }), { setup: true }),
      get(`${core('pods')}?fieldSelector=spec.nodeName%3Dn,status.phase%3DPending`),
    ],
  },
  'list: metadata only': { steps: [...three, get(configs, { headers: partial })] },
  'list: any version will do': { steps: [...three, get(`${configs}?resourceVersion=0&labelSelector=l%3D2`)] },
  'list: a match without a version': { steps: [get(`${configs}?resourceVersionMatch=Exact`)] },
  'list: exactly version 0': { steps: [get(`${configs}?resourceVersionMatch=Exact&resourceVersion=0`)] },
  'list: a version that is none': { steps: [get(`${configs}?resourceVersion=x`)] },
  'get: as YAML': {
    steps: [...three, get(`${configs}/a`, { headers: { Accept: 'application/yaml' }, codeOnly: true })],
  },
  'watch: everything since': {
    steps: [
      get(configs, { capture: { rv: 'metadata.resourceVersion' }, codeOnly: true }),
      named('a', { l: '1' }),
      patch('merge', `${configs}/a`, { data: { x: 'y' } }, { setup: true }),
      remove(`${configs}/a`, undefined, { setup: true }),
      get(`${configs}?watch=true&timeoutSeconds=1&resourceVersion={{cap.rv}}`),
    ],
  },
  'watch: objects enter and leave a selector': {
    steps: [
      get(configs, { capture: { rv: 'metadata.resourceVersion' }, codeOnly: true }),
      named('a', { l: '1' }),
      patch('merge', `${configs}/a`, { metadata: { labels: { l: '2' } } }, { setup: true }),
      patch('merge', `${configs}/a`, { metadata: { labels: { l: '1' } } }, { setup: true }),
      get(`${configs}?watch=true&timeoutSeconds=1&labelSelector=l%3D1&resourceVersion={{cap.rv}}`),
    ],
  },
  'watch: the state first': {
    steps: [...three, get(`${configs}?watch=true&timeoutSeconds=1&fieldSelector=metadata.name%3Da`)],
  },
  'watch: the state first, as a stream, with a bookmark at its end': {
    steps: [
      named('a'),
      get(
        `${configs}?watch=true&timeoutSeconds=1&fieldSelector=metadata.name%3Da&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan`,
      ),
    ],
  },
  'watch: initial events without a match': {
    steps: [get(`${configs}?watch=true&timeoutSeconds=1&sendInitialEvents=true&allowWatchBookmarks=true`)],
  },
  'delete collection: what the selector says': {
    steps: [...three, remove(`${configs}?labelSelector=l%3D1`), get(configs)],
  },
}
