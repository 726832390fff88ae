import { defaultCrd, prepareCrdForCreate } from './strategy.ts'
import type { Crd } from './types.ts'
import { validateCrd, validateCrdCreate, validateCrdStatus, validateCrdUpdate } from './validation.ts'

interface Loose {
  [name: string]: unknown
}

const base = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'gizmos.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'gizmos', kind: 'Gizmo' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: { spec: { type: 'object', properties: { a: { type: 'string' } } } },
          },
        },
      },
    ],
  },
}

type Change = (spec: Crd['spec'], version: Crd['spec']['versions'][number], crd: Crd) => void

function made(change: Change): Crd {
  const crd = structuredClone(base) as unknown as Crd
  change(crd.spec, crd.spec.versions[0]!, crd)
  defaultCrd(crd)
  prepareCrdForCreate(crd)
  return crd
}

const told = (change: Change): string[] =>
  [...validateCrdCreate(made(change)), ...validateCrd(made(change))].map(
    ({ type, field, detail }) => `${field} ${type.replace('FieldValue', '')}: ${detail}`,
  )

const label =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"
const rule =
  (text: Loose): Change =>
  (_, version) => {
    const schema = version.schema?.openAPIV3Schema?.properties?.['spec']?.properties?.['a']
    if (schema !== undefined) schema['x-kubernetes-validations'] = [text]
  }
const rulesAt = 'spec.validation.openAPIV3Schema.properties[spec].properties[a].x-kubernetes-validations[0]'
const webhook =
  (more: Loose): Change =>
  (spec) => {
    spec.conversion = { strategy: 'Webhook', webhook: { conversionReviewVersions: ['v1'], ...more } }
  }

it('accepts a plain definition, with its defaults', () => {
  const crd = made(() => {})
  expect(validateCrd(crd)).toEqual([])
  expect(crd.spec.names).toMatchObject({ singular: 'gizmo', listKind: 'GizmoList' })
  expect(crd.spec.conversion).toEqual({ strategy: 'None' })
  expect(crd.status).toEqual({
    conditions: null,
    acceptedNames: { kind: '', plural: '' },
    storedVersions: ['v1'],
  })
})

