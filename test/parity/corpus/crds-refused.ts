import type { ParityCases } from '../case.ts'
import { get, patch, put } from './build.ts'
import { crds, defined, definition, fieldOf, object, rulesOf, schemaOf, type Json } from './crd-build.ts'

/** Definitions of custom resources that are refused, and the like that are not. */

const version = (name: string, more: Json = {}): Json => ({
  name,
  served: true,
  storage: false,
  schema: { openAPIV3Schema: { type: 'object' } },
  ...more,
})
const column = (more: Json): Json => ({ name: 'A', type: 'string', jsonPath: '.spec.a', ...more })
const setup = { setup: true } as const
const string = { type: 'string' }
const list = (items: Json, more: Json = {}): Json => ({ type: 'array', items, ...more })
const keyed = (more: Json, items: Json = object({ name: string, n: { type: 'integer' } })): Json =>
  list(items, { 'x-kubernetes-list-type': 'map', ...more })

const names: ParityCases = {
  'name of another': defined({ top: { metadata: { name: 'others.{{id}}.example.com' } } }),
  'no group': defined({ spec: { group: '' } }),
  'bad group': defined({ spec: { group: 'A_b' } }),
  'group without a dot': defined({ spec: { group: 'nodots' } }),
  'no kind': defined({ names: { kind: '' } }),
  'bad kind': defined({ names: { kind: 'a b' } }),
  'bad plural': defined({ names: { plural: 'Things' } }),
  'bad short names': defined({ names: { shortNames: ['ok', 'Not Ok', 'ok'] } }),
  'bad categories': defined({ names: { categories: ['all', 'B_c'] } }),
  'bad singular and list kind': defined({ names: { singular: 'A B', listKind: 'x y' } }),
  'list kind of the kind': defined({ names: { listKind: 'Thing' } }),
  'no scope': defined({ spec: { scope: '' } }),
  'other scope': defined({ spec: { scope: 'Galaxy' } }),
  'protected group': defined({
    top: { metadata: { name: 'things.{{id}}.k8s.io' } },
    spec: { group: '{{id}}.k8s.io' },
  }),
  'protected group, badly approved': defined({
    top: { metadata: { name: 'things.{{id}}.k8s.io', annotations: { 'api-approved.kubernetes.io': 'by me' } } },
    spec: { group: '{{id}}.k8s.io' },
  }),
}

