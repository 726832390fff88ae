import type { SchedulerConfiguration } from './config/configuration.ts'
import { profilePlugins } from './config/profile.ts'
import type { Measure } from './framework/measure.ts'
import type { PodInfo } from './framework/pod-info.ts'
import { Framework } from './framework/runtime.ts'
import type { QueueingHint } from './framework/plugin.ts'
import type { PluginHandle } from './plugins/index.ts'

/** One framework a profile. */
export interface Profiles {
  readonly names: readonly string[]
  of: (pod: PodInfo) => Framework
  /** What local plug-ins answered may not hold any more. */
  forgetAnswers: () => void
  hintsOf: (pod: PodInfo) => ReadonlyMap<string, readonly QueueingHint[]>
}

/** So few nodes are always looked at. */
const minNodesToFind = 100

/** @throws ConfigurationError when a profile names what is not there. */
export function createProfiles(
  config: SchedulerConfiguration,
  handleFor: (framework: () => Framework) => PluginHandle,
  measureOf?: (schedulerName: string) => Measure,
): Profiles {
  const made = config.profiles.map((profile) => {
    const percentage = profile.percentageOfNodesToScore ?? config.percentageOfNodesToScore
    const handle = handleFor(() => framework)
    const nodesToFind = (count: number): number => Math.max(minNodesToFind, Math.floor((count * percentage) / 100))
    const framework: Framework = new Framework(profilePlugins(profile, handle), {
      ...(percentage > 0 && percentage < 100 ? { nodesToFind } : {}),
      ...(measureOf === undefined ? {} : { measure: measureOf(profile.schedulerName) }),
    })
    const hints = new Map(framework.plugins.map(({ plugin }) => [plugin.name, plugin.queueingHints ?? []]))
    return { name: profile.schedulerName, framework, hints }
  })
  const find = ({ pod }: PodInfo) => {
    const found = made.find(({ name }) => name === (pod.spec?.schedulerName ?? 'default-scheduler')) ?? made[0]
    if (found === undefined) throw new Error('a scheduler without profiles')
    return found
  }
  return {
    names: made.map(({ name }) => name),
    of: (pod) => find(pod).framework,
    forgetAnswers: () => made.forEach(({ framework }) => framework.forgetAnswers()),
    hintsOf: (pod) => find(pod).hints,
  }
}
