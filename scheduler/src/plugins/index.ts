import type { V1NodeAffinity } from '@kapell/openapi/types'
import type { Devices } from '../framework/devices.ts'
import type { Handle } from '../framework/handle.ts'
import type { Plugin } from '../framework/plugin.ts'
import type { Storage } from '../framework/storage.ts'
import { balancedAllocation } from './balanced-allocation.ts'
import { dynamicResources, leavesToDevices } from './dynamic-resources/index.ts'
import { withoutDevices } from './dynamic-resources/without-devices.ts'
import { imageLocality } from './image-locality.ts'
import { interPodAffinity } from './inter-pod-affinity/index.ts'
import type { AffinityArgs } from './inter-pod-affinity/score.ts'
import { nodeAffinity } from './node-affinity.ts'
import { nodeDeclaredFeatures } from './node-declared-features.ts'
import { nodeName } from './node-name.ts'
import { nodePorts } from './node-ports.ts'
import { nodeResourcesFit, type FitArgs } from './node-resources-fit.ts'
import { nodeVolumeLimits } from './node-volume-limits.ts'
import { nodeUnschedulable } from './node-unschedulable.ts'
import type { SpreadArgs } from './pod-topology-spread/constraints.ts'
import { podTopologySpread } from './pod-topology-spread/index.ts'
import { defaultPreemption, type PreemptionHandle } from './preemption/index.ts'
import type { WeighedResource } from './resource-scoring.ts'
import { schedulingGates } from './scheduling-gates.ts'
import { taintToleration } from './taint-toleration.ts'
import { volumeBinding } from './volume-binding/index.ts'
import { volumeRestrictions } from './volume-restrictions.ts'
import { volumeZone } from './volume-zone.ts'

export interface WeighedPlugin {
  plugin: Plugin
  /** Of its score; 0 when it has none. */
  weight: number
}

/** What a profile may set, by plug-in. */
export interface PluginArgs {
  NodeAffinity?: { added?: V1NodeAffinity }
  NodeResourcesFit?: FitArgs
  PodTopologySpread?: SpreadArgs
  InterPodAffinity?: AffinityArgs
  NodeResourcesBalancedAllocation?: { resources?: readonly WeighedResource[] }
}

export type PluginHandle = Handle & PreemptionHandle & { storage?: Storage; devices?: Devices }

/**
 * The default profile: plug-ins in the order they run, with the weight of their score. Without `storage` nobody looks
 * at volumes, without `devices` nobody at claims of devices.
 */
export function defaultPlugins(handle: PluginHandle, args: PluginArgs = {}): WeighedPlugin[] {
  const { storage, devices } = handle
  const forVolumes =
    storage === undefined
      ? []
      : [volumeRestrictions(storage), nodeVolumeLimits(storage), volumeBinding(storage), volumeZone(storage)]
  return [
    { plugin: schedulingGates, weight: 0 },
    { plugin: nodeUnschedulable, weight: 0 },
    { plugin: nodeName, weight: 0 },
    { plugin: taintToleration, weight: 3 },
    { plugin: nodeAffinity(args.NodeAffinity), weight: 2 },
    { plugin: nodePorts, weight: 0 },
    { plugin: nodeDeclaredFeatures, weight: 0 },
    { plugin: nodeResourcesFit(args.NodeResourcesFit, leavesToDevices(devices)), weight: 1 },
    ...forVolumes.map((plugin) => ({ plugin, weight: 0 })),
    { plugin: podTopologySpread(handle, args.PodTopologySpread), weight: 2 },
    { plugin: interPodAffinity(handle, args.InterPodAffinity), weight: 2 },
    { plugin: devices === undefined ? withoutDevices : dynamicResources(devices), weight: 2 },
    { plugin: balancedAllocation(args.NodeResourcesBalancedAllocation), weight: 1 },
    { plugin: imageLocality, weight: 1 },
    { plugin: defaultPreemption(handle), weight: 0 },
  ]
}
