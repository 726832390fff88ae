import { selectorFromLabelSelector } from '@kapell/openapi/meta/labels'
import { replicaSets } from '@kapell/openapi/meta/refs'
import { replicaController } from '../shared/replica-controller.ts'

/** Keeps as many pods of a template running as a ReplicaSet wants. Source: concepts page "ReplicaSet". */
export const replicaSetController = replicaController({
  name: 'replicaset-controller',
  queue: 'replicaset',
  component: 'replicaset-controller',
  ref: replicaSets,
  selectorOf: (replicaSet) => selectorFromLabelSelector(replicaSet.spec?.selector),
  countTerminating: true,
})
