import type { V1PodTemplate } from '@kapell/openapi/types'
import { dropDisabledOfTemplate } from './pods/prepare.ts'
import { column, defineResource } from '../../registry/definition.ts'
import { containersOf, formatLabels, nameColumn } from '../common/columns.ts'
import { validatePodTemplate } from '../common/pod-template.ts'
import { isAnotherGeneration, templateWarnings } from '../common/template-warnings.ts'
import { defaultPodTemplate } from './pods/defaults.ts'

export const podTemplates = defineResource<V1PodTemplate>({
  group: '',
  version: 'v1',
  kind: 'PodTemplate',
  plural: 'podtemplates',
  namespaced: true,
  storagePrefix: 'podtemplates',
  hasGeneration: true,
  default: (o) => defaultPodTemplate(o.template),
  prepareForCreate: (o) => dropDisabledOfTemplate(o.template),
  prepareForUpdate: (next) => dropDisabledOfTemplate(next.template),
  warnings: (o, previous) => (isAnotherGeneration(o, previous) ? templateWarnings(o.template, 'template') : []),
  validate: (o, at) => validatePodTemplate(o.template, at.child('template')),
  columns: [
    nameColumn,
    column('Containers', 'string', (o) => containersOf(o.template?.spec).names),
    column('Images', 'string', (o) => containersOf(o.template?.spec).images),
    column('Pod Labels', 'string', (o) => formatLabels(o.template?.metadata?.labels)),
  ],
})
