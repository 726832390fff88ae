import type { ParityCase, ParityCases, ParityStep } from '../../case.ts'
import { core, create, get, patch, put, remove, template } from '../build.ts'
import { leastObjects } from './all-kinds.ts'
import { collectionOf, nameOf, objectOf } from './ask.ts'

/** Streams of pods that run nowhere, odd requests to parts of objects, and who owns what after writing a part. */

const pod = core('pods', 'a')
const made = create(
  core('pods'),
  { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' }, spec: template().spec },
  { setup: true },
)
const two = create(
  core('pods'),
  {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'two' },
    spec: {
      containers: ['c', 'd'].map((name) => ({ name, image: 'registry.example/a:1' })),
      initContainers: [{ name: 'i', image: 'registry.example/a:1' }],
    },
  },
  { setup: true },
)
const asked = (...steps: ParityStep[]): ParityCase => ({ steps: [made, two, ...steps] })
const both = (path: string): ParityStep[] => [get(path), create(path, undefined)]

const streams: ParityCases = {
  'log of none': asked(
    get(`${pod}/log`),
    get(`${pod}/log?container=nope`),
    get(`${pod}/log?tailLines=-1`),
    get(`${pod}/log?tailLines=x`),
    get(`${pod}/log?limitBytes=0`),
    get(`${pod}/log?sinceSeconds=0`),
    get(`${pod}/log?sinceSeconds=1&sinceTime=2020-01-01T00:00:00Z`),
    get(`${pod}/log?sinceTime=x`),
    get(`${pod}/log?stream=Nope`),
    get(`${pod}/log?stream=Stdout&tailLines=1`),
    get(`${pod}/log?previous=true&follow=true`),
    get(`${pod}/log?tailLines=-1&limitBytes=-1&sinceSeconds=-1`),
    get(`${core('pods', 'two')}/log`),
    get(`${core('pods', 'two')}/log?container=i`),
    get(`${pod}-x/log`),
    create(`${pod}/log`, {}),
    get(`${pod}/log/more`),
  ),
  'exec of none': asked(
    ...both(`${pod}/exec`),
    ...both(`${pod}/exec?command=ls`),
    ...both(`${pod}/exec?command=ls&stdout=true`),
    get(`${pod}/exec?command=ls&stdout=true&container=nope`),
    get(`${pod}/exec?command=ls&stderr=true&tty=true`),
    get(`${pod}/exec?stdout=true`),
    get(`${core('pods', 'two')}/exec?command=ls&stdout=true`),
    get(`${pod}-x/exec?command=ls&stdout=true`),
    put(`${pod}/exec?command=ls&stdout=true`, {}),
  ),
  'attach of none': asked(
    ...both(`${pod}/attach`),
    ...both(`${pod}/attach?stdout=true`),
    get(`${pod}/attach?stdout=true&container=nope`),
    get(`${pod}/attach?stderr=true&tty=true`),
    get(`${core('pods', 'two')}/attach?stdout=true`),
    get(`${pod}-x/attach?stdout=true`),
  ),
  'port forward and proxy of none': asked(
    ...both(`${pod}/portforward`),
    ...both(`${pod}/portforward?ports=80`),
    get(`${pod}/portforward?ports=x`),
    get(`${pod}/portforward?ports=0`),
    get(`${pod}-x/portforward?ports=80`),
    get(`${pod}/proxy`),
    get(`${pod}:x/proxy/path`),
    get(`${pod}-x/proxy/`),
    get(`${core('services', 'nope')}/proxy/`),
    get('/api/v1/nodes/nope-{{id}}/proxy/'),
  ),
}

const raw = (
  method: 'PUT' | 'PATCH' | 'POST',
  path: string,
  rawBody: string,
  type = 'application/json',
): ParityStep => ({
  request: { method, path, rawBody, headers: { 'Content-Type': type } },
})
const merge = 'application/merge-patch+json'
const apply = 'application/apply-patch+yaml'

const oddBodies = (door: string, kind: string): ParityCase =>
  asked(
    ...['', '{', '[]', '{}', 'null', '"x"'].map((body) => raw('PUT', `${pod}/${door}`, body)),
    raw('PUT', `${pod}/${door}`, '{}', 'text/plain'),
    ...['', '{', '[]', 'null'].map((body) => raw('PATCH', `${pod}/${door}?dryRun=All`, body, merge)),
    raw('PATCH', `${pod}/${door}`, '{}', 'application/json'),
    raw('PATCH', `${pod}/${door}?dryRun=All&fieldManager=m`, `kind: ${kind}`, apply),
    raw('PATCH', `${pod}/${door}?dryRun=All&fieldManager=m`, 'x: [', apply),
    raw('PATCH', `${pod}-x/${door}?fieldManager=m`, 'x: [', apply),
    raw('PATCH', `${pod}-x/${door}`, '{', merge),
    patch('merge', `${pod}/${door}?dryRun=All`, { metadata: { uid: 'x' } }),
    patch('merge', `${pod}/${door}?dryRun=All`, { metadata: { name: 'x' } }),
    patch('merge', `${pod}/${door}?dryRun=All`, { metadata: { resourceVersion: '1' } }),
    patch('merge', `${pod}/${door}?dryRun=All`, { metadata: { deletionTimestamp: '2020-01-01T00:00:00Z' } }),
    patch('merge', `${pod}/${door}?dryRun=Some`, {}),
    patch('merge', `${pod}/${door}?dryRun=All`, { metadata: { labels: { 'a b': 'c' }, finalizers: ['a b'] } }),
  )

