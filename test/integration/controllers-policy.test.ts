import { jest } from '@jest/globals'
import { X509Certificate } from 'node:crypto'
import 'reflect-metadata'
import * as x509 from '@peculiar/x509'
import {
  certificateSigningRequests,
  clusterRoles,
  configMaps,
  cronJobs,
  customResourceDefinitions,
  deployments,
  horizontalPodAutoscalers,
  jobs,
  namespaces,
  persistentVolumeClaims,
  podDisruptionBudgets,
  pods,
  resourceQuotas,
  serviceAccounts,
  volumeAttributesClasses,
} from '@kapell/openapi/meta/refs'
import { isReason } from '@kapell/openapi/meta/status'
import type { V1ConfigMap } from '@kapell/openapi/types'
import { startControlPlane, type ControlPlane } from './controllers-support.ts'

const ns = 'policy'

const free = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }
/** A kind of one's own that has a size. */
const sizedKind = {
  metadata: { name: 'fleets.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'fleets', singular: 'fleet', kind: 'Fleet', listKind: 'FleetList' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', properties: { spec: free, status: free } } },
        subresources: { scale: { specReplicasPath: '.spec.size', statusReplicasPath: '.status.size' } },
      },
    ],
  },
}

// Conditions come within milliseconds; a busy machine may take longer.
jest.setTimeout(30_000)