const versions: ParityCases = {
  'no versions': defined({ spec: { versions: [] } }),
  'bad version name': defined({ version: { name: 'V 1' } }),
  'no storage version': defined({ version: { storage: false } }),
  'two storage versions': defined({
    spec: { versions: [version('v1', { storage: true }), version('v2', { storage: true })] },
  }),
  'a version twice': defined({ spec: { versions: [version('v1', { storage: true }), version('v1')] } }),
  'nothing served': defined({ version: { served: false } }),
  'no schema': defined({ version: { schema: undefined } }),
  'empty schema': defined({ version: { schema: {} } }),
  'deprecation warning of what is not deprecated': defined({ version: { deprecationWarning: 'old' } }),
  'bad deprecation warnings': defined({ version: { deprecated: true, deprecationWarning: 'a\nb' } }),
  'empty deprecation warning': defined({ version: { deprecated: true, deprecationWarning: '' } }),
  'preserves unknown fields': defined({ spec: { preserveUnknownFields: true } }),
  'webhook conversion without a webhook': defined({ spec: { conversion: { strategy: 'Webhook' } } }),
  'other conversion': defined({ spec: { conversion: { strategy: 'Magic' } } }),
  'conversion webhooks': defined({
    spec: {
      conversion: {
        strategy: 'Webhook',
        webhook: { conversionReviewVersions: ['v9', 'v9'], clientConfig: { url: 'http://x/y?z#a' } },
      },
    },
  }),
  scale: defined({ version: { subresources: { scale: { specReplicasPath: 'a', statusReplicasPath: '.spec.b' } } } }),
  'scale, empty': defined({ version: { subresources: { scale: {} } } }),
  'scale, selector': defined({
    version: {
      subresources: {
        status: {},
        scale: { specReplicasPath: '.spec.n', statusReplicasPath: '.status.n', labelSelectorPath: '.x.y[0]' },
      },
    },
  }),
  columns: defined({
    version: {
      additionalPrinterColumns: [
        column({ name: '' }),
        column({ type: 'text' }),
        column({ format: 'strange' }),
        column({ jsonPath: '' }),
        column({ jsonPath: 'spec.a' }),
        column({ jsonPath: '.spec[' }),
        column({ priority: -1 }),
        column({}),
        column({}),
      ],
    },
  }),
  'selectable fields': defined({
    version: {
      selectableFields: [
        { jsonPath: '' },
        { jsonPath: 'spec.a' },
        { jsonPath: '.spec.nope' },
        { jsonPath: '.spec.list' },
        { jsonPath: '.spec.list[0]' },
        { jsonPath: '.spec.a' },
        { jsonPath: '.spec.a' },
        { jsonPath: '.metadata.name' },
        { jsonPath: '.spec.map.x' },
      ],
    },
    schema: object({
      spec: object({
        a: string,
        list: list(string),
        map: { type: 'object', additionalProperties: string },
      }),
    }),
  }),
  'too many selectable fields': defined({
    version: { selectableFields: Array.from({ length: 9 }, (_, i) => ({ jsonPath: `.spec.a${i}` })) },
    schema: object({ spec: object(Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`a${i}`, string]))) }),
  }),
}

