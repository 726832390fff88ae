import type {
  V1CronJob,
  V1DaemonSet,
  V1Deployment,
  V1Job,
  V1ReplicationController,
  V1StatefulSet,
} from '@kapell/openapi/types'
import { FieldPath, fieldErrorMessage, type FieldError } from '@kapell/openapi/meta/field-errors'
import { countTemplate, defaultDaemonSet, keepTemplateCount, validateDaemonSet } from './apps/daemonset-rules.ts'
import { defaultDeployment, validateDeployment } from './apps/deployment-rules.ts'
import { defaultStatefulSet, validateStatefulSet, validateStatefulSetUpdate } from './apps/statefulset-rules.ts'
import { cronScheduleError } from './batch/cron-schedule.ts'
import { defaultCronJob, validateCronJob } from './batch/cronjob-rules.ts'
import { defaultJob, generateSelector } from './batch/job-defaults.ts'
import { validateJob, validateJobUpdate } from './batch/job-validation.ts'
import { defaultController, validateController } from './core/replicationcontroller-rules.ts'

const root = new FieldPath()
const texts = (errors: FieldError[]): string[] => errors.map(fieldErrorMessage)
const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'nginx' }] } }
const selector = { matchLabels: { a: 'b' } }

function deployment(spec: object = {}): V1Deployment {
  const made: V1Deployment = { spec: { selector, template: structuredClone(template), ...structuredClone(spec) } }
  defaultDeployment(made)
  return made
}

describe('Deployment', () => {
  it('rolls a quarter at a time by default', () => {
    expect(deployment().spec).toMatchObject({
      replicas: 1,
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
    })
  })
  it.each<[rule: string, spec: object, errors: string[]]>([
    [
      'replicas are not negative',
      { replicas: -1 },
      ['spec.replicas: Invalid value: -1: must be greater than or equal to 0'],
    ],
    [
      'the template wears what is selected',
      { selector: { matchLabels: { x: 'y' } } },
      ['spec.template.metadata.labels: Invalid value: {"a":"b"}: `selector` does not match template `labels`'],
    ],
    [
      'an empty selector selects too much',
      { selector: {} },
      ['spec.selector: Invalid value: {}: empty selector is invalid for deployment'],
    ],
    [
      'something must give in a rollout',
      { strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 0 } } },
      ['spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0'],
    ],
    [
      'Recreate rolls nothing',
      { strategy: { type: 'Recreate', rollingUpdate: { maxSurge: 1 } } },
      ["spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'"],
    ],
    [
      'progress takes longer than readiness',
      { progressDeadlineSeconds: 5, minReadySeconds: 5 },
      ['spec.progressDeadlineSeconds: Invalid value: 5: must be greater than minReadySeconds'],
    ],
    [
      'its pods restart always',
      { template: { ...template, spec: { ...template.spec, restartPolicy: 'Never' } } },
      ['spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"'],
    ],
  ])('%s', (_rule, spec, errors) => {
    expect(texts(validateDeployment(deployment(spec), root))).toEqual(errors)
  })
})

describe('DaemonSet', () => {
  const make = (spec: object = {}): V1DaemonSet => {
    const made: V1DaemonSet = {
      metadata: {},
      spec: { selector, template: structuredClone(template), ...structuredClone(spec) },
    }
    defaultDaemonSet(made)
    return made
  }
  it.each<[rule: string, rolling: object, errors: string[]]>([
    [
      'surge or unavailable, not both',
      { maxSurge: 1, maxUnavailable: 1 },
      ['spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: 1: may not be set when maxUnavailable is non-zero'],
    ],
    [
      'and not neither',
      { maxUnavailable: 0 },
      ['spec.updateStrategy.rollingUpdate.maxUnavailable: Required value: cannot be 0 when maxSurge is 0'],
    ],
    ['surge alone', { maxSurge: '10%', maxUnavailable: 0 }, []],
  ])('%s', (_rule, rollingUpdate, errors) => {
    expect(texts(validateDaemonSet(make({ updateStrategy: { rollingUpdate } }), root))).toEqual(errors)
  })
  it('counts its templates for old clients', () => {
    const before = make()
    const same = make()
    countTemplate(same, before)
    expect(same.metadata?.annotations).toEqual({ 'deprecated.daemonset.template.generation': '1' })
    const changed = make({ template: { ...template, metadata: { labels: { a: 'b', c: 'd' } } } })
    countTemplate(changed, same)
    expect(changed.metadata?.annotations).toEqual({ 'deprecated.daemonset.template.generation': '2' })
    const status = make()
    keepTemplateCount(status, changed)
    expect(status.metadata?.annotations).toEqual({ 'deprecated.daemonset.template.generation': '2' })
  })
})

