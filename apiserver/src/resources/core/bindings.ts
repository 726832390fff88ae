import { bindPod } from './pods/binding.ts'
import { defineVirtual } from '../../registry/definition.ts'

/** POST /bindings: the old door of pods/binding; the pod's name is the binding's. */
export const bindings = defineVirtual({
  group: '',
  version: 'v1',
  kind: 'Binding',
  plural: 'bindings',
  namespaced: true,
  verbs: ['create'],
  create: (request) => bindPod({ ...request, name: request.body.metadata?.name ?? '' }),
})
