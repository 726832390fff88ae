import type { GroupVersionKind } from '../meta/object.ts'
import { accessMessages } from './protobuf-tables/access.ts'
import { coreMessages } from './protobuf-tables/core.ts'
import { extensionsMessages } from './protobuf-tables/extensions.ts'
import { metaMessages } from './protobuf-tables/meta.ts'
import { metricsMessages } from './protobuf-tables/metrics.ts'
import { networkStorageMessages } from './protobuf-tables/network-storage.ts'
import { optionalMessages, repeatedPackages } from './protobuf-tables/optional.ts'
import { workloadsMessages } from './protobuf-tables/workloads.ts'

/**
 * The messages of the kinds that travel as protobuf, read from tables with one line a message:
 *
 *     Name field=number[:type] …        a deeper-indented line goes on with the message above it
 *
 * `type` is a letter below (none: string), the name of a message of the same package, `.Name` of meta/v1, or
 * `package.Name` of another. Before it, `*` says repeated and `%` a map from strings. A field called `^` is a message
 * whose fields stand, in JSON, in the object itself. Names are those of JSON.
 */
const letters = {
  b: 'bool',
  i: 'int32',
  l: 'int64',
  d: 'double',
  /** Base64 text in JSON. */
  y: 'bytes',
  Q: 'quantity',
  T: 'time',
  U: 'microTime',
  /** "1m30s". */
  D: 'duration',
  X: 'intOrString',
  /** Any JSON, as JSON bytes in a message; also an enveloped object. */
  R: 'raw',
  F: 'fieldsV1',
  /** A list of strings that is a message of its own. */
  V: 'strings',
  A: 'schemaOrArray',
  B: 'schemaOrBool',
  S: 'schemaOrStrings',
} as const

export type SpecialType = 'string' | (typeof letters)[keyof typeof letters]

export interface ProtobufField {
  readonly name: string
  readonly number: number
  readonly kind: 'single' | 'repeated' | 'map' | 'inline'
  readonly type: SpecialType | 'message'
  /** Of a field of type 'message': "core/v1.Pod". */
  readonly messageName: string
}

export interface ProtobufMessage {
  readonly name: string
  /** By ascending number. */
  readonly fields: readonly ProtobufField[]
  readonly byNumber: ReadonlyMap<number, ProtobufField>
}

const tables: Record<string, string> = {
  ...metaMessages,
  ...coreMessages,
  ...workloadsMessages,
  ...accessMessages,
  ...networkStorageMessages,
  ...extensionsMessages,
  ...metricsMessages,
  ...optionalMessages,
}

/** The lines of every message, found on first use. */
let lines: Map<string, string> | undefined
const parsed = new Map<string, ProtobufMessage>()

function allLines(): Map<string, string> {
  if (lines !== undefined) return lines
  lines = new Map()
  for (const [pkg, text] of Object.entries(tables)) {
    for (const line of text.trim().split(/\n {4}(?! )/)) {
      const space = line.indexOf(' ')
      const name = space < 0 ? line : line.slice(0, space)
      lines.set(`${pkg}.${name}`, space < 0 ? '' : line.slice(space))
    }
  }
  return lines
}

function lineOf(name: string): string | undefined {
  const [pkg = '', message = ''] = name.split('.')
  const repeated = repeatedPackages[pkg]
  return allLines().get(name) ?? (repeated === undefined ? undefined : lineOf(`${repeated}.${message}`))
}

/** The message of this full name, such as "core/v1.PodSpec". */
export function messageNamed(name: string): ProtobufMessage | undefined {
  const known = parsed.get(name)
  if (known !== undefined) return known
  const line = lineOf(name)
  if (line === undefined) return undefined
  const fields = line
    .split(/\s+/)
    .filter((token) => token !== '')
    .map((token) => parseField(token, name.slice(0, name.indexOf('.'))))
  const message = { name, fields, byNumber: new Map(fields.map((field) => [field.number, field])) }
  parsed.set(name, message)
  return message
}

function parseField(token: string, pkg: string): ProtobufField {
  const equals = token.indexOf('=')
  const name = token.slice(0, equals)
  const [number = '', given = ''] = token.slice(equals + 1).split(':')
  const kind = name === '^' ? 'inline' : given.startsWith('*') ? 'repeated' : given.startsWith('%') ? 'map' : 'single'
  const type = given.replace(/^[*%]/, '')
  if (type === '') return { name, number: Number(number), kind, type: 'string', messageName: '' }
  if (type.length === 1)
    return { name, number: Number(number), kind, type: letters[type as keyof typeof letters], messageName: '' }
  const messageName = type.startsWith('.') ? `meta/v1${type}` : type.includes('/') ? type : `${pkg}.${type}`
  return { name, number: Number(number), kind, type: 'message', messageName }
}

/** The message of a kind; options and Status are those of meta/v1 in every group. Undefined for what has none. */
export function messageOf({ group, version, kind }: GroupVersionKind): ProtobufMessage | undefined {
  const pkg =
    group === '' ? 'core' : group === 'internal.apiserver.k8s.io' ? 'apiserverinternal' : group.split('.', 1)[0]
  return messageNamed(`${pkg}/${version}.${kind}`) ?? messageNamed(`meta/v1.${kind}`)
}

/** Every message there is, for tests. */
export const messageNames = (): string[] => [...allLines().keys()]