describe('StatefulSet', () => {
  const claim = {
    metadata: { name: 'd' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  }
  const make = (spec: object = {}): V1StatefulSet => {
    const made: V1StatefulSet = {
      spec: { serviceName: 's', selector, template: structuredClone(template), ...structuredClone(spec) },
    }
    defaultStatefulSet(made)
    return made
  }
  it('its claims may be mounted', () => {
    const mounting = {
      ...template,
      spec: { containers: [{ name: 'c', image: 'x', volumeMounts: [{ name: 'd', mountPath: '/d' }] }] },
    }
    expect(validateStatefulSet(make({ template: mounting, volumeClaimTemplates: [claim] }), root)).toEqual([])
  })
  it('only some of it may change', () => {
    expect(validateStatefulSetUpdate(make({ replicas: 3 }), make(), root)).toEqual([])
    expect(validateStatefulSetUpdate(make({ serviceName: 'other' }), make(), root)).toMatchObject([{ field: 'spec' }])
  })
})

describe('ReplicationController', () => {
  it("takes selector and labels from its template's", () => {
    const made: V1ReplicationController = { spec: { template: structuredClone(template) } }
    defaultController(made)
    expect(made).toMatchObject({ metadata: { labels: { a: 'b' } }, spec: { replicas: 1, selector: { a: 'b' } } })
    expect(validateController(made, root)).toEqual([])
  })
})

describe('Job', () => {
  const never = { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'x' }] } } }
  const make = (spec: object = {}): V1Job => {
    const made: V1Job = {
      metadata: { name: 'j', uid: 'u' },
      spec: { ...structuredClone(never), ...structuredClone(spec) },
    }
    defaultJob(made)
    generateSelector(made)
    return made
  }
  it('finds its pods by its uid', () => {
    const job = make()
    expect(job.spec?.selector).toEqual({ matchLabels: { 'batch.kubernetes.io/controller-uid': 'u' } })
    expect(job.spec?.template.metadata?.labels).toMatchObject({ 'job-name': 'j', 'controller-uid': 'u' })
    expect(validateJob(job, root)).toEqual([])
  })
  it('keeps its own labels', () => {
    const job: V1Job = { metadata: { name: 'j', uid: 'u', labels: { x: 'y' } }, spec: structuredClone(never) }
    defaultJob(job)
    generateSelector(job)
    expect(job.metadata?.labels).toEqual({ x: 'y' })
  })
  it.each<[rule: string, spec: object, errors: string[]]>([
    [
      'its pods end',
      { template: { spec: { containers: [{ name: 'c', image: 'x' }] } } },
      ['spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'],
    ],
    [
      'counts are not negative',
      { parallelism: -1, completions: 1 },
      ['spec.parallelism: Invalid value: -1: must be greater than or equal to 0'],
    ],
    [
      'a policy per index needs indexes',
      { backoffLimitPerIndex: 1 },
      ['spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode'],
    ],
  ])('%s', (_rule, spec, errors) => {
    expect(texts(validateJob(make(spec), root))).toEqual(errors)
  })
  it('completions are fixed, but for an indexed job that grows with its parallelism', () => {
    expect(validateJobUpdate(make({ completions: 5 }), make({ completions: 2 }), root)).toMatchObject([
      { field: 'spec.completions' },
    ])
    const indexed = (n: number): V1Job => make({ completionMode: 'Indexed', completions: n, parallelism: n })
    expect(validateJobUpdate(indexed(5), indexed(2), root)).toEqual([])
  })
})

describe('CronJob', () => {
  const make = (spec: object): V1CronJob => {
    const made = {
      spec: {
        schedule: '* * * * *',
        jobTemplate: {
          spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'x' }] } } },
        },
        ...spec,
      },
    } as V1CronJob
    defaultCronJob(made)
    return made
  }
  it.each<[rule: string, spec: object, errors: string[]]>([
    [
      'a zone has its own field',
      { schedule: 'TZ=UTC 0 * * * *' },
      [
        'spec.schedule: Invalid value: "TZ=UTC 0 * * * *": cannot use TZ or CRON_TZ in schedule, use timeZone field instead',
      ],
    ],
    [
      'Local is no zone',
      { timeZone: 'Local' },
      [
        'spec.timeZone: Invalid value: "Local": timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones',
      ],
    ],
    [
      'a zone is one of the list',
      { timeZone: 'Mars/Base' },
      ['spec.timeZone: Invalid value: "Mars/Base": unknown time zone Mars/Base'],
    ],
    ['a known zone', { timeZone: 'Europe/Amsterdam' }, []],
  ])('%s', (_rule, spec, errors) => {
    expect(texts(validateCronJob(make(spec), root))).toEqual(errors)
  })
  it.each([
    ['*/5 * * * *', undefined],
    ['0 9-17/2 * JAN-jun MON', undefined],
    ['@hourly', undefined],
    ['@every 1h', undefined],
    ['* * *', 'expected exactly 5 fields, found 3: [* * *]'],
    ['61 * * * *', 'end of range (61) above maximum (59): 61'],
    ['x * * * *', 'failed to parse int from x: strconv.Atoi: parsing "x": invalid syntax'],
    ['*/0 * * * *', 'step of range should be a positive number: */0'],
    ['@never', 'unrecognized descriptor: @never'],
  ])('schedule %s', (schedule, error) => {
    expect(cronScheduleError(schedule)).toBe(error)
  })
})