const odd: ParityCases = Object.fromEntries(
  ['status', 'resize', 'ephemeralcontainers'].map((door) => [`Pod ${door}: odd requests`, oddBodies(door, 'Pod')]),
)

/** Kinds whose status says something that any of them may say. */
const statuses: Record<string, Record<string, unknown>> = {
  Deployment: { replicas: 2, conditions: [{ type: 'Available', status: 'True', reason: 'R', message: 'm' }] },
  Job: { active: 1 },
  PersistentVolumeClaim: { phase: 'Pending', conditions: [{ type: 'Resizing', status: 'True' }] },
  Service: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } },
  Ingress: { loadBalancer: { ingress: [{ hostname: 'a.example.com' }] } },
  Pod: { conditions: [{ type: 'Ready', status: 'True' }], podIPs: [{ ip: '192.0.2.1' }], podIP: '192.0.2.1' },
  ResourceQuota: { hard: { pods: '1' }, used: { pods: '0' } },
  HorizontalPodAutoscaler: { currentReplicas: 1, desiredReplicas: 2 },
}
const owned: ParityCases = Object.fromEntries(
  leastObjects
    .filter(({ subject }) => statuses[subject.kind] !== undefined && subject.apiVersion !== 'autoscaling/v1')
    .map(({ subject, body }): [string, ParityCase] => {
      const list = collectionOf(subject)
      const path = `${list}/${nameOf(subject)}`
      const object = objectOf(subject, body)
      const named = { apiVersion: object['apiVersion'], kind: object['kind'], metadata: { name: nameOf(subject) } }
      const status = statuses[subject.kind] ?? {}
      const owners = (): ParityStep => get(path, { ignore: ['spec'] })
      return [
        `${subject.kind} status: who owns it`,
        {
          steps: [
            create(list, object, { setup: true }),
            patch(
              'merge',
              `${path}/status?fieldManager=a`,
              { status, metadata: { labels: { l: 'm' } } },
              { ignore: ['spec'] },
            ),
            patch('apply', `${path}/status?fieldManager=b`, { ...named, status }, { ignore: ['spec'] }),
            patch('apply', `${path}/status?fieldManager=c`, { ...object, status: {} }, { ignore: ['spec'] }),
            put(`${path}/status?fieldManager=d`, { ...object, status: {} }, { ignore: ['spec'] }),
            owners(),
            patch('merge', path, { metadata: { managedFields: [{}] } }, { setup: true }),
            patch('apply', `${path}/status?fieldManager=b`, { ...named, status }, { ignore: ['spec'] }),
            owners(),
          ],
          keep: ['managedFields'],
        },
      ]
    }),
)

/** Kinds whose statuses have less to say of metadata than most; those that the server writes to by itself are left out. */
const particular = new Set([
  'Pod',
  'Deployment',
  'CertificateSigningRequest',
  'PriorityLevelConfiguration',
  'ServiceCIDR',
  'ResourceClaim',
  'VolumeAttachment',
  'ValidatingAdmissionPolicy',
])
const metadata = {
  labels: { l: 'm' },
  annotations: { l: 'm' },
  finalizers: ['x.y/z'],
  ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u' }],
}
const metadataOwned: ParityCases = Object.fromEntries(
  leastObjects
    .filter(({ subject }) => particular.has(subject.kind))
    .map(({ subject, body }): [string, ParityCase] => {
      const list = collectionOf(subject)
      const path = `${list}/${nameOf(subject)}`
      return [
        `${subject.kind} status: whose metadata`,
        {
          steps: [
            create(list, objectOf(subject, body), { setup: true }),
            patch('merge', `${path}/status?fieldManager=a&dryRun=All`, { metadata }, { ignore: ['spec', 'status'] }),
            ...(subject.clusterScoped === true ? [remove(path, { gracePeriodSeconds: 0 }, { setup: true })] : []),
          ],
          keep: ['managedFields'],
        },
      ]
    }),
)

export const doors: ParityCases = { ...streams, ...odd, ...owned, ...metadataOwned }
