import type { AdmissionAttributes, AdmissionPlugin } from '../admission/admission.ts'
import { Reinvocation } from '../admission/reinvocation.ts'
import type { Services } from './services.ts'

/** Runs the plug-ins in order: all of the mutating phase, later all of the validating one. */
export interface AdmissionChain {
  mutate(attributes: AdmissionAttributes): Promise<void>
  validate(attributes: AdmissionAttributes): Promise<void>
  /** Undo what was charged, when the write then failed. */
  rollback(attributes: AdmissionAttributes): Promise<void>
}

export function createAdmissionChain(plugins: readonly AdmissionPlugin[], services: () => Services): AdmissionChain {
  const mutateOnce = async (attributes: AdmissionAttributes): Promise<void> => {
    for (const plugin of plugins) {
      if (plugin.admit === undefined || !plugin.handles(attributes)) continue
      const outcome = plugin.admit(attributes, services())
      if (outcome !== undefined) await outcome
    }
  }
  return {
    async mutate(attributes) {
      const reinvocation = new Reinvocation()
      attributes.reinvocation = reinvocation
      await mutateOnce(attributes)
      if (!reinvocation.wanted) return
      reinvocation.second = true
      await mutateOnce(attributes)
    },
    async validate(attributes) {
      for (const plugin of plugins) {
        if (plugin.validate === undefined || !plugin.handles(attributes)) continue
        const outcome = plugin.validate(attributes, services())
        if (outcome !== undefined) await outcome
      }
    },
    async rollback(attributes) {
      for (const plugin of [...plugins].reverse()) {
        if (plugin.rollback === undefined || !plugin.handles(attributes)) continue
        await plugin.rollback(attributes, services())
      }
    },
  }
}
