import type { V1APIService, V1APIServiceCondition } from '@kapell/openapi/types'
import { rfc3339 } from '@kapell/openapi/meta/time'
import { remoteUserHeaders } from '../authentication/remote-user.ts'
import type { Located } from './locate.ts'
import { authorityText, type RemoteClient } from './remote-client.ts'
import type { RemoteService } from './remote-service.ts'

export interface Verdict {
  status: 'True' | 'False'
  reason: string
  message: string
}

export const localVerdict: Verdict = {
  status: 'True',
  reason: 'Local',
  message: 'Local APIServices are always available',
}

/** The user that this server itself is, to the servers behind it. */
export const aggregatorUser = { username: 'system:kube-aggregator', groups: ['system:masters'] }

const discoveryTimeoutMs = 5000
/** One that is busy starting may refuse once and answer the next moment. */
const attempts = 5

/** Whether a remote server answers for its version: all of its endpoints' answers count, the first good one decides. */
export async function judge(remote: RemoteService, located: Located, client: RemoteClient): Promise<Verdict> {
  if (!('places' in located)) return { status: 'False', ...located }
  const path = `/apis/${remote.group}/${remote.version}`
  const ask = async (turn: number): Promise<void> => {
    const place = located.places[turn % located.places.length]
    if (place === undefined) throw new Error('nowhere to ask')
    const url = `https://${authorityText(place)}${path}`
    try {
      const { status } = await client.fetch(remote, place, {
        path,
        headers: remoteUserHeaders(aggregatorUser),
        timeoutMs: discoveryTimeoutMs,
      })
      if (status >= 200 && status < 300) return
      throw new Error(`bad status from ${url}: ${status}`)
    } catch (error) {
      throw new Error(`failing or missing response from ${url}: ${(error as Error).message}`, { cause: error })
    }
  }
  try {
    const count = Math.min(attempts, located.places.length)
    await Promise.any(Array.from({ length: count }, (_, turn) => ask(turn)))
    return { status: 'True', reason: 'Passed', message: 'all checks passed' }
  } catch (error) {
    const last = (error as AggregateError).errors.at(-1) as Error
    return { status: 'False', reason: 'FailedDiscoveryCheck', message: last.message }
  }
}

/** The conditions with this verdict among them; undefined when they say so already. */
export function withVerdict(object: V1APIService, verdict: Verdict, now: Date): V1APIServiceCondition[] | undefined {
  const conditions = object.status?.conditions ?? []
  const old = conditions.find(({ type }) => type === 'Available')
  if (old?.status === verdict.status && old.reason === verdict.reason && old.message === verdict.message) {
    return undefined
  }
  const condition = {
    type: 'Available',
    status: verdict.status,
    lastTransitionTime: old?.status === verdict.status ? old.lastTransitionTime : rfc3339(now),
    reason: verdict.reason,
    message: verdict.message,
  } as unknown as V1APIServiceCondition
  return old === undefined ? [...conditions, condition] : conditions.map((one) => (one === old ? condition : one))
}
