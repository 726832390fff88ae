import type { ParityCases } from '../../case.ts'
import { create, get, patch, put, template } from '../build.ts'
import { collectionOf, creations, objectOf, patched, replacements, type Bodies, type Subject } from './ask.ts'

const kind = (apiVersion: string, name: string, plural: string): Subject => ({ apiVersion, kind: name, plural })
const deployment = kind('apps/v1', 'Deployment', 'deployments')
const replicaSet = kind('apps/v1', 'ReplicaSet', 'replicasets')
const daemonSet = kind('apps/v1', 'DaemonSet', 'daemonsets')
const statefulSet = kind('apps/v1', 'StatefulSet', 'statefulsets')
const revision = kind('apps/v1', 'ControllerRevision', 'controllerrevisions')
const job = kind('batch/v1', 'Job', 'jobs')
const cronJob = kind('batch/v1', 'CronJob', 'cronjobs')
const scaler = kind('autoscaling/v2', 'HorizontalPodAutoscaler', 'horizontalpodautoscalers')
const scalerV1 = kind('autoscaling/v1', 'HorizontalPodAutoscaler', 'horizontalpodautoscalers')
const budget = kind('policy/v1', 'PodDisruptionBudget', 'poddisruptionbudgets')

const selector = { matchLabels: { app: 'a' }, matchExpressions: [{ key: 'app', operator: 'Exists' }] }
const condition = { type: 'Ready', status: 'True', reason: 'R', message: 'm' }
/** The template is the pods' affair: here only what the kind itself says of it. */
const skip = ['spec.template.spec.containers']

const deploymentBodies: Bodies = {
  'with many fields': {
    spec: {
      replicas: 2,
      minReadySeconds: 3,
      revisionHistoryLimit: 4,
      progressDeadlineSeconds: 60,
      paused: true,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: '25%' } },
      selector,
      template: template({ restartPolicy: 'Always' }),
    },
  },
  'that recreates': {
    spec: { strategy: { type: 'Recreate' }, selector, template: template({ activeDeadlineSeconds: 5 }) },
  },
}
const setBodies: Bodies = {
  'with many fields': { spec: { replicas: 2, minReadySeconds: 3, selector, template: template() } },
}
const daemonBodies: Bodies = {
  'with many fields': {
    spec: {
      minReadySeconds: 3,
      revisionHistoryLimit: 4,
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } },
      selector,
      template: template(),
    },
  },
  'that surges': {
    spec: {
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '10%', maxUnavailable: 0 } },
      selector,
      template: template(),
    },
  },
}
const statefulBodies: Bodies = {
  'with many fields': {
    spec: {
      serviceName: 's',
      replicas: 2,
      minReadySeconds: 3,
      revisionHistoryLimit: 4,
      podManagementPolicy: 'Parallel',
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 1, maxUnavailable: 1 } },
      persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete', whenScaled: 'Retain' },
      ordinals: { start: 1 },
      selector,
      template: template(),
      volumeClaimTemplates: [
        {
          metadata: { name: 'v' },
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
        },
      ],
    },
  },
}
const counts = { replicas: 3, readyReplicas: 2, availableReplicas: 1, observedGeneration: 1, conditions: [condition] }

export const appsCreated: ParityCases = {
  ...creations(deployment, deploymentBodies, { skip }),
  ...creations(replicaSet, setBodies, { skip }),
  ...creations(daemonSet, daemonBodies, { skip }),
  ...creations(statefulSet, statefulBodies, { skip }),
  ...creations(revision, { 'with data': { data: { a: 1 }, revision: 3 }, 'with a list': { data: [1], revision: 3 } }),
}
export const appsReplaced: ParityCases = {
  ...replacements(deployment, deploymentBodies, { skip }),
  ...replacements(replicaSet, setBodies, { skip }),
  ...replacements(daemonSet, daemonBodies, { skip }),
  ...replacements(statefulSet, statefulBodies, { skip }),
  ...replacements(revision, { 'with data': { data: { a: 1 }, revision: 3 } }),
  ...patched(deployment, deploymentBodies['with many fields'] ?? {}, { replicas: 7 }),
  ...patched(statefulSet, statefulBodies['with many fields'] ?? {}, { replicas: 7 }),
}

