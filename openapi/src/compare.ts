import { readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { openApiV2, openApiV3Document, openApiV3Hashes } from './documents.ts'
import { asObject, isObject, normalDocument, type Json } from './normal-document.ts'

/**
 * `node openapi/src/compare.ts FILE…` compares our documents with those of a real API server: FILE is its /openapi/v2,
 * or a document of its /openapi/v3. Prints how many differ, by what differs; texts meant for people are left out.
 * Without FILE it takes the one that KAPELL_REFERENCE names. Ends with 1 when anything differs.
 */
interface Difference {
  what: string
  at: string
}

function differences(ours: unknown, theirs: unknown, path: string[]): Difference[] {
  if (isDeepStrictEqual(ours, theirs)) return []
  const last = path.at(-1) ?? ''
  if (isObject(ours) && isObject(theirs) && !last.startsWith('x-kubernetes')) {
    return [...new Set([...Object.keys(ours), ...Object.keys(theirs)])].flatMap((key) =>
      differences(ours[key], theirs[key], [...path, key]),
    )
  }
  const state = ours === undefined ? 'missing' : theirs === undefined ? 'too many' : 'different'
  return [
    { what: `${kindOfPlace(path)} ${state}`, at: `${path.join(' ')}: ours ${short(ours)}, theirs ${short(theirs)}` },
  ]
}

const short = (value: unknown): string => (JSON.stringify(value) ?? 'none').slice(0, 200)

function kindOfPlace(path: string[]): string {
  const [top = '', ...rest] = path
  if (top === 'paths') return rest.length === 1 ? 'paths' : rest.length === 2 ? 'operations' : `operations' ${rest[2]}`
  const below = top === 'components' ? rest.slice(1) : rest
  if (below.length === 1) return 'definitions'
  if (below.length === 3 && below[1] === 'properties') return 'properties'
  return below.at(-1) ?? top
}

function compare(ours: Json, theirs: Json): Difference[] {
  return differences(normalDocument(ours), normalDocument(theirs), [])
}

const decode = (bytes: Uint8Array): Json => JSON.parse(new TextDecoder().decode(bytes)) as Json

/** Our document that describes the same paths as theirs. */
function ourDocument(theirs: Json): Json {
  if (theirs['swagger'] !== undefined) return decode(openApiV2())
  const paths = Object.keys(asObject(theirs['paths'])).sort().join(' ')
  for (const name of Object.keys(openApiV3Hashes())) {
    const ours = decode(openApiV3Document(name) ?? new Uint8Array())
    const [first = ''] = Object.keys(asObject(ours['paths']))
    if (paths.split(' ')[0] === first) return ours
  }
  return {}
}

const files = process.argv.slice(2)
if (files.length === 0 && process.env['KAPELL_REFERENCE'] !== undefined) files.push(process.env['KAPELL_REFERENCE'])
if (files.length === 0) {
  process.stderr.write('usage: node openapi/src/compare.ts FILE…  (documents of /openapi/v2 or /openapi/v3)\n')
  process.exitCode = 2
}
for (const file of files) {
  const theirs = JSON.parse(readFileSync(file, 'utf8')) as Json
  const found = compare(ourDocument(theirs), theirs)
  const definitions = Object.values(asObject(theirs['definitions'] ?? asObject(theirs['components'])['schemas']))
  const properties = definitions.flatMap((definition) => Object.keys(asObject(asObject(definition)['properties'])))
  process.stdout.write(
    `${file}: ${definitions.length} definitions, ${properties.length} properties, ${found.length} differences\n`,
  )
  for (const [what, list] of Map.groupBy(found, (difference) => difference.what)) {
    process.stdout.write(`  ${list.length} ${what}\n`)
    for (const { at } of list.slice(0, 5)) process.stdout.write(`      ${at}\n`)
  }
  if (found.length > 0) process.exitCode = 1
}
