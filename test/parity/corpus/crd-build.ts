import type { ParityCase, ParityStep } from '../case.ts'
import { create, get, remove } from './build.ts'

/** Short forms for cases about custom resources. */
export type Json = Record<string, unknown>

export const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const group = '{{id}}.example.com'

export interface DefinitionParts {
  /** Of the whole object. */
  top?: Json
  spec?: Json
  names?: Json
  /** Of its one version. */
  version?: Json
  schema?: Json
}

export const anything: Json = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }
export const object = (properties: Json, more: Json = {}): Json => ({ type: 'object', properties, ...more })

export const definition = ({ top, spec, names, version, schema = anything }: DefinitionParts = {}): Json => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `things.${group}` },
  ...top,
  spec: {
    group,
    names: { kind: 'Thing', plural: 'things', ...names },
    scope: 'Namespaced',
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema }, ...version }],
    ...spec,
  },
})

/** A definition that is refused, or stored as it says. Whatever became of it, it goes away. */
export const defined = (parts: DefinitionParts, ...more: ParityStep[]): ParityCase => ({
  steps: [
    create(crds, definition(parts), { ignore: ['status', 'metadata.managedFields'] }),
    ...more,
    remove(`${crds}/things.${group}`, undefined, { setup: true }),
  ],
})
/** The same, by its schema; by a field of it; by a rule of it. */
export const schemaOf = (schema: Json): ParityCase => defined({ schema })
export const fieldOf = (field: Json): ParityCase => schemaOf(object({ spec: field }))
export const rulesOf = (rules: Json[], properties: Json = { a: { type: 'string' } }): ParityCase =>
  fieldOf(object(properties, { 'x-kubernetes-validations': rules }))

export const things = (name?: string): string =>
  `/apis/${group}/v1/namespaces/{{ns}}/things${name === undefined ? '' : `/${name}`}`
export const thing = (name: string, more: Json = {}, metadata: Json = {}): Json => ({
  apiVersion: `${group}/v1`,
  kind: 'Thing',
  metadata: { name, ...metadata },
  ...more,
})

/** Requests to instances of a definition. */
export const served = (parts: DefinitionParts, ...steps: ParityStep[]): ParityCase => ({
  steps: [
    create(crds, definition(parts), { setup: true }),
    get(things(), { setup: true, until: { code: 200, seconds: 60 } }),
    // The first object that is taken shows that all is there.
    create(`${things()}?dryRun=All`, thing('ready', { spec: {} }), {
      setup: true,
      codeOnly: true,
      until: { hasNot: 'NotFound' },
    }),
    ...steps,
    remove(`${crds}/things.${group}`, undefined, { setup: true }),
  ],
})
/** Objects by their spec, one after the other, against a schema of the spec. */
export const specs = (schema: Json, ...all: unknown[]): ParityCase =>
  served(
    { schema: object({ spec: schema }) },
    ...all.map((spec, i) => create(`${things()}?dryRun=All`, thing(`t${i}`, { spec }))),
  )