const status = (subject: Subject, bodies: Bodies, fields: Record<string, unknown>): ParityCases => {
  const door = `${collectionOf(subject)}/a/status`
  const body = Object.values(bodies)[0] ?? {}
  const made = create(collectionOf(subject), objectOf(subject, body), { setup: true })
  const cases: ParityCases = {}
  for (const [name, value] of Object.entries(fields)) {
    const values = typeof value === 'number' ? [value, -1] : [value]
    for (const v of values) {
      const steps = [made, patch('merge', `${door}?dryRun=All`, { status: { ...fields, [name]: v } })]
      cases[`${subject.kind} status: ${name} = ${typeof v === 'object' ? 'given' : String(v)}`] = { steps }
    }
  }
  return cases
}
const scaled = (subject: Subject, bodies: Bodies): ParityCases => {
  const door = `${collectionOf(subject)}/a/scale`
  const made = create(collectionOf(subject), objectOf(subject, Object.values(bodies)[0] ?? {}), { setup: true })
  const scale = (name: string, spec: unknown, more: object = {}) => ({
    apiVersion: 'autoscaling/v1',
    kind: 'Scale',
    metadata: { name, namespace: '{{ns}}', ...more },
    spec,
  })
  return {
    [`${subject.kind} scale`]: {
      steps: [
        made,
        get(door),
        put(door, scale('a', { replicas: 5 })),
        put(door, scale('a', { replicas: -1 })),
        put(door, scale('b', { replicas: 1 })),
        put(door, scale('a', { replicas: 1 }, { resourceVersion: '1' })),
        put(door, scale('a', {})),
        patch('merge', door, { spec: { replicas: 4 } }),
        patch('json', door, [{ op: 'replace', path: '/spec/replicas', value: 3 }]),
        patch('strategic', door, { spec: { replicas: 2 } }),
        get(collectionOf(subject).concat('/a')),
      ],
    },
  }
}
export const appsSubresources: ParityCases = {
  ...status(deployment, deploymentBodies, {
    ...counts,
    updatedReplicas: 1,
    unavailableReplicas: 1,
    collisionCount: 2,
    terminatingReplicas: 1,
  }),
  ...status(replicaSet, setBodies, { ...counts, fullyLabeledReplicas: 1, terminatingReplicas: 1 }),
  ...status(statefulSet, statefulBodies, {
    ...counts,
    currentReplicas: 1,
    updatedReplicas: 1,
    currentRevision: 'a',
    updateRevision: 'b',
    collisionCount: 2,
  }),
  ...status(daemonSet, daemonBodies, {
    currentNumberScheduled: 1,
    desiredNumberScheduled: 2,
    numberMisscheduled: 0,
    numberReady: 1,
    numberAvailable: 1,
    numberUnavailable: 1,
    updatedNumberScheduled: 1,
    observedGeneration: 1,
    collisionCount: 1,
    conditions: [condition],
  }),
  ...scaled(deployment, deploymentBodies),
  ...scaled(replicaSet, setBodies),
  ...scaled(statefulSet, statefulBodies),
}

