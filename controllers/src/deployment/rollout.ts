import { controllerReference } from '@kapell/controllers/machinery/owner-refs'
import { errorText } from '@kapell/controllers/machinery/log'
import { deployments } from '@kapell/openapi/meta/refs'
import { isReason } from '@kapell/openapi/meta/status'
import type { V1Deployment, V1DeploymentStatus, V1ReplicaSet } from '@kapell/openapi/types'
import { findCondition } from '../shared/conditions.ts'
import { sameMeaning } from '../shared/equal.ts'
import { isNamespaceTerminating } from '@kapell/controllers/machinery/namespace-terminating'
import { templateHash } from '../shared/template-hash.ts'
import {
  findNewReplicaSet,
  hashLabel,
  newReplicaSetAnnotations,
  revisionAnnotation,
  revisionOf,
  sameTemplate,
  sizeAnnotations,
} from './revisions.ts'
import { maxSurge, newReplicaSetSize, size, wanted } from './sizing.ts'
import { condition, hasDeadline, setCondition } from './status.ts'

/** The writes a rollout does. */
export interface RolloutActions {
  getSet: (name: string) => Promise<V1ReplicaSet>
  createSet: (set: V1ReplicaSet) => Promise<V1ReplicaSet>
  updateSet: (set: V1ReplicaSet) => Promise<V1ReplicaSet>
  deleteSet: (set: V1ReplicaSet) => Promise<void>
  update: (deployment: V1Deployment) => Promise<V1Deployment>
  updateStatus: (deployment: V1Deployment) => Promise<V1Deployment>
  event: (type: 'Normal' | 'Warning', reason: string, message: string) => void
}

/** A Deployment with its ReplicaSets during one reconcile; every write replaces what it holds by the answer. */
export class Rollout {
  deployment: V1Deployment
  private sets: V1ReplicaSet[]
  private readonly actions: RolloutActions

  constructor(deployment: V1Deployment, sets: readonly V1ReplicaSet[], actions: RolloutActions) {
    this.deployment = deployment
    this.sets = [...sets]
    this.actions = actions
  }

  get all(): readonly V1ReplicaSet[] {
    return this.sets
  }
  get newSet(): V1ReplicaSet | undefined {
    return findNewReplicaSet(this.deployment, this.sets)
  }
  get old(): V1ReplicaSet[] {
    const newUid = this.newSet?.metadata?.uid
    return this.sets.filter((set) => set.metadata?.uid !== newUid)
  }

  async updateStatus(status: V1DeploymentStatus, annotations?: Record<string, string>): Promise<void> {
    const metadata = { ...this.deployment.metadata, ...(annotations === undefined ? {} : { annotations }) }
    this.deployment = await this.actions.updateStatus({ ...this.deployment, metadata, status })
  }

  async deleteSet(set: V1ReplicaSet): Promise<void> {
    try {
      await this.actions.deleteSet(set)
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error
    }
    this.sets = this.sets.filter((one) => one.metadata?.uid !== set.metadata?.uid)
  }

  /** Gives a ReplicaSet this size, and notes for which size of the Deployment; true when it was written. */
  async resize(set: V1ReplicaSet, replicas: number): Promise<boolean> {
    const annotations = this.sizes(set.metadata?.annotations)
    const sized = size(set) !== replicas
    if (!sized && sameMeaning(annotations, set.metadata?.annotations)) return false
    await this.replace({
      ...set,
      metadata: { ...set.metadata, annotations },
      ...(set.spec === undefined ? {} : { spec: { ...set.spec, replicas } }),
    })
    if (sized) this.tellScaled(set.metadata?.name, size(set), replicas)
    return sized
  }

  /** Notes that a ReplicaSet has its size for the Deployment's present one. */
  async markSize(set: V1ReplicaSet): Promise<void> {
    await this.resize(set, size(set))
  }

  /** Finds the ReplicaSet of the current template, makes it when told to, and keeps its revision. */
  async syncNewSet({ create, now }: { create: boolean; now: Date }): Promise<void> {
    const revision = this.old.map(revisionOf).reduce((most, one) => (one > most ? one : most), 0n) + 1n
    const existing = this.newSet
    if (existing !== undefined) await this.adoptNewSet(existing, revision, now)
    else if (create) await this.createNewSet(revision, now)
  }

  private sizes(annotations: Record<string, string> | undefined): Record<string, string> {
    return sizeAnnotations(annotations, wanted(this.deployment), wanted(this.deployment) + maxSurge(this.deployment))
  }

  private tellScaled(name: string | undefined, from: number, to: number): void {
    const direction = to > from ? 'up' : 'down'
    this.actions.event('Normal', 'ScalingReplicaSet', `Scaled ${direction} replica set ${name} from ${from} to ${to}`)
  }

  private async replace(set: V1ReplicaSet): Promise<void> {
    const stored = await this.actions.updateSet(set)
    this.sets = this.sets.map((one) => (one.metadata?.uid === set.metadata?.uid ? stored : one))
  }

