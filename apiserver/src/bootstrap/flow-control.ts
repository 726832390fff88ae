import type { V1FlowSchema, V1PriorityLevelConfiguration } from '@kapell/openapi/types'
import type { ObjectAccess } from '../registry/services.ts'
import { ensureExists } from './ensure.ts'

/** The default priority levels and flow schemas. Source: "API Priority and Fairness", "Defaults". */

const apiVersion = 'flowcontrol.apiserver.k8s.io/v1'
const group = 'flowcontrol.apiserver.k8s.io'
const annotations = { 'apf.kubernetes.io/autoupdate-spec': 'true' }

interface Queuing {
  queues: number
  handSize: number
}

function limited(
  name: string,
  nominalConcurrencyShares: number,
  lendablePercent: number,
  queuing?: Queuing,
): V1PriorityLevelConfiguration {
  return {
    apiVersion,
    kind: 'PriorityLevelConfiguration',
    metadata: { name, annotations },
    spec: {
      type: 'Limited',
      limited: {
        nominalConcurrencyShares,
        lendablePercent,
        limitResponse:
          queuing === undefined ? { type: 'Reject' } : { type: 'Queue', queuing: { ...queuing, queueLengthLimit: 50 } },
      },
    },
  }
}

export const priorityLevels: readonly V1PriorityLevelConfiguration[] = [
  limited('catch-all', 5, 0),
  {
    apiVersion,
    kind: 'PriorityLevelConfiguration',
    metadata: { name: 'exempt', annotations },
    spec: { type: 'Exempt', exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } },
  },
  limited('global-default', 20, 50, { queues: 128, handSize: 6 }),
  limited('leader-election', 10, 0, { queues: 16, handSize: 4 }),
  limited('node-high', 40, 25, { queues: 64, handSize: 6 }),
  limited('system', 30, 33, { queues: 64, handSize: 6 }),
  limited('workload-high', 40, 50, { queues: 128, handSize: 6 }),
  limited('workload-low', 100, 90, { queues: 128, handSize: 6 }),
]

type Rules = NonNullable<NonNullable<V1FlowSchema['spec']>['rules']>[number]
type Subject = Rules['subjects'][number]

const groupSubject = (name: string): Subject => ({ kind: 'Group', group: { name } })
const userSubject = (name: string): Subject => ({ kind: 'User', user: { name } })
const accounts = (namespace: string): Subject => ({ kind: 'ServiceAccount', serviceAccount: { name: '*', namespace } })
const everyone = [groupSubject('system:unauthenticated'), groupSubject('system:authenticated')]

const anything = {
  nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
  resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], namespaces: ['*'], clusterScope: true }],
}
const all = (subjects: Subject[]): Rules => ({ subjects, ...anything })

function schema(
  name: string,
  level: string,
  matchingPrecedence: number,
  rules: Rules,
  distinguisher?: 'ByUser' | 'ByNamespace',
): V1FlowSchema {
  return {
    apiVersion,
    kind: 'FlowSchema',
    metadata: { name, annotations },
    spec: {
      matchingPrecedence,
      priorityLevelConfiguration: { name: level },
      rules: [rules],
      ...(distinguisher === undefined ? {} : { distinguisherMethod: { type: distinguisher } }),
    },
  }
}

const leases = { apiGroups: ['coordination.k8s.io'], resources: ['leases'], namespaces: ['*'] }

export const flowSchemas: readonly V1FlowSchema[] = [
  schema('catch-all', 'catch-all', 10_000, all(everyone), 'ByUser'),
  schema('exempt', 'exempt', 1, all([groupSubject('system:masters')])),
  schema('global-default', 'global-default', 9900, all(everyone), 'ByUser'),
  schema(
    'kube-controller-manager',
    'workload-high',
    800,
    all([userSubject('system:kube-controller-manager')]),
    'ByNamespace',
  ),
  schema('kube-scheduler', 'workload-high', 800, all([userSubject('system:kube-scheduler')]), 'ByNamespace'),
  schema('kube-system-service-accounts', 'workload-high', 900, all([accounts('kube-system')]), 'ByNamespace'),
  schema('probes', 'exempt', 2, {
    subjects: everyone,
    nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/healthz', '/readyz', '/livez'] }],
  }),
  schema('service-accounts', 'workload-low', 9000, all([groupSubject('system:serviceaccounts')]), 'ByUser'),
  schema(
    'system-leader-election',
    'leader-election',
    100,
    {
      subjects: [
        userSubject('system:kube-controller-manager'),
        userSubject('system:kube-scheduler'),
        accounts('kube-system'),
      ],
      resourceRules: [{ ...leases, verbs: ['get', 'create', 'update'] }],
    },
    'ByUser',
  ),
  schema(
    'system-node-high',
    'node-high',
    400,
    {
      subjects: [groupSubject('system:nodes')],
      resourceRules: [
        { verbs: ['*'], apiGroups: [''], resources: ['nodes', 'nodes/status'], namespaces: ['*'], clusterScope: true },
        { ...leases, verbs: ['*'] },
      ],
    },
    'ByUser',
  ),
  schema('system-nodes', 'system', 500, all([groupSubject('system:nodes')]), 'ByUser'),
]

export async function ensureFlowControl(objects: ObjectAccess, now: Date): Promise<void> {
  await Promise.all([
    ...priorityLevels.map((level) => ensureExists(objects, { group, plural: 'prioritylevelconfigurations' }, level)),
    ...flowSchemas.map(async (flowSchema) => {
      if (await ensureExists(objects, { group, plural: 'flowschemas' }, flowSchema))
        await markFound(objects, flowSchema, now)
    }),
  ])
}

/** A schema whose priority level is missing dangles; ours come with theirs. */
async function markFound(objects: ObjectAccess, flowSchema: V1FlowSchema, now: Date): Promise<void> {
  const level = flowSchema.spec?.priorityLevelConfiguration.name ?? ''
  await objects.update<V1FlowSchema>(
    { group, plural: 'flowschemas' },
    { name: flowSchema.metadata?.name ?? '', subresource: 'status' },
    (stored) => {
      stored.status = {
        conditions: [
          {
            type: 'Dangling',
            status: 'False',
            lastTransitionTime: `${now.toISOString().slice(0, 19)}Z`,
            reason: 'Found',
            message: `This FlowSchema references the PriorityLevelConfiguration object named "${level}" and it exists`,
          },
        ],
      }
    },
  )
}