const jobTemplate = (spec: Record<string, unknown> = {}) => ({
  metadata: { labels: { x: 'y' } },
  spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i:1' }], ...spec },
})
const jobBodies: Bodies = {
  'with many fields': {
    spec: {
      parallelism: 2,
      completions: 3,
      completionMode: 'Indexed',
      backoffLimit: 4,
      activeDeadlineSeconds: 60,
      ttlSecondsAfterFinished: 5,
      suspend: true,
      podReplacementPolicy: 'Failed',
      managedBy: 'example.com/x',
      template: jobTemplate(),
    },
  },
  'with a failure policy': {
    spec: {
      podFailurePolicy: {
        rules: [
          { action: 'FailJob', onExitCodes: { containerName: 'c', operator: 'In', values: [1, 2] } },
          { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
        ],
      },
      template: jobTemplate(),
    },
  },
  'with limits an index': {
    spec: {
      completions: 3,
      completionMode: 'Indexed',
      backoffLimitPerIndex: 1,
      maxFailedIndexes: 2,
      podFailurePolicy: { rules: [{ action: 'FailIndex', onExitCodes: { operator: 'NotIn', values: [1] } }] },
      template: jobTemplate(),
    },
  },
  'with a success policy': {
    spec: {
      completions: 5,
      parallelism: 5,
      completionMode: 'Indexed',
      successPolicy: { rules: [{ succeededIndexes: '0-2,4', succeededCount: 2 }, { succeededCount: 3 }] },
      template: jobTemplate({ restartPolicy: 'OnFailure' }),
    },
  },
  'with a selector of its own': {
    spec: { manualSelector: true, selector: { matchLabels: { x: 'y' } }, template: jobTemplate() },
  },
}
const jobText = (field: string, values: readonly string[]): Bodies =>
  Object.fromEntries(
    values.map((value) => [
      `whose ${field} is ${JSON.stringify(value)}`,
      { spec: { schedule: '0 * * * *', jobTemplate: { spec: { template: jobTemplate() } }, [field]: value } },
    ]),
  )
const schedules = [
  '* * * * *', '*/5 * * * *', '0 0 1 1 *', '@hourly', '@every 1h', '@every 1x', '@nope', '60 * * * *', '0 24 * * *',
  '0 0 0 * *', '0 0 * 13 *', '0 0 * * 8', '0 0 * * 7', '0 0 * JAN MON-FRI', '* * * *', '* * * * * *', '5-1 * * * *',
  '*/0 * * * *', '1,2,x * * * *', '? * * * *', 'TZ=UTC * * * * *', 'CRON_TZ=Europe/Berlin 0 0 * * *', '',
  '0-59/7 * * * *', '1-5/0 * * * *', 'L * * * *', '@reboot', '0 0 32 * *', '-1 * * * *', '1.5 * * * *',
] // prettier-ignore
const zones = [
  'UTC',
  'Europe/Berlin',
  'Etc/UTC',
  'Local',
  'Nope/Where',
  'europe/berlin',
  '',
  ' UTC',
  'EST',
  'UTC+1',
  '../etc',
  'Asia//Tokyo',
]
const cronBodies: Bodies = {
  'with many fields': {
    spec: {
      schedule: '*/5 * * * *',
      timeZone: 'Europe/Berlin',
      startingDeadlineSeconds: 60,
      concurrencyPolicy: 'Forbid',
      suspend: true,
      successfulJobsHistoryLimit: 2,
      failedJobsHistoryLimit: 1,
      jobTemplate: { metadata: { labels: { x: 'y' } }, spec: { backoffLimit: 2, template: jobTemplate() } },
    },
  },
}
const indexes = ['0', '0-2', '0,2', '2-0', '0-5', 'x', '1-', '0,0', '', ' 0', '4-6', '0-1-2']
const jobSkip = ['spec.template.spec.containers', 'spec.jobTemplate.spec.template.spec.containers']

export const batchCreated: ParityCases = {
  ...creations(job, jobBodies, { skip: jobSkip }),
  ...creations(cronJob, cronBodies, { skip: jobSkip }),
  ...creations(cronJob, { ...jobText('schedule', schedules), ...jobText('timeZone', zones) }, { only: ['none'] }),
  ...creations(
    job,
    Object.fromEntries(
      indexes.map((text) => [
        `whose success indexes are ${JSON.stringify(text)}`,
        {
          spec: {
            completions: 5,
            completionMode: 'Indexed',
            successPolicy: { rules: [{ succeededIndexes: text }] },
            template: jobTemplate(),
          },
        },
      ]),
    ),
    { only: ['none'] },
  ),
}
/** A generated selector comes back only to those who read it first: these bring their own. */
const withSelectors: Bodies = Object.fromEntries(
  Object.entries(jobBodies).map(([title, body]) => [
    title,
    { spec: { manualSelector: true, selector: { matchLabels: { x: 'y' } }, ...(body['spec'] as object) } },
  ]),
)
export const batchReplaced: ParityCases = {
  ...replacements(job, withSelectors, { skip: jobSkip }),
  ...replacements(job, { 'with little': { spec: { template: jobTemplate() } } }, { skip: jobSkip }),
  ...replacements(cronJob, cronBodies, { skip: jobSkip }),
  ...patched(job, jobBodies['with many fields'] ?? {}, { parallelism: 7 }),
  ...status(
    job,
    { some: { spec: { template: jobTemplate() } } },
    {
      active: 1,
      ready: 1,
      succeeded: 1,
      failed: 1,
      terminating: 0,
      startTime: '2026-01-02T03:04:05Z',
      completionTime: '2026-01-02T03:04:06Z',
      completedIndexes: '0-1',
      failedIndexes: '2',
      conditions: [{ type: 'Complete', status: 'True' }],
      uncountedTerminatedPods: { succeeded: ['a'], failed: ['b'] },
    },
  ),
}

const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' }
const target = (type: string) =>
  ({
    Utilization: { type, averageUtilization: 50 },
    AverageValue: { type, averageValue: '100m' },
    Value: { type, value: '5' },
  })[type]
const metric = { name: 'm', selector: { matchLabels: { a: 'b' } } }
const policies = [
  { type: 'Pods', value: 4, periodSeconds: 60 },
  { type: 'Percent', value: 50, periodSeconds: 30 },
]
const scalerBodies: Bodies = {
  'with every metric': {
    spec: {
      minReplicas: 2,
      maxReplicas: 5,
      scaleTargetRef,
      metrics: [
        { type: 'Resource', resource: { name: 'cpu', target: target('Utilization') } },
        { type: 'Pods', pods: { metric, target: target('AverageValue') } },
        { type: 'Object', object: { metric, describedObject: scaleTargetRef, target: target('Value') } },
        { type: 'External', external: { metric, target: target('AverageValue') } },
        {
          type: 'ContainerResource',
          containerResource: { container: 'c', name: 'memory', target: target('AverageValue') },
        },
      ],
    },
  },
  'with behavior': {
    spec: {
      maxReplicas: 5,
      scaleTargetRef,
      behavior: {
        scaleUp: { stabilizationWindowSeconds: 0, selectPolicy: 'Max', policies, tolerance: '0.1' },
        scaleDown: { stabilizationWindowSeconds: 300, selectPolicy: 'Disabled', policies },
      },
    },
  },
}
const budgetBodies: Bodies = {
  'with a minimum': { spec: { minAvailable: 1, selector, unhealthyPodEvictionPolicy: 'AlwaysAllow' } },
  'with a maximum': { spec: { maxUnavailable: '30%', selector } },
}
export const autoscalingAndPolicy: ParityCases = {
  ...creations(scaler, scalerBodies),
  ...replacements(scaler, scalerBodies, { skip: ['spec.metrics'] }),
  ...creations(scalerV1, {
    'of the first version': {
      spec: { minReplicas: 1, maxReplicas: 5, scaleTargetRef, targetCPUUtilizationPercentage: 50 },
    },
  }),
  ...status(scaler, scalerBodies, {
    currentReplicas: 1,
    desiredReplicas: 2,
    observedGeneration: 1,
    lastScaleTime: '2026-01-02T03:04:05Z',
    conditions: [condition],
  }),
  ...creations(budget, budgetBodies),
  ...replacements(budget, budgetBodies),
  ...status(budget, budgetBodies, {
    currentHealthy: 1,
    desiredHealthy: 1,
    disruptionsAllowed: 1,
    expectedPods: 1,
    observedGeneration: 1,
    disruptedPods: { p: '2026-01-02T03:04:05Z' },
  }),
}
