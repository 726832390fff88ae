import { selectorFromSet } from '@kapell/openapi/meta/labels'
import { replicationControllers } from '@kapell/openapi/meta/refs'
import { nothing } from '@kapell/openapi/meta/labels'
import { replicaController } from '../shared/replica-controller.ts'

/** Keeps as many pods running as a ReplicationController wants. Source: concepts page "ReplicationController". */
export const replicationController = replicaController({
  name: 'replication-controller',
  queue: 'replicationmanager',
  component: 'replication-controller',
  ref: replicationControllers,
  selectorOf: (owner) =>
    Object.keys(owner.spec?.selector ?? {}).length === 0 ? nothing : selectorFromSet(owner.spec?.selector),
  countTerminating: false,
})