const schemas: ParityCases = {
  'not an object': schemaOf({ type: 'string' }),
  'no type': schemaOf({ properties: { spec: string } }),
  'type of a field is missing': fieldOf({ description: 'x' }),
  'unknown type': fieldOf({ type: 'text' }),
  'items are missing': fieldOf({ type: 'array' }),
  'items of several schemas': fieldOf({ type: 'array', items: [string] }),
  'both kinds of properties': fieldOf({ type: 'object', properties: { a: string }, additionalProperties: string }),
  'additional properties: false': fieldOf({ type: 'object', additionalProperties: false }),
  references: fieldOf({ $ref: '#/x' }),
  'forbidden keywords': fieldOf(
    object(
      { a: string },
      {
        definitions: { a: string },
        dependencies: { a: ['b'] },
        patternProperties: { a: string },
        id: 'x',
        $schema: 'y',
      },
    ),
  ),
  'unique items': fieldOf(list(string, { uniqueItems: true })),
  'junctors with structure': fieldOf(
    object(
      { a: string },
      {
        allOf: [{ type: 'object' }],
        anyOf: [{ properties: { b: string } }],
        oneOf: [{ properties: { a: { default: 'x' } } }],
        not: { description: 'x', nullable: true },
      },
    ),
  ),
  'junctors without': fieldOf(object({ a: string, b: string }, { anyOf: [{ required: ['a'] }, { required: ['b'] }] })),
  'default of a wrong type': fieldOf({ type: 'integer', default: 'x' }),
  'default that is not valid': fieldOf({ type: 'string', enum: ['a'], default: 'b' }),
  'default with unknown fields': fieldOf(object({ a: string }, { default: { a: 'x', b: 'y' } })),
  'default of metadata': schemaOf(object({ metadata: object({ name: { type: 'string', default: 'x' } }) })),
  'metadata with rules': schemaOf(
    object({ metadata: object({ name: { type: 'string', pattern: 'a' }, labels: { type: 'object' } }) }),
  ),
  'null as a default': fieldOf({ type: 'string', default: null }),
  'null as a default, nullable': fieldOf({ type: 'string', nullable: true, default: null }),
  'embedded resources': fieldOf({ type: 'object', 'x-kubernetes-embedded-resource': true }),
  'embedded resources that are no objects': fieldOf({ type: 'string', 'x-kubernetes-embedded-resource': true }),
  'int or string with a type': fieldOf({ type: 'string', 'x-kubernetes-int-or-string': true }),
  'int or string as usually written': fieldOf({
    'x-kubernetes-int-or-string': true,
    anyOf: [{ type: 'integer' }, { type: 'string' }],
  }),
  'preserve: false': fieldOf({ type: 'object', 'x-kubernetes-preserve-unknown-fields': false }),
  'list types': schemaOf(
    object({
      a: list(string, { 'x-kubernetes-list-type': 'bag' }),
      b: { type: 'string', 'x-kubernetes-list-type': 'set' },
      c: list(object({ a: string }), { 'x-kubernetes-list-type': 'set' }),
      d: list(list(string), { 'x-kubernetes-list-type': 'set' }),
      e: list(string, { 'x-kubernetes-list-map-keys': ['a'] }),
      f: { type: 'object', 'x-kubernetes-map-type': 'strange' },
      g: { type: 'string', 'x-kubernetes-map-type': 'atomic' },
    }),
  ),
  'list map keys that are none': schemaOf(
    object({
      a: keyed({}),
      b: keyed({ 'x-kubernetes-list-map-keys': ['nope'] }),
    }),
  ),
  'list map keys': schemaOf(
    object({
      c: keyed({ 'x-kubernetes-list-map-keys': ['name', 'name'] }),
      d: keyed(
        { 'x-kubernetes-list-map-keys': ['name'] },
        object({ name: object({ a: string }) }, { required: ['name'] }),
      ),
      e: keyed({ 'x-kubernetes-list-map-keys': ['name'] }, string),
      f: keyed(
        { 'x-kubernetes-list-map-keys': ['name'] },
        object({ name: { type: 'string', default: 'x' } }, { nullable: true }),
      ),
      g: keyed(
        { 'x-kubernetes-list-map-keys': ['name'] },
        object({ name: { type: 'string', nullable: true } }, { required: ['name'] }),
      ),
    }),
  ),
  'bad patterns and bounds': schemaOf(
    object({
      a: { type: 'string', pattern: '(' },
      b: { type: 'string', minLength: 5, maxLength: 1 },
      c: { type: 'integer', minimum: 5, maximum: 1 },
      d: { type: 'integer', multipleOf: 0 },
      e: { type: 'array', items: string, minItems: -1 },
    }),
  ),
  'unknown formats': fieldOf({ type: 'string', format: 'strange' }),
  'unknown keywords': fieldOf({ type: 'string', readOnly: true }),
  deep: schemaOf(Array.from({ length: 30 }).reduce<Json>((inner) => object({ a: inner }), { type: 'string' })),
}

