import type { Services } from '../../registry/services.ts'
import { deepEqual } from '../../registry/deep-equal.ts'
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts'
import { callHook, createMatcher, isNobodys, prepareCall, settleFailure, type Matched } from './dispatch.ts'
import { hookIndexes } from './hooks.ts'
import { applyWebhookPatch, readPatchText } from './patch.ts'
import { refusalOf } from './review.ts'

const indexOf = hookIndexes('mutatingwebhookconfigurations')

/** Asks one webhook and takes over what it changes; tells whether anything is different now. */
async function ask(matched: Matched, attributes: AdmissionAttributes, services: Services): Promise<boolean> {
  const { name } = matched.hook.webhook
  const seen = await prepareCall(matched, { attributes, services })
  if (seen === undefined) return false
  const verdict = await callHook(matched, { attributes, seen, services, mutating: true })
  if (!verdict.allowed) throw refusalOf(name, verdict.result)
  if (verdict.patch === undefined) return false
  const patch = readPatchText(name, verdict.patch)
  if (patch.length === 0 || seen.object === undefined) return false
  const before = structuredClone(attributes.object)
  await seen.takeBack(applyWebhookPatch(seen.object, patch))
  return !deepEqual(before, attributes.object)
}

/**
 * Asks the mutating webhooks one after the other, each seeing what those before it changed. What a later one changes
 * lets earlier ones look again, once, where their reinvocationPolicy is IfNeeded. Source: "Reinvocation policy".
 */
export const mutatingWebhooks: AdmissionPlugin = {
  name: 'MutatingAdmissionWebhook',
  handles: () => true,
  admit: (attributes, services) => {
    const { hooks } = indexOf(services)
    if (isNobodys(hooks, attributes)) return undefined
    const reinvocation = attributes.reinvocation?.part('webhooks')
    const { second = false } = attributes.reinvocation ?? {}
    const all = async (): Promise<void> => {
      const matches = createMatcher(attributes, services)
      reinvocation?.begin(attributes.object)
      try {
        for (const hook of hooks) {
          const matched = await matches(hook)
          if (matched === undefined) continue
          if (second && reinvocation?.wants(hook.id) !== true) continue
          let changed = false
          try {
            changed = await ask(matched, attributes, services)
          } catch (error) {
            settleFailure(error, hook, attributes)
          }
          if (changed) reinvocation?.objectChanged()
          const mayAgain = hook.webhook.reinvocationPolicy === 'IfNeeded'
          if (mayAgain && !second) reinvocation?.invoked(hook.id)
        }
      } finally {
        reinvocation?.end(attributes.object)
      }
    }
    return all()
  },
}
