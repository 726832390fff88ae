import type { V1beta1LeaseCandidate } from '@kapell/openapi/types'
import { invalid, required, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { qualifiedName } from '@kapell/openapi/meta/names'
import { column, defineResource } from '../../registry/definition.ts'
import { ageColumn, nameColumn } from '../common/columns.ts'
import { compareSemver, isSemver } from '../common/semver.ts'
import { nameErrors, unchanged, unsupported } from '../common/validation.ts'

const oldestVersion = 'OldestEmulationVersion'
const noVersion = 'must be a valid semantic version'

/** Source: "Coordinated Leader Election", and LeaseCandidate coordination. */
function validateCandidate({ spec }: V1beta1LeaseCandidate, root: FieldPath): FieldError[] {
  const at = root.child('spec')
  const { leaseName = '', binaryVersion = '', emulationVersion = '', strategy = '' } = spec ?? {}
  const errors: FieldError[] = []
  if (leaseName === '') errors.push(required(at.child('leaseName')))
  if (emulationVersion !== '' && !isSemver(emulationVersion))
    errors.push(invalid(at.child('emulationVersion'), emulationVersion, noVersion))
  if (binaryVersion === '') errors.push(required(at.child('binaryVersion')))
  else if (!isSemver(binaryVersion)) errors.push(invalid(at.child('binaryVersion'), binaryVersion, noVersion))
  const areVersions = isSemver(binaryVersion) && isSemver(emulationVersion)
  if (areVersions && compareSemver(binaryVersion, emulationVersion) < 0)
    errors.push(
      invalid(at.child('binaryVersion'), binaryVersion, 'must be greater than or equal to `emulationVersion`'),
    )
  if (strategy === oldestVersion && !isSemver(emulationVersion))
    errors.push(required(at.child('emulationVersion'), `must be specified when \`strategy\` is '${oldestVersion}'`))
  return [...errors, ...validateStrategy(strategy, at.child('strategy'))]
}

/** One that everybody knows, or one of somebody's own, with their domain before it. */
function validateStrategy(strategy: string, at: FieldPath): FieldError[] {
  if (strategy === '') return [required(at)]
  const here = at.child('strategy')
  if (!strategy.includes('/')) return strategy === oldestVersion ? [] : [unsupported(here, strategy, [oldestVersion])]
  return nameErrors(here, strategy, qualifiedName)
}

export const leaseCandidates = defineResource<V1beta1LeaseCandidate>({
  group: 'coordination.k8s.io',
  version: 'v1beta1',
  kind: 'LeaseCandidate',
  plural: 'leasecandidates',
  namespaced: true,
  storagePrefix: 'leasecandidates',
  hasGeneration: false,
  allowCreateOnUpdate: true,
  allowUnconditionalUpdate: false,
  deprecationWarning: 'v1.36+, unavailable in v1.39+',
  validate: validateCandidate,
  validateUpdate: (next, previous, at) =>
    unchanged(at.child('spec', 'leaseName'), next.spec?.leaseName ?? '', previous.spec?.leaseName ?? ''),
  columns: [
    nameColumn,
    column('LeaseName', 'string', (o) => o.spec?.leaseName ?? ''),
    column('BinaryVersion', 'string', (o) => o.spec?.binaryVersion ?? ''),
    column('EmulationVersion', 'string', (o) => o.spec?.emulationVersion ?? ''),
    ageColumn,
  ],
})
