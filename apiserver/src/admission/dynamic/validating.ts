import type { AdmissionPlugin } from '../admission.ts'
import { callHook, createMatcher, isNobodys, prepareCall, settleFailure, type Matched } from './dispatch.ts'
import { hookIndexes } from './hooks.ts'
import { refusalOf } from './review.ts'

const indexOf = hookIndexes('validatingwebhookconfigurations')

/** Asks all validating webhooks that a request is for, side by side; the first in order that refuses is the answer. */
export const validatingWebhooks: AdmissionPlugin = {
  name: 'ValidatingAdmissionWebhook',
  handles: () => true,
  validate: (attributes, services) => {
    const { hooks } = indexOf(services)
    if (isNobodys(hooks, attributes)) return undefined
    const ask = async (matched: Matched): Promise<void> => {
      try {
        const seen = await prepareCall(matched, { attributes, services })
        if (seen === undefined) return
        const verdict = await callHook(matched, { attributes, seen, services, mutating: false })
        if (!verdict.allowed) throw refusalOf(matched.hook.webhook.name, verdict.result)
      } catch (error) {
        settleFailure(error, matched.hook, attributes)
      }
    }
    const all = async (): Promise<void> => {
      const matches = createMatcher(attributes, services)
      const relevant: Matched[] = []
      for (const hook of hooks) {
        const matched = await matches(hook)
        if (matched !== undefined) relevant.push(matched)
      }
      const outcomes = await Promise.allSettled(relevant.map(ask))
      for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
    }
    return all()
  },
}