describe('budgets, quotas and clean-up on a real API server', () => {
  let plane: ControlPlane
  beforeAll(async () => {
    plane = await startControlPlane({
      podMetrics: () => ({
        items: plane.informers
          .informer(pods)
          .lister.inNamespace(ns)
          .map(({ metadata }) => ({
            metadata: { name: metadata?.name },
            timestamp: new Date().toISOString(),
            window: '10s',
            containers: [{ name: 'c', usage: { memory: '150Mi' } }],
          })),
      }),
      node: { phase: (pod) => (pod.spec?.containers[0]?.image === 'ok' ? 'Succeeded' : 'Running') },
    })
    await plane.client.resource(namespaces).create({ metadata: { name: ns } })
  })
  afterAll(() => plane.close())

  const deploy = (name: string, replicas: number) =>
    plane.client.resource(deployments, ns).create({
      metadata: { name },
      spec: {
        replicas,
        selector: { matchLabels: { app: name } },
        template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'c', image: 'v1' }] } },
      },
    })

  it('a budget asks custom owners for their size, and says which it cannot ask', async () => {
    await plane.client.resource(customResourceDefinitions).create(sizedKind as never)
    const path = `/apis/example.com/v1/namespaces/${ns}/fleets`
    const create = () =>
      plane.client
        .raw('POST', path, { apiVersion: 'example.com/v1', kind: 'Fleet', metadata: { name: 'f' }, spec: { size: 3 } })
        .catch((error: unknown) => {
          if (isReason(error, 'NotFound')) return undefined
          throw error
        })
    const fleet = (await plane.until([customResourceDefinitions], create)) as V1ConfigMap
    const plain = await plane.client.resource(configMaps, ns).create({ metadata: { name: 'f' } })
    const owned = (name: string, apiVersion: string, kind: string, owner: V1ConfigMap) =>
      plane.client.resource(pods, ns).create({
        metadata: {
          name,
          labels: { owner: kind },
          ownerReferences: [{ apiVersion, kind, name: 'f', uid: owner.metadata?.uid ?? '', controller: true }],
        },
        spec: { containers: [{ name: 'c', image: 'x' }] },
      })
    await owned('ship-1', 'example.com/v1', 'Fleet', fleet)
    await owned('ship-2', 'v1', 'ConfigMap', plain)
    const budget = async (kind: string) => {
      await plane.client.resource(podDisruptionBudgets, ns).create({
        metadata: { name: kind.toLowerCase() },
        spec: { maxUnavailable: 1, selector: { matchLabels: { owner: kind } } },
      })
      return plane.until([podDisruptionBudgets], async () => {
        const { status } = await plane.client.resource(podDisruptionBudgets, ns).get(kind.toLowerCase())
        return status?.conditions?.length === 1 ? status : undefined
      })
    }
    expect(await budget('Fleet')).toMatchObject({ expectedPods: 3, desiredHealthy: 2 })
    const [condition] = (await budget('ConfigMap')).conditions ?? []
    expect(condition).toMatchObject({
      reason: 'SyncFailed',
      message: 'configmaps does not implement the scale subresource',
    })
    for (const name of ['ship-1', 'ship-2'])
      await plane.client.resource(pods, ns).delete(name, { gracePeriodSeconds: 0 })
    await plane.client.resource(configMaps, ns).delete('f')
    // The garbage collector learns of a new kind a moment after its first object may be there.
    const others = plane.warnings.filter((text) => !text.includes('no matches for kind "Fleet"'))
    plane.warnings.splice(0, plane.warnings.length, ...others)
  })

  it('a budget says how many may be evicted, by the size of the Deployment', async () => {
    await deploy('web', 4)
    await plane.client.resource(podDisruptionBudgets, ns).create({
      metadata: { name: 'web' },
      spec: { maxUnavailable: 1, selector: { matchLabels: { app: 'web' } } },
    })
    const budget = await plane.until([podDisruptionBudgets], async () => {
      const found = await plane.client.resource(podDisruptionBudgets, ns).get('web')
      return found.status?.disruptionsAllowed === 1 ? found : undefined
    })
    expect(budget.status).toMatchObject({ currentHealthy: 4, desiredHealthy: 3, expectedPods: 4 })
    const [pod] = (await plane.client.resource(pods, ns).list({ labelSelector: 'app=web' })).items
    const name = pod?.metadata?.name ?? ''
    await plane.client.resource(pods, ns).createSubresource(name, 'eviction', {
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { name, namespace: ns },
    })
    await plane.until([pods], async () => {
      const own = (await plane.client.resource(pods, ns).list({ labelSelector: 'app=web' })).items
      return own.length === 4 && own.every((p) => p.metadata?.name !== name && p.status?.phase === 'Running')
        ? true
        : undefined
    })
  })

  it('a quota is not counted anew because admission counted: its event may come before the object it counts', async () => {
    const own = 'counted-by-admission'
    await plane.client.resource(namespaces).create({ metadata: { name: own } })
    const quotas = plane.client.resource(resourceQuotas, own)
    const isCounted = (name: string, pods: string) =>
      plane.until([resourceQuotas], async () =>
        (await quotas.get(name)).status?.used?.['pods'] === pods ? true : undefined,
      )
    await quotas.create({ metadata: { name: 'first' }, spec: { hard: { pods: '9' } } })
    await isCounted('first', '0')
    const first = await quotas.get('first')
    await quotas.updateStatus({ ...first, status: { ...first.status, used: { pods: '7' } } })
    // Once the controller has counted a later one, it has passed over the change of the first.
    await quotas.create({ metadata: { name: 'second' }, spec: { hard: { pods: '9' } } })
    await isCounted('second', '0')
    expect((await quotas.get('first')).status?.used).toEqual({ pods: '7' })
    await quotas.patch('first', 'merge', { spec: { hard: { pods: '8' } } })
    await isCounted('first', '0')
  })

  it('a quota counts what is there, and gives back what goes', async () => {
    await plane.client.resource(resourceQuotas, ns).create({
      metadata: { name: 'q' },
      spec: { hard: { pods: '10', configmaps: '10', 'count/deployments.apps': '5' } },
    })
    const used = (wanted: Record<string, string>) =>
      plane.until([resourceQuotas], async () => {
        const { status } = await plane.client.resource(resourceQuotas, ns).get('q')
        return Object.entries(wanted).every(([name, value]) => status?.used?.[name] === value) ? true : undefined
      })
    await used({ pods: '4', configmaps: '1', 'count/deployments.apps': '1' })
    await plane.client.resource(configMaps, ns).create({ metadata: { name: 'one' } })
    await used({ configmaps: '2' })
    // Admission counted it, in the API server's name.
    const { metadata } = await plane.client.resource(resourceQuotas, ns).get('q')
    const charged = metadata?.managedFields?.find(({ manager }) => manager === 'kube-apiserver')
    expect(charged).toMatchObject({
      subresource: 'status',
      fieldsV1: { 'f:status': { 'f:used': { 'f:configmaps': {} } } },
    })
    await plane.client.resource(configMaps, ns).delete('one')
    await plane.client.resource(deployments, ns).delete('web', { propagationPolicy: 'Background' })
    await used({ pods: '0', configmaps: '1', 'count/deployments.apps': '0' })
  })

  it('a pod that gets a deadline counts with those that end', async () => {
    const ending = 'ending'
    await plane.client.resource(namespaces).create({ metadata: { name: ending } })
    await plane.until([serviceAccounts], async () => {
      const { items } = await plane.client.resource(serviceAccounts, ending).list()
      return items.length > 0 ? true : undefined
    })
    await plane.client.resource(resourceQuotas, ending).create({
      metadata: { name: 'q' },
      spec: { hard: { pods: '1' }, scopes: ['Terminating'] },
    })
    await plane.until([resourceQuotas], async () => {
      const { status } = await plane.client.resource(resourceQuotas, ending).get('q')
      return status?.used?.['pods'] === '0' ? true : undefined
    })
    await plane.client.resource(resourceQuotas, ending).create({
      metadata: { name: 'lasting' },
      spec: { hard: { pods: '1' }, scopes: ['NotTerminating'] },
    })
    const lasting = (pods: string): Promise<unknown> =>
      plane.until([resourceQuotas], async () => {
        const { status } = await plane.client.resource(resourceQuotas, ending).get('lasting')
        return status?.used?.['pods'] === pods ? true : undefined
      })
    await lasting('0')
    const client = plane.client.resource(pods, ending)
    const spec = { containers: [{ name: 'c', image: 'x' }] }
    await client.create({ metadata: { name: 'first' }, spec })
    await lasting('1')
    await client.patch('first', 'merge', { spec: { activeDeadlineSeconds: 1000 } })
    await lasting('0')
    const second = client.create({ metadata: { name: 'second' }, spec: { ...spec, activeDeadlineSeconds: 1000 } })
    await expect(second).rejects.toThrow('exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1')
    await plane.client.resource(namespaces).delete(ending)
  })

  it('pods that may not be made: it is said, and not tried in a tight loop', async () => {
    const small = 'small'
    await plane.client.resource(namespaces).create({ metadata: { name: small } })
    await plane.client
      .resource(resourceQuotas, small)
      .create({ metadata: { name: 'q' }, spec: { hard: { pods: '1' } } })
    await plane.until([resourceQuotas], async () => {
      const { status } = await plane.client.resource(resourceQuotas, small).get('q')
      return status?.hard?.pods === '1' ? true : undefined
    })
    let made = 0
    const off = plane.informers.informer(pods).onChange({
      add: ({ metadata }) => {
        if (metadata?.namespace === small) made++
      },
    })
    await plane.client.resource(deployments, small).create({
      metadata: { name: 'big' },
      spec: {
        replicas: 3,
        selector: { matchLabels: { app: 'big' } },
        template: { metadata: { labels: { app: 'big' } }, spec: { containers: [{ name: 'c', image: 'v1' }] } },
      },
    })
    const condition = await plane.until([deployments], async () => {
      const { status } = await plane.client.resource(deployments, small).get('big')
      return status?.availableReplicas === 1
        ? status.conditions?.find(({ type }) => type === 'ReplicaFailure')
        : undefined
    })
    off()
    expect(condition).toMatchObject({ status: 'True', reason: 'FailedCreate' })
    expect(condition.message).toContain('exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1')
    expect(made).toBe(1)
    // Back-off doubles from 5 ms: a second holds no more than about eight tries.
    const retries = /workqueue_retries_total\{name="replicaset"\} ([0-9]+)/.exec(plane.metrics())
    expect(Number(retries?.[1])).toBeLessThan(20)
    await plane.client.resource(namespaces).delete(small)
    expect(plane.warnings.every((text) => text.includes('exceeded quota'))).toBe(true)
    plane.warnings.length = 0
  })

  it('an ended Job goes when its time has passed', async () => {
    await plane.client.resource(jobs, ns).create({
      metadata: { name: 'brief' },
      spec: {
        ttlSecondsAfterFinished: 0,
        template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'ok' }] } },
      },
    })
    await plane.until([jobs, pods], async () => {
      const left = await plane.client.resource(jobs, ns).list()
      const own = await plane.client.resource(pods, ns).list({ labelSelector: 'batch.kubernetes.io/job-name=brief' })
      return left.items.length + own.items.length === 0 ? true : undefined
    })
  })

  it('a cron job makes the Job that is due', async () => {
    await plane.client.resource(cronJobs, ns).create({
      metadata: { name: 'often' },
      spec: {
        schedule: '@every 1s',
        jobTemplate: {
          spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'ok' }] } } },
        },
      },
    })
    const cronJob = await plane.until([cronJobs], async () => {
      const found = await plane.client.resource(cronJobs, ns).get('often')
      return found.status?.lastSuccessfulTime === undefined ? undefined : found
    })
    expect(cronJob.status?.lastScheduleTime).toBeDefined()
    await plane.client.resource(cronJobs, ns).delete('often', { propagationPolicy: 'Background' })
    await plane.until([jobs], async () =>
      (await plane.client.resource(jobs, ns).list()).items.length === 0 ? true : undefined,
    )
  })

  it('a claim in use stays until its pod has gone', async () => {
    await plane.client.resource(persistentVolumeClaims, ns).create({
      metadata: { name: 'data' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    })
    await plane.client.resource(pods, ns).create({
      metadata: { name: 'user' },
      spec: {
        containers: [{ name: 'c', image: 'v1' }],
        volumes: [{ name: 'd', persistentVolumeClaim: { claimName: 'data' } }],
      },
    })
    await plane.until([pods], async () =>
      (await plane.client.resource(pods, ns).get('user')).status?.phase === 'Running' ? true : undefined,
    )
    await plane.client.resource(persistentVolumeClaims, ns).delete('data')
    expect(
      (await plane.client.resource(persistentVolumeClaims, ns).get('data')).metadata?.deletionTimestamp,
    ).toBeDefined()
    await plane.client.resource(pods, ns).delete('user')
    await plane.until([persistentVolumeClaims], async () =>
      (await plane.client.resource(persistentVolumeClaims, ns).list()).items.length === 0 ? true : undefined,
    )
  })

  it('an attributes class stays until no claim names it', async () => {
    const classes = plane.client.resource(volumeAttributesClasses)
    await classes.create({ metadata: { name: 'gold' }, driverName: 'd.example.com', parameters: { iops: '1' } })
    await plane.client.resource(persistentVolumeClaims, ns).create({
      metadata: { name: 'golden' },
      spec: {
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage: '1Gi' } },
        volumeAttributesClassName: 'gold',
      },
    })
    await classes.delete('gold')
    expect((await classes.get('gold')).metadata?.deletionTimestamp).toBeDefined()
    await plane.client.resource(persistentVolumeClaims, ns).delete('golden')
    await plane.until([volumeAttributesClasses], async () =>
      (await classes.list()).items.length === 0 ? true : undefined,
    )
  })

  it('an aggregated role has the rules of its parts', async () => {
    const view = await plane.until([clusterRoles], async () => {
      const role = await plane.client.resource(clusterRoles).get('view')
      return (role.rules ?? []).length > 0 ? role : undefined
    })
    expect(view.rules).toContainEqual(
      expect.objectContaining({ resources: expect.arrayContaining(['pods']) as unknown }),
    )
    await plane.client.resource(clusterRoles).create({
      metadata: { name: 'widgets', labels: { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' } },
      rules: [{ apiGroups: ['x.example.com'], resources: ['widgets'], verbs: ['get'] }],
    })
    await plane.until([clusterRoles], async () => {
      const role = await plane.client.resource(clusterRoles).get('view')
      return role.rules?.some(({ resources }) => resources?.includes('widgets')) === true ? true : undefined
    })
  })

  it('an autoscaler sizes a Deployment by what its pods use', async () => {
    await plane.client.resource(deployments, ns).create({
      metadata: { name: 'busy' },
      spec: {
        replicas: 2,
        selector: { matchLabels: { app: 'busy' } },
        template: {
          metadata: { labels: { app: 'busy' } },
          spec: { containers: [{ name: 'c', image: 'v1', resources: { requests: { memory: '100Mi' } } }] },
        },
      },
    })
    await plane.until([pods], async () => {
      const own = (await plane.client.resource(pods, ns).list({ labelSelector: 'app=busy' })).items
      return own.length === 2 && own.every((p) => p.status?.phase === 'Running') ? true : undefined
    })
    await plane.client.resource(horizontalPodAutoscalers, ns).create({
      metadata: { name: 'busy' },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'busy' },
        maxReplicas: 10,
        metrics: [
          { type: 'Resource', resource: { name: 'memory', target: { type: 'Utilization', averageUtilization: 50 } } },
        ],
      },
    })
    const autoscaler = await plane.until([horizontalPodAutoscalers], async () => {
      const found = await plane.client.resource(horizontalPodAutoscalers, ns).get('busy')
      return found.status?.lastScaleTime === undefined ? undefined : found
    })
    expect(autoscaler.status).toMatchObject({ desiredReplicas: 6 })
    expect(autoscaler.status?.currentMetrics?.[0]?.resource?.current.averageUtilization).toBe(150)
    expect((await plane.client.resource(deployments, ns).get('busy')).spec?.replicas).toBe(6)
    await plane.client.resource(horizontalPodAutoscalers, ns).create({
      metadata: { name: 'lost' },
      spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'nobody' }, maxReplicas: 2 },
    })
    const condition = await plane.until([horizontalPodAutoscalers], async () => {
      const { status } = await plane.client.resource(horizontalPodAutoscalers, ns).get('lost')
      return status?.conditions?.find(({ reason }) => reason === 'FailedGetScale')
    })
    expect(condition.message).toContain('deployments.apps "nobody" not found')
  })

  it('autoscalers that share pods do nothing, and say so; a new one does not shrink what it finds', async () => {
    await deploy('shared', 2)
    const make = (name: string) =>
      plane.client.resource(horizontalPodAutoscalers, ns).create({
        metadata: { name },
        spec: {
          maxReplicas: 5,
          scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'shared' },
          metrics: [
            { type: 'Resource', resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '1Gi' } } },
          ],
        },
      })
    const conditionOf = (name: string, type: string, reason: string) =>
      plane.until([horizontalPodAutoscalers], async () => {
        const { status } = await plane.client.resource(horizontalPodAutoscalers, ns).get(name)
        return status?.conditions?.find((one) => one.type === type && one.reason === reason)
      })
    await make('one')
    await conditionOf('one', 'AbleToScale', 'ScaleDownStabilized')
    await make('two')
    const { message } = await conditionOf('two', 'ScalingActive', 'AmbiguousSelector')
    expect(message).toBe('pods by selector app=shared are controlled by multiple HPAs: [policy/one policy/two]')
    for (const name of ['one', 'two']) await plane.client.resource(horizontalPodAutoscalers, ns).delete(name)
    const { spec } = await plane.client.resource(deployments, ns).get('shared')
    expect(spec?.replicas).toBe(2)
    await plane.client.resource(deployments, ns).delete('shared', { propagationPolicy: 'Background' })
  })

  it('signs what was approved, and approves by itself what nodes may have', async () => {
    x509.cryptoProvider.set(crypto)
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
    const request = async (name: string): Promise<string> => {
      const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
      const csr = await x509.Pkcs10CertificateRequestGenerator.create({ name, keys, signingAlgorithm: algorithm })
      return btoa(csr.toString('pem'))
    }
    const issued = (name: string) =>
      plane.until([certificateSigningRequests], async () => {
        const { status } = await plane.client.resource(certificateSigningRequests).get(name)
        return status?.certificate === undefined ? undefined : new X509Certificate(atob(status.certificate))
      })
    const usages = ['digital signature', 'client auth']
    const created = await plane.client.resource(certificateSigningRequests).create({
      metadata: { name: 'jane' },
      spec: { request: await request('CN=jane'), signerName: 'kubernetes.io/kube-apiserver-client', usages },
    })
    await plane.client
      .resource(certificateSigningRequests)
      .update(
        { ...created, status: { conditions: [{ type: 'Approved', status: 'True', reason: 'Fine', message: 'ok' }] } },
        { subresource: 'approval' },
      )
    const jane = await issued('jane')
    expect(jane.subject).toBe('CN=jane')
    expect(jane.verify(new X509Certificate(plane.api.caCertificate).publicKey)).toBe(true)
    await plane.client.resource(certificateSigningRequests).create({
      metadata: { name: 'node' },
      spec: {
        request: await request('O=system:nodes, CN=system:node:n'),
        signerName: 'kubernetes.io/kube-apiserver-client-kubelet',
        usages,
      },
    })
    expect((await issued('node')).subject).toContain('CN=system:node:n')
  })

  it('had nothing to complain of', () => expect(plane.warnings).toEqual([]))
})
