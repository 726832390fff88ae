import type { V1LimitRange } from '@kapell/openapi/types'
import { defineResource } from '../../registry/definition.ts'
import { defaultLimitRange, validateLimitRange } from './limitrange-rules.ts'

export const limitRanges = defineResource<V1LimitRange>({
  group: '',
  version: 'v1',
  kind: 'LimitRange',
  plural: 'limitranges',
  shortNames: ['limits'],
  namespaced: true,
  storagePrefix: 'limitranges',
  hasGeneration: false,
  allowCreateOnUpdate: true,
  default: defaultLimitRange,
  prepareForCreate: ({ metadata }) => {
    // Nameless ones are allowed here, as nowhere else.
    if (metadata !== undefined && (metadata.name ?? '') === '') metadata.name = crypto.randomUUID()
  },
  validate: validateLimitRange,
})