it.each<[rule: string, change: Change, errors: string[]]>([
  [
    'a name that does not fit',
    (_spec, _version, crd) => void ((crd.metadata ??= {}).name = 'foo'),
    ['metadata.name Invalid: must be spec.names.plural+"."+spec.group'],
  ],
  [
    'an odd scope',
    (spec) => void (spec.scope = 'x'),
    ['spec.scope NotSupported: supported values: "Cluster", "Namespaced"'],
  ],
  [
    'preserveUnknownFields',
    (spec) => void (spec.preserveUnknownFields = true),
    [
      'spec.preserveUnknownFields Invalid: cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead',
    ],
  ],
  [
    'no storage version',
    (_, version) => void (version.storage = false),
    [
      'spec.versions Invalid: must have exactly one version marked as storage version',
      'status.storedVersions Invalid: must have at least one stored version',
    ],
  ],
  [
    'the name of the only version, twice',
    (_, version) => void (version.name = 'V_1'),
    [`spec.versions[0].name Invalid: ${label}`, `spec.version Invalid: ${label}`],
  ],
  ['no schema', (_, version) => void (version.schema = {}), ['spec.versions[0].schema.openAPIV3Schema Required: ']],
  [
    'parts that versions share once, beside them',
    (spec, version) => {
      version.schema!.openAPIV3Schema!.type = 'string'
      version.subresources = { scale: {} as { specReplicasPath: string; statusReplicasPath: string } }
      spec.versions.push({ ...structuredClone(version), name: 'v2', storage: false })
    },
    [
      'spec.validation.openAPIV3Schema.type Invalid: must be object at the root',
      'spec.subresources.scale.specReplicasPath Required: ',
      'spec.subresources.scale.statusReplicasPath Required: ',
    ],
  ],
  [
    'parts of one version where it stands',
    (spec, version) => {
      const other = { ...structuredClone(version), name: 'v2', storage: false, selectableFields: [{ jsonPath: '' }] }
      other.schema!.openAPIV3Schema!.type = 'string'
      spec.versions.push(other)
    },
    [
      'spec.versions[1].schema.openAPIV3Schema.type Invalid: must be object at the root',
      'spec.versions[1].selectableFields[0].jsonPath Required: ',
    ],
  ],
  [
    'paths of scale',
    (_, version) => {
      const scale = { specReplicasPath: '.x.y', statusReplicasPath: 'spec.a', labelSelectorPath: '.spec[0]' }
      version.subresources = { scale }
    },
    [
      'spec.subresources.scale.specReplicasPath Invalid: should be a json path under .spec',
      'spec.subresources.scale.statusReplicasPath Invalid: must be a simple json path starting with .',
      'spec.subresources.scale.labelSelectorPath Invalid: should be a json path under either .spec or .status',
    ],
  ],
  [
    'columns',
    (_, version) => {
      version.additionalPrinterColumns = [
        { name: '', type: '', jsonPath: '' },
        { name: 'x', type: 'foo', format: 'foo', jsonPath: '{.a}' },
      ]
    },
    [
      'spec.additionalPrinterColumns[0].name Required: ',
      'spec.additionalPrinterColumns[0].type Required: must be one of boolean,date,integer,number,string',
      'spec.additionalPrinterColumns[0].JSONPath Required: ',
      'spec.additionalPrinterColumns[1].type Invalid: must be one of boolean,date,integer,number,string',
      'spec.additionalPrinterColumns[1].format Invalid: must be one of byte,date,date-time,double,float,int32,int64,password',
      'spec.additionalPrinterColumns[1].JSONPath Invalid: must be a simple json path starting with .',
    ],
  ],
  [
    'selectable fields',
    (_, version) => {
      const paths = ['.spec.a', '.spec.a', 'spec.a', '.metadata.name', '.spec.a[0]', '.spec', '.spec.z']
      version.selectableFields = paths.map((jsonPath) => ({ jsonPath }))
    },
    [
      'spec.selectableFields[1].jsonPath Duplicate: ',
      'spec.selectableFields[2].jsonPath Invalid: is an invalid path: expected [ or . but got: spec',
      'spec.selectableFields[3].jsonPath Invalid: is an invalid path: does not refer to a valid field',
      'spec.selectableFields[4].jsonPath Invalid: is an invalid path: array notation is not allowed',
      'spec.selectableFields[5].jsonPath Invalid: must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.',
      'spec.selectableFields[6].jsonPath Invalid: is an invalid path: does not refer to a valid field',
    ],
  ],
  [
    'a warning of what is not deprecated',
    (_, version) => void (version.deprecationWarning = 'x'),
    ['spec.versions[0].deprecationWarning Invalid: can only be set for deprecated versions'],
  ],
  [
    'a warning of several lines',
    (_, version) => void Object.assign(version, { deprecated: true, deprecationWarning: 'x\ny' }),
    [
      'spec.versions[0].deprecationWarning Invalid: must only contain printable UTF-8 characters; non-printable character found at index 1',
    ],
  ],
  [
    'names that are not there',
    (spec) => void (spec.names = { plural: 'gizmos' } as typeof spec.names),
    ['spec.names.singular Required: ', 'spec.names.kind Required: ', 'spec.names.listKind Required: '],
  ],
  ['a rule that says nothing', rule({ rule: '' }), [`${rulesAt}.rule Required: rule is not specified`]],
  [
    "a rule's message of two lines",
    rule({ rule: 'true', message: 'a\nb' }),
    [`${rulesAt}.message Invalid: must not contain line breaks`],
  ],
  [
    'a rule of two lines without a message',
    rule({ rule: 'true\n&& true' }),
    [`${rulesAt}.message Required: message must be specified if rule contains line breaks`],
  ],
  [
    "a rule's reason",
    rule({ rule: 'true', reason: 'Nope' }),
    [
      `${rulesAt}.reason NotSupported: supported values: "FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"`,
    ],
  ],
  ["a rule's path", rule({ rule: 'true', fieldPath: 'x' }), [`${rulesAt}.fieldPath Invalid: must be a valid path`]],
  [
    'a webhook that is not told',
    (spec) => void (spec.conversion = { strategy: 'Webhook' }),
    [
      'spec.conversion.webhookClientConfig Required: required when strategy is set to Webhook',
      'spec.conversion.conversionReviewVersions Required: ',
    ],
  ],
  [
    'a webhook at two places',
    webhook({ clientConfig: { url: 'https://x', service: { namespace: 'a', name: 'b' } } }),
    ['spec.conversion.webhookClientConfig Required: exactly one of url or service is required'],
  ],
  [
    'an unsafe URL',
    webhook({ clientConfig: { url: 'http://x' } }),
    [
      "spec.conversion.webhookClientConfig.url Invalid: 'https' is the only allowed URL scheme; desired format: https://host[/path]",
    ],
  ],
  [
    'what a URL may not have',
    webhook({ clientConfig: { url: 'https://u:p@x/?a=b#c' } }),
    [
      'spec.conversion.webhookClientConfig.url Invalid: user information is not permitted in the URL',
      'spec.conversion.webhookClientConfig.url Invalid: fragments are not permitted in the URL',
      'spec.conversion.webhookClientConfig.url Invalid: query parameters are not permitted in the URL',
    ],
  ],
  [
    'a Service that is not told',
    webhook({ clientConfig: { service: { namespace: '', name: '', path: '/x//y', port: 70_000 } } }),
    [
      'spec.conversion.webhookClientConfig.service.name Required: ',
      'spec.conversion.webhookClientConfig.service.namespace Required: ',
      'spec.conversion.webhookClientConfig.service.port Invalid: port is not valid: must be between 1 and 65535, inclusive',
      'spec.conversion.webhookClientConfig.service.path Invalid: segment[1] may not be empty',
    ],
  ],
  [
    'versions of reviews that nobody speaks',
    webhook({ clientConfig: { url: 'https://x' }, conversionReviewVersions: ['v2', 'v2'] }),
    [
      'spec.conversion.conversionReviewVersions[1] Invalid: duplicate version',
      'spec.conversion.conversionReviewVersions Invalid: must include at least one of v1, v1beta1',
    ],
  ],
  [
    'a protected group without approval',
    (spec, _, crd) => {
      spec.group = 'example.k8s.io'
      ;(crd.metadata ??= {}).name = 'gizmos.example.k8s.io'
    },
    [
      'metadata.annotations[api-approved.kubernetes.io] Required: protected groups must have approval annotation "api-approved.kubernetes.io", see https://github.com/kubernetes/enhancements/pull/1111',
    ],
  ],
])('tells of %s', (_, change, errors) => {
  expect(told(change)).toEqual(errors)
})

it('survives a definition without a spec', () => {
  const crd = { metadata: { name: 'a' } } as unknown as Crd
  defaultCrd(crd)
  crd.spec ??= {} as Crd['spec']
  prepareCrdForCreate(crd)
  expect(validateCrd(crd).map((error) => error.field)).toContain('spec.group')
})

it('keeps what an established definition is called', () => {
  const previous = made(() => {})
  previous.status = { ...previous.status, conditions: [{ type: 'Established', status: 'True' }] }
  const next = structuredClone(previous)
  Object.assign(next.spec, { scope: 'Cluster', group: 'other.com', names: { ...next.spec.names, kind: 'Other' } })
  expect(validateCrdUpdate(next, previous).map((error) => error.field)).toEqual([
    'spec.group',
    'spec.scope',
    'spec.names.kind',
  ])
})

it('checks the names of a status', () => {
  const crd = made(() => {})
  crd.status = { acceptedNames: { plural: 'Q_', kind: 'Gizmo' } }
  expect(validateCrdStatus(crd).map((error) => error.field)).toEqual(['status.acceptedNames.plural'])
})