  private async adoptNewSet(existing: V1ReplicaSet, revision: bigint, now: Date): Promise<void> {
    const annotations = newReplicaSetAnnotations(this.deployment, existing, revision)
    const { minReadySeconds = 0 } = this.deployment.spec ?? {}
    const stale = (existing.spec?.minReadySeconds ?? 0) !== minReadySeconds
    if (stale || !sameMeaning(annotations, existing.metadata?.annotations))
      await this.replace({
        ...existing,
        metadata: { ...existing.metadata, annotations },
        ...(existing.spec === undefined ? {} : { spec: { ...existing.spec, minReadySeconds } }),
      })
    const known = findCondition(this.deployment.status?.conditions, 'Progressing') !== undefined
    const told =
      known || !hasDeadline(this.deployment)
        ? undefined
        : condition(
            'Progressing',
            'True',
            'FoundNewReplicaSet',
            `Found new replica set ${JSON.stringify(existing.metadata?.name)}`,
            now,
          )
    await this.setRevision(annotations[revisionAnnotation] ?? String(revision), told)
  }

  private async createNewSet(revision: bigint, now: Date): Promise<void> {
    const { deployment, actions } = this
    const set = newReplicaSet(deployment, revision, newReplicaSetSize(deployment, this.sets, undefined))
    const name = set.metadata?.name ?? ''
    const replicas = set.spec?.replicas ?? 0
    let made: V1ReplicaSet
    try {
      made = await actions.createSet({
        ...set,
        metadata: { ...set.metadata, annotations: this.sizes(set.metadata?.annotations) },
      })
    } catch (error) {
      if (isReason(error, 'AlreadyExists')) return this.collided(name, error)
      if (!isNamespaceTerminating(error)) await this.creationFailed(name, error, now)
      throw error
    }
    this.sets.push(made)
    if (replicas > 0) this.tellScaled(name, 0, replicas)
    const told = hasDeadline(deployment)
      ? condition('Progressing', 'True', 'NewReplicaSetCreated', `Created new replica set ${JSON.stringify(name)}`, now)
      : undefined
    await this.setRevision(String(revision), told)
  }

  /** The name is taken: by our own that the cache does not show yet, or by another template of the same hash. */
  private async collided(name: string, error: Error): Promise<void> {
    const other = await this.actions.getSet(name)
    const ours = other.metadata?.ownerReferences?.some(
      ({ controller, uid }) => controller === true && uid === this.deployment.metadata?.uid,
    )
    if (ours === true && sameTemplate(other, this.deployment)) {
      this.sets.push(other)
      await this.setRevision(other.metadata?.annotations?.[revisionAnnotation] ?? '1', undefined)
      return
    }
    await this.updateStatus({
      ...this.deployment.status,
      collisionCount: (this.deployment.status?.collisionCount ?? 0) + 1,
    })
    throw error
  }

  private async creationFailed(name: string, error: unknown, now: Date): Promise<void> {
    const message = `Failed to create new replica set ${JSON.stringify(name)}: ${errorText(error)}`
    this.actions.event('Warning', 'ReplicaSetCreateError', message)
    if (!hasDeadline(this.deployment)) return
    const conditions = setCondition(
      this.deployment.status?.conditions,
      condition('Progressing', 'False', 'ReplicaSetCreateError', message, now),
    )
    if (!sameMeaning(conditions, this.deployment.status?.conditions))
      await this.updateStatus({ ...this.deployment.status, conditions })
  }

  private async setRevision(revision: string, told: ReturnType<typeof condition> | undefined): Promise<void> {
    const before = this.deployment.metadata?.annotations?.[revisionAnnotation]
    if (before === revision && told === undefined) return
    const annotations = { ...this.deployment.metadata?.annotations, [revisionAnnotation]: revision }
    const conditions =
      told === undefined ? this.deployment.status?.conditions : setCondition(this.deployment.status?.conditions, told)
    await this.updateStatus(
      { ...this.deployment.status, ...(conditions === undefined ? {} : { conditions }) },
      annotations,
    )
    // A status write takes the annotation along; where it does not, it needs one of its own.
    if (this.deployment.metadata?.annotations?.[revisionAnnotation] !== revision)
      this.deployment = await this.actions.update({
        ...this.deployment,
        metadata: {
          ...this.deployment.metadata,
          annotations: { ...this.deployment.metadata?.annotations, [revisionAnnotation]: revision },
        },
      })
  }
}

/** The ReplicaSet for the Deployment's template, named by its hash. */
export function newReplicaSet(deployment: V1Deployment, revision: bigint, replicas: number): V1ReplicaSet {
  const { name = '', namespace } = deployment.metadata ?? {}
  const { template, selector, minReadySeconds } = deployment.spec ?? {}
  const hash = templateHash(template, deployment.status?.collisionCount)
  const labels = { ...template?.metadata?.labels, [hashLabel]: hash }
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${name}-${hash}`,
      ...(namespace === undefined ? {} : { namespace }),
      labels,
      annotations: newReplicaSetAnnotations(deployment, undefined, revision),
      ownerReferences: [controllerReference(deployment, deployments)],
    },
    spec: {
      replicas,
      ...(minReadySeconds === undefined ? {} : { minReadySeconds }),
      selector: { ...selector, matchLabels: { ...selector?.matchLabels, [hashLabel]: hash } },
      template: { ...template, metadata: { ...template?.metadata, labels } },
    },
  }
}
