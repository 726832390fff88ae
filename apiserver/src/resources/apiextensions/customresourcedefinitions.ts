import { column, defineResource } from '../../registry/definition.ts'
import { crdDeletion, crdWarnings, defaultCrd, prepareCrdForCreate, prepareCrdForUpdate } from '../../crd/strategy.ts'
import type { Crd } from '../../crd/types.ts'
import { validateCrd, validateCrdCreate, validateCrdStatus, validateCrdUpdate } from '../../crd/validation.ts'
import { statusView } from '../common/status.ts'
import { nameColumn } from '../common/columns.ts'

export const customResourceDefinitions = defineResource<Crd>({
  group: 'apiextensions.k8s.io',
  version: 'v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  shortNames: ['crd', 'crds'],
  categories: ['api-extensions'],
  namespaced: false,
  storagePrefix: 'apiextensions.k8s.io/customresourcedefinitions',
  hashedVersion: 'v1beta1',
  hasGeneration: true,
  allowUnconditionalUpdate: false,
  columns: [nameColumn, column('Created At', 'date', (o) => o.metadata?.creationTimestamp ?? '')],
  default: defaultCrd,
  prepareForCreate: prepareCrdForCreate,
  prepareForUpdate: prepareCrdForUpdate,
  deletion: crdDeletion,
  validate: validateCrd,
  validateCreate: validateCrdCreate,
  validateUpdate: validateCrdUpdate,
  warnings: crdWarnings,
  subresources: { status: statusView<Crd>({ validate: validateCrdStatus }) },
})
