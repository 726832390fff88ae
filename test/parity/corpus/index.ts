import type { ParityCases } from '../case.ts'
import { badInput } from './bad-input.ts'
import { everyKind } from './every-kind.ts'
import { patches } from './patches.ts'
import { policies } from './policies.ts'
import { reads } from './reads.ts'
import { workloads } from './workloads.ts'

/** The questions, by the file that their answers are recorded in. */
export const corpora: Record<string, ParityCases> = {
  'bad-input': badInput,
  'every-kind': everyKind,
  patches,
  policies,
  reads,
  workloads,
}
