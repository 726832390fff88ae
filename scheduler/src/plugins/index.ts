import type { Plugin } from '../framework/plugin.ts'
import { balancedAllocation } from './balanced-allocation.ts'
import { nodeAffinity } from './node-affinity.ts'
import { nodeName } from './node-name.ts'
import { nodePorts } from './node-ports.ts'
import { nodeResourcesFit } from './node-resources-fit.ts'
import { nodeUnschedulable } from './node-unschedulable.ts'
import { schedulingGates } from './scheduling-gates.ts'
import { taintToleration } from './taint-toleration.ts'

/** The default profile: plug-ins in the order they run, with the weight of their score. */
export const defaultPlugins: readonly { plugin: Plugin; weight: number }[] = [
  { plugin: schedulingGates, weight: 0 },
  { plugin: nodeUnschedulable, weight: 0 },
  { plugin: nodeName, weight: 0 },
  { plugin: taintToleration, weight: 3 },
  { plugin: nodeAffinity, weight: 2 },
  { plugin: nodePorts, weight: 0 },
  { plugin: nodeResourcesFit, weight: 1 },
  { plugin: balancedAllocation, weight: 1 },
]
