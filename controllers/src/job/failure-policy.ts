import type { V1Job, V1Pod } from '@kapell/openapi/types'

export type FailureAction = 'FailJob' | 'FailIndex' | 'Ignore' | 'Count'

export interface FailureMatch {
  action: FailureAction
  /** One of the policy's rules said so. */
  ruled: boolean
  /** Told when it fails the Job. */
  message: string
}

/** What the Job's policy says of a failed pod; the first rule that fits decides. Source: "Jobs", "Pod failure policy". */
export function matchFailurePolicy(job: V1Job, pod: V1Pod): FailureMatch {
  const where = `${pod.metadata?.namespace}/${pod.metadata?.name}`
  for (const [i, rule] of (job.spec?.podFailurePolicy?.rules ?? []).entries()) {
    const action = rule.action as FailureAction
    if (rule.onExitCodes !== undefined) {
      const { containerName, operator, values } = rule.onExitCodes
      const hit = endedContainers(pod).find(
        ({ name, exitCode }) =>
          exitCode !== 0 &&
          (containerName === undefined || containerName === name) &&
          values.includes(exitCode) === (operator === 'In'),
      )
      if (hit !== undefined)
        return {
          action,
          ruled: true,
          message: `Container ${hit.name} for pod ${where} failed with exit code ${hit.exitCode} matching ${action} rule at index ${i}`,
        }
    }
    for (const pattern of rule.onPodConditions ?? []) {
      const hit = pod.status?.conditions?.find(
        ({ type, status }) => type === pattern.type && status === (pattern.status ?? 'True'),
      )
      if (hit !== undefined)
        return {
          action,
          ruled: true,
          message: `Pod ${where} has condition ${hit.type} matching ${action} rule at index ${i}`,
        }
    }
  }
  return { action: 'Count', ruled: false, message: '' }
}

function endedContainers(pod: V1Pod): { name: string; exitCode: number }[] {
  const all = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])]
  return all.flatMap(({ name, state }) =>
    state?.terminated === undefined ? [] : [{ name, exitCode: state.terminated.exitCode }],
  )
}
