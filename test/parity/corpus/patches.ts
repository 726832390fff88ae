import type { ParityCases } from '../case.ts'
import { configMap, core, create, deployment, get, grouped, patch, put } from './build.ts'

const config = core('configmaps', 'a')
const made = create(core('configmaps'), configMap('a', { data: { a: '1', b: '2' } }), { setup: true })
const deployments = grouped('apps/v1', 'deployments')
const deployed = create(deployments, deployment('d'), { setup: true })
const applied = (data: Record<string, string>): unknown => configMap('a', { data })
const by = (manager: string, more = ''): string => `${config}?fieldManager=${manager}${more}`

export const patches: ParityCases = {
  'merge: sets and removes': { steps: [made, patch('merge', config, { data: { a: null, c: '3' } })] },
  'merge: nothing changes, nothing is written': {
    steps: [made, get(config), patch('merge', config, { data: { a: '1' } })],
  },
  'JSON patch: add, replace, remove': {
    steps: [
      made,
      patch('json', config, [
        { op: 'add', path: '/data/c', value: '3' },
        { op: 'replace', path: '/data/a', value: '9' },
        { op: 'remove', path: '/data/b' },
      ]),
    ],
  },
  'JSON patch: test fails': { steps: [made, patch('json', config, [{ op: 'test', path: '/data/a', value: 'x' }])] },
  'JSON patch: remove what is missing': { steps: [made, patch('json', config, [{ op: 'remove', path: '/data/zz' }])] },
  'JSON patch: an unknown operation': { steps: [made, patch('json', config, [{ op: 'nope', path: '/data/a' }])] },
  'JSON patch: not a list': { steps: [made, patch('json', config, { op: 'add' }, { codeOnly: true })] },
  'strategic: containers merge by name': {
    steps: [
      deployed,
      patch('strategic', `${deployments}/d`, {
        spec: {
          template: {
            spec: {
              containers: [
                { name: 'c', env: [{ name: 'X', value: '1' }] },
                { name: 'e', image: 'e:1' },
              ],
            },
          },
        },
      }),
    ],
  },
  'strategic: delete a container': {
    steps: [
      create(
        deployments,
        deployment('d', {
          template: {
            metadata: { labels: { app: 'a' } },
            spec: {
              containers: [
                { name: 'c', image: 'c:1' },
                { name: 'e', image: 'e:1' },
              ],
            },
          },
        }),
        { setup: true },
      ),
      patch('strategic', `${deployments}/d`, {
        spec: { template: { spec: { containers: [{ name: 'e', $patch: 'delete' }] } } },
      }),
    ],
  },
  'strategic: replace a list': {
    steps: [
      deployed,
      patch('strategic', `${deployments}/d`, {
        spec: { template: { spec: { containers: [{ $patch: 'replace' }, { name: 'n', image: 'n:1' }] } } },
      }),
    ],
  },
  'strategic: retain keys of the strategy': {
    steps: [
      deployed,
      patch('strategic', `${deployments}/d`, { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } }),
    ],
  },
  'apply: creates': { steps: [patch('apply', by('one'), applied({ a: '1' }))], keep: ['managedFields'] },
  'apply: takes away what it no longer says': {
    steps: [
      patch('apply', by('one'), applied({ a: '1', b: '2' }), { setup: true }),
      patch('apply', by('one'), applied({ a: '1' })),
    ],
    keep: ['managedFields'],
  },
  'apply: two managers, two fields': {
    steps: [
      patch('apply', by('one'), applied({ a: '1' }), { setup: true }),
      patch('apply', by('two'), applied({ b: '2' })),
    ],
    keep: ['managedFields'],
  },
  'apply: a conflict': {
    steps: [
      patch('apply', by('one'), applied({ a: '1' }), { setup: true }),
      patch('apply', by('two'), applied({ a: '2' })),
    ],
  },
  'apply: force takes over': {
    steps: [
      patch('apply', by('one'), applied({ a: '1' }), { setup: true }),
      patch('apply', by('two', '&force=true'), applied({ a: '2' })),
    ],
    keep: ['managedFields'],
  },
  'apply: over an update': {
    steps: [
      made,
      patch('merge', `${config}?fieldManager=editor`, { data: { a: '7' } }, { setup: true }),
      patch('apply', by('one'), applied({ a: '8' })),
    ],
  },
  'apply: without a manager': { steps: [patch('apply', config, applied({ a: '1' }))] },
  'apply: containers are owned by name': {
    steps: [
      patch('apply', `${deployments}/d?fieldManager=one`, deployment('d'), { setup: true }),
      patch('apply', `${deployments}/d?fieldManager=two`, {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'd' },
        spec: { template: { spec: { containers: [{ name: 'side', image: 's:1' }] } } },
      }),
    ],
    keep: ['managedFields'],
  },
  'update: owns what it changes': {
    steps: [made, put(`${config}?fieldManager=editor`, configMap('a', { data: { a: '5', b: '2' } }))],
    keep: ['managedFields'],
  },
}
