import type { Plugin } from '../framework/plugin.ts'
import { defaultPlugins, type PluginHandle, type WeighedPlugin } from '../plugins/index.ts'
import type { PluginPoint, PluginSet, Profile } from './configuration.ts'
import { ConfigurationError } from './reader.ts'

/** Extension points that a profile can take from a plug-in, and the plug-in's part in each. */
const parts: Partial<Record<PluginPoint, readonly (keyof Plugin)[]>> = {
  preEnqueue: ['preEnqueue'],
  preFilter: ['preFilter'],
  filter: ['filter'],
  postFilter: ['postFilter'],
  preScore: ['preScore'],
  score: ['score', 'normalize'],
  reserve: ['reserve', 'unreserve'],
  permit: ['permit'],
  preBind: ['preBind'],
}

/** Plug-ins of upstream's that are part of this scheduler itself: they can be named, and neither added nor left out. */
const builtIn = new Set(['PrioritySort', 'DefaultBinder'])

/**
 * The plug-ins of a profile: the default ones, in their order, changed as `plugins` says; what is enabled anew comes
 * last. Source: "Scheduler Configuration", "Scheduling plugins" and "Plugins that apply to multiple extension points".
 * @throws ConfigurationError for names that are not known.
 */
export function profilePlugins({ plugins, args }: Profile, handle: PluginHandle): WeighedPlugin[] {
  const all = defaultPlugins(handle, args)
  checkNames(plugins, new Set(all.map(({ plugin }) => plugin.name)))
  let chosen = applied(plugins.multiPoint, all, all)
  for (const [point, fields] of Object.entries(parts) as [PluginPoint, readonly (keyof Plugin)[]][]) {
    const set = plugins[point]
    if (set !== undefined) chosen = atPoint(point, fields, set, { chosen, all })
  }
  return chosen
}

function checkNames(plugins: Profile['plugins'], known: ReadonlySet<string>): void {
  for (const [point, { enabled, disabled }] of Object.entries(plugins))
    for (const name of [...enabled.map((one) => one.name), ...disabled.filter((one) => one !== '*')])
      if (!known.has(name) && !builtIn.has(name))
        throw new ConfigurationError(`plugins.${point}: there is no plug-in "${name}"`)
}

/** `multiPoint`: whole plug-ins. */
function applied(
  set: PluginSet | undefined,
  from: readonly WeighedPlugin[],
  all: readonly WeighedPlugin[],
): WeighedPlugin[] {
  if (set === undefined) return [...from]
  const kept = from.filter(({ plugin }) => !isDisabled(set, plugin.name))
  for (const { name, weight } of set.enabled) {
    const known = all.find(({ plugin }) => plugin.name === name)
    if (known === undefined) continue
    const at = kept.findIndex(({ plugin }) => plugin.name === name)
    const entry = { plugin: known.plugin, weight: weight ?? known.weight }
    if (at >= 0) kept[at] = entry
    else kept.push(entry)
  }
  return kept
}

/** One extension point: plug-ins lose or get their part in it, and scores their weight. */
function atPoint(
  point: PluginPoint,
  fields: readonly (keyof Plugin)[],
  set: PluginSet,
  from: { chosen: readonly WeighedPlugin[]; all: readonly WeighedPlugin[] },
): WeighedPlugin[] {
  const without = (plugin: Plugin): Plugin =>
    Object.fromEntries(
      Object.entries(plugin).filter(([key]) => !fields.includes(key as keyof Plugin)),
    ) as unknown as Plugin
  const changed = from.chosen.map(({ plugin, weight }) => ({
    plugin: isDisabled(set, plugin.name) ? without(plugin) : plugin,
    weight,
  }))
  for (const { name, weight } of set.enabled) {
    const whole = from.all.find(({ plugin }) => plugin.name === name)
    if (whole === undefined) continue
    const part = Object.fromEntries(fields.map((field) => [field, whole.plugin[field]]))
    const at = changed.findIndex(({ plugin }) => plugin.name === name)
    const before = changed[at] ?? {
      plugin: { name, ...(whole.plugin.local === true ? { local: true } : {}) },
      weight: 0,
    }
    const entry = {
      plugin: { ...before.plugin, ...part },
      weight: point === 'score' ? (weight ?? whole.weight) : before.weight,
    }
    if (at >= 0) changed[at] = entry
    else changed.push(entry)
  }
  return changed
}

function isDisabled({ disabled }: PluginSet, name: string): boolean {
  return disabled.includes(name) || disabled.includes('*')
}
