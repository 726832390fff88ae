import type { ParityCases } from '../case.ts'
import { badInput } from './bad-input.ts'
import { charts } from './charts.ts'
import { crds } from './crds.ts'
import { everyKind } from './every-kind.ts'
import { facts } from './facts.ts'
import { fields } from './fields.ts'
import * as core from './generated/core.ts'
import { devices } from './generated/devices.ts'
import { oddPods } from './generated/odd-pods.ts'
import { podDoors } from './generated/pod-doors.ts'
import * as pods from './generated/pods.ts'
import { doors } from './generated/doors.ts'
import { groups } from './generated/groups.ts'
import { mistakes } from './generated/mistakes.ts'
import { options } from './generated/options.ts'
import { scaled } from './generated/scales.ts'
import { subresources } from './generated/subresources.ts'
import { tables } from './generated/tables.ts'
import * as volumes from './generated/volumes.ts'
import * as made from './generated/workloads.ts'
import { manifests } from './manifests.ts'
import { negotiation } from './negotiation.ts'
import { optional } from './optional.ts'
import { patches } from './patches.ts'
import { policies } from './policies.ts'
import { reads } from './reads.ts'
import { sweeps } from './sweeps.ts'
import { workloads } from './workloads.ts'

/** The questions, by the file that their answers are recorded in. */
export const corpora: Record<string, ParityCases> = {
  'bad-input': badInput,
  charts,
  crds,
  'every-kind': everyKind,
  facts,
  fields,
  manifests,
  negotiation,
  optional,
  patches,
  policies,
  reads,
  sweeps,
  workloads,
  'made-pods-containers': pods.podsContainers,
  'made-pods-resources': pods.podsResources,
  'made-pods-security': pods.podsSecurity,
  'made-pods-scheduling': pods.podsScheduling,
  'made-pods-volumes': volumes.podsVolumes,
  'made-pods-odd': oddPods,
  'made-pods-doors': podDoors,
  'made-persistent-volumes': { ...volumes.persistentVolumes, ...core.volumesReplaced },
  'made-services': core.services,
  'made-claims': core.claims,
  'made-configuration': core.configuration,
  'made-quotas': core.quotas,
  'made-core': core.otherCore,
  'made-apps': { ...made.appsCreated, ...made.appsSubresources },
  'made-apps-replaced': made.appsReplaced,
  'made-batch': { ...made.batchCreated, ...made.batchReplaced },
  'made-autoscaling-policy': made.autoscalingAndPolicy,
  'made-tables': tables,
  ...groups,
  ...mistakes,
  'made-doors': doors,
  'made-scales': scaled,
  'made-subresources': subresources,
  'made-devices': devices,
  'made-options': options,
}
