import type { V1NodeAffinity } from '@kapell/openapi/types'
import type { PluginArgs } from '../plugins/index.ts'
import type { DefaultConstraint } from '../plugins/pod-topology-spread/constraints.ts'
import { cpuAndMemory, type ScoringStrategy, type WeighedResource } from '../plugins/resource-scoring.ts'
import { ConfigurationError, type Fields } from './reader.ts'

const meta = ['apiVersion', 'kind']

/** `pluginConfig` of a profile, by plug-in: how each `args` is read. */
const readers: { [K in keyof PluginArgs]-?: (args: Fields) => NonNullable<PluginArgs[K]> } = {
  NodeAffinity: (args) => {
    const added = args.only(...meta, 'addedAffinity').raw('addedAffinity')
    return added === undefined ? {} : { added: added as V1NodeAffinity }
  },
  NodeResourcesFit: (args) => {
    args.only(...meta, 'ignoredResources', 'ignoredResourceGroups', 'scoringStrategy')
    const strategy = args.object('scoringStrategy')
    return {
      ignoredResources: args.texts('ignoredResources'),
      ignoredResourceGroups: args.texts('ignoredResourceGroups'),
      ...(strategy === undefined ? {} : { scoringStrategy: scoringStrategy(strategy) }),
    }
  },
  NodeResourcesBalancedAllocation: (args) => ({ resources: resources(args.only(...meta, 'resources')) }),
  InterPodAffinity: (args) => {
    args.only(...meta, 'hardPodAffinityWeight', 'ignorePreferredTermsOfExistingPods')
    return {
      hardPodAffinityWeight: args.integer('hardPodAffinityWeight', { least: 0, most: 100 }) ?? 1,
      ignorePreferredTermsOfExistingPods: args.flag('ignorePreferredTermsOfExistingPods') ?? false,
    }
  },
  PodTopologySpread: (args) => {
    args.only(...meta, 'defaultConstraints', 'defaultingType')
    const type = args.choice('defaultingType', ['System', 'List']) ?? 'System'
    const stated = args.list('defaultConstraints').map(defaultConstraint)
    if (type === 'System' && stated.length > 0)
      throw new ConfigurationError(`${args.path('defaultConstraints')} needs defaultingType: List`)
    return type === 'System' ? {} : { defaultConstraints: stated }
  },
}

/** Plug-ins of upstream's whose arguments change nothing here: they tune what this scheduler does another way. */
const accepted = ['DefaultPreemption', 'VolumeBinding', 'DynamicResources', 'NodeVolumeLimits']

/** @throws ConfigurationError */
export function pluginArgs(config: readonly Fields[]): PluginArgs {
  const all: PluginArgs = {}
  for (const one of config) {
    const name = one.only('name', 'args').text('name') ?? ''
    if (accepted.includes(name)) continue
    if (!isKnown(name)) throw new ConfigurationError(`${one.path('name')}: "${name}" takes no arguments`)
    const args = one.object('args')
    if (args !== undefined) Object.assign(all, { [name]: readers[name](args) })
  }
  return all
}

function isKnown(name: string): name is keyof PluginArgs {
  return Object.hasOwn(readers, name)
}

function scoringStrategy(fields: Fields): ScoringStrategy {
  fields.only('type', 'resources', 'requestedToCapacityRatio')
  const types = ['LeastAllocated', 'MostAllocated', 'RequestedToCapacityRatio'] as const
  const type = fields.choice('type', types) ?? 'LeastAllocated'
  if (type !== 'RequestedToCapacityRatio') return { type, resources: resources(fields) }
  const shape = (fields.object('requestedToCapacityRatio')?.only('shape').list('shape') ?? []).map((point) => ({
    utilization: point.integer('utilization', { least: 0, most: 100 }) ?? 0,
    score: point.integer('score', { least: 0, most: 10 }) ?? 0,
  }))
  if (shape.length === 0)
    throw new ConfigurationError(`${fields.path('requestedToCapacityRatio.shape')} needs at least one point`)
  if (shape.some(({ utilization }, i) => i > 0 && utilization <= (shape[i - 1]?.utilization ?? 0)))
    throw new ConfigurationError(`${fields.path('requestedToCapacityRatio.shape')}: utilization must rise`)
  return { type, resources: resources(fields), shape }
}

function resources(fields: Fields): readonly WeighedResource[] {
  const stated = fields.list('resources').map((one) => ({
    name: one.only('name', 'weight').text('name') ?? '',
    weight: one.integer('weight', { least: 1, most: 100 }) ?? 1,
  }))
  return stated.length === 0 ? cpuAndMemory : stated
}

function defaultConstraint(fields: Fields): DefaultConstraint {
  fields.only('maxSkew', 'topologyKey', 'whenUnsatisfiable')
  const topologyKey = fields.text('topologyKey') ?? ''
  if (topologyKey === '') throw new ConfigurationError(`${fields.path('topologyKey')} can not be empty`)
  return {
    topologyKey,
    maxSkew: fields.integer('maxSkew', { least: 1, most: 2 ** 31 - 1 }) ?? 1,
    whenUnsatisfiable: fields.choice('whenUnsatisfiable', ['DoNotSchedule', 'ScheduleAnyway']) ?? 'DoNotSchedule',
  }
}