const rules: ParityCases = {
  'rules: none': rulesOf([{}]),
  'rules: blank': rulesOf([{ rule: '  ' }]),
  'rules: of other types': rulesOf([{ rule: '1' }, { rule: '"a"' }, { rule: 'self.a' }]),
  'rules: syntax': rulesOf([{ rule: 'self.' }]),
  'rules: unknown fields': rulesOf([{ rule: 'self.nope == 1' }, { rule: 'nope' }]),
  'rules: types': rulesOf([{ rule: 'self.a == 1' }, { rule: 'self.a + 1 == 2' }]),
  'rules: messages': rulesOf([
    { rule: 'true', message: ' ' },
    { rule: 'true', message: 'a\nb' },
    { rule: 'true\n&& true' },
    { rule: 'true', messageExpression: ' ' },
    { rule: 'true', messageExpression: '1' },
    { rule: 'true', messageExpression: 'self.nope' },
    { rule: 'true', message: 'm'.repeat(2049) },
  ]),
  'rules: reasons and paths': rulesOf([
    { rule: 'true', reason: 'Because' },
    { rule: 'true', reason: 'FieldValueForbidden', fieldPath: '.a' },
    { rule: 'true', fieldPath: 'a' },
    { rule: 'true', fieldPath: '.nope' },
    { rule: 'true', fieldPath: '' },
    { rule: 'true', fieldPath: '.a[0]' },
    { rule: 'true', fieldPath: '.a\n' },
  ]),
  'rules: old self': rulesOf([
    { rule: 'self == oldSelf' },
    { rule: 'true', optionalOldSelf: true },
    { rule: 'oldSelf.hasValue()', optionalOldSelf: true },
  ]),
  'rules: old self in lists': fieldOf(
    list({ type: 'string', 'x-kubernetes-validations': [{ rule: 'self == oldSelf' }] }, { maxItems: 5 }),
  ),
  'rules: costs': rulesOf([{ rule: 'self.l.all(x, self.l.all(y, self.l.all(z, x == y || y == z)))' }], {
    l: list(string),
  }),
  'rules: costs of one': rulesOf([{ rule: 'self.l.exists(x, x.contains("a"))' }], { l: list(string) }),
  'rules: costs that are bounded': rulesOf([{ rule: 'self.l.all(x, self.l.all(y, x == y || x != y))' }], {
    l: list({ type: 'string', maxLength: 10 }, { maxItems: 20 }),
  }),
  'rules: costs of all': schemaOf(
    object({
      spec: object(
        Object.fromEntries(
          Array.from({ length: 12 }, (_, i) => [
            `l${i}`,
            list(
              { type: 'string', maxLength: 1000, 'x-kubernetes-validations': [{ rule: 'self.matches("a.*b.*c")' }] },
              { maxItems: 400 },
            ),
          ]),
        ),
      ),
    }),
  ),
  'rules: of scalars': schemaOf(
    object({
      a: { type: 'string', 'x-kubernetes-validations': [{ rule: 'self.size() < 5', message: 'short' }] },
      b: { type: 'integer', 'x-kubernetes-validations': [{ rule: 'self > 1.5' }] },
      c: { 'x-kubernetes-int-or-string': true, 'x-kubernetes-validations': [{ rule: 'type(self) == int' }] },
      d: {
        type: 'object',
        'x-kubernetes-preserve-unknown-fields': true,
        'x-kubernetes-validations': [{ rule: 'has(self.x)' }],
      },
      e: { type: 'string', format: 'date-time', 'x-kubernetes-validations': [{ rule: 'self.getFullYear() > 2000' }] },
      f: { type: 'string', format: 'byte', 'x-kubernetes-validations': [{ rule: 'self.size() > 1' }] },
    }),
  ),
  'rules: escaped names': rulesOf(
    [{ rule: 'self.a__dash__b == "x" && self.__namespace__ == "y" && self.c__dot__d == "z"' }],
    {
      'a-b': string,
      namespace: string,
      'c.d': string,
    },
  ),
  'rules: of metadata': schemaOf(
    object(
      { spec: object({}) },
      {
        'x-kubernetes-validations': [
          { rule: 'self.metadata.name.size() < 9' },
          { rule: 'self.metadata.labels.size() < 9' },
        ],
      },
    ),
  ),
}

const updates: ParityCases = {
  'update: group and scope cannot change': defined(
    {},
    get(`${crds}/things.{{id}}.example.com`, { ...setup, until: { has: 'initial names have been accepted' } }),
    patch('merge', `${crds}/things.{{id}}.example.com`, { spec: { group: 'other.example.com', scope: 'Cluster' } }),
    patch('merge', `${crds}/things.{{id}}.example.com`, { spec: { names: { kind: 'Other', plural: 'others' } } }),
    patch('merge', `${crds}/things.{{id}}.example.com/status`, { status: { storedVersions: ['v9'] } }),
    put(`${crds}/things.{{id}}.example.com`, definition()),
  ),
}

export const refusedCrdCases: ParityCases = { ...names, ...versions, ...schemas, ...rules, ...updates }
