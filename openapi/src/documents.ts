import { optionalVersions } from './facts/optional-versions.ts'
import { documentFile, readGenerated } from './files.ts'
import { apiVersionOf } from './meta/object.ts'

/**
 * The documents that the API server serves at /openapi/v2 and /openapi/v3. Files are read when first asked for, and
 * kept.
 */
const read = new Map<string, Uint8Array>()

function keep(name: string): Uint8Array {
  let bytes = read.get(name)
  if (bytes === undefined) {
    bytes = readGenerated(name)
    read.set(name, bytes)
  }
  return bytes
}

/** Swagger 2.0, as JSON. */
export const openApiV2 = (): Uint8Array => keep('openapi-v2.json')

/** The same in protobuf, as kubectl wants it where the newer documents do not know a kind. */
export const openApiV2Protobuf = (): Uint8Array => keep('openapi-v2.pb')
export const openApiV2ProtobufType = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf'

/** What a version that is served on demand adds to the Swagger document. */
export interface SwaggerPart {
  paths: Record<string, object>
  definitions: Record<string, object>
}

/** Of the versions that are served on demand, those that are: what they add to the Swagger document. */
export function optionalSwagger(serves: (at: { group: string; version: string }) => boolean): SwaggerPart {
  const part: SwaggerPart = { paths: {}, definitions: {} }
  for (const at of optionalVersions.filter(serves)) {
    const bytes = readGenerated(`openapi-v2-optional/${documentFile(`apis/${apiVersionOf(at)}`)}`)
    const { paths, definitions } = JSON.parse(new TextDecoder().decode(bytes)) as SwaggerPart
    Object.assign(part.paths, paths)
    Object.assign(part.definitions, definitions)
  }
  return part
}

let hashes: Record<string, string> | undefined

/** The names of the OpenAPI 3.0 documents ("api/v1", "apis/apps/v1", "version") with the hash of each. */
export function openApiV3Hashes(): Readonly<Record<string, string>> {
  hashes ??= JSON.parse(new TextDecoder().decode(readGenerated('openapi-v3-index.json'))) as Record<string, string>
  return hashes
}

/** What /openapi/v3 answers; `more` adds documents that are made at run time, `serves` leaves out what is not served. */
export function openApiV3Index({
  more = {},
  serves = () => true,
}: { more?: Record<string, string>; serves?: (name: string) => boolean } = {}): {
  paths: Record<string, { serverRelativeURL: string }>
} {
  const all = Object.entries({ ...openApiV3Hashes(), ...more }).filter(([name]) => serves(name))
  return {
    paths: Object.fromEntries(
      all
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, hash]) => [name, { serverRelativeURL: `/openapi/v3/${name}?hash=${hash}` }]),
    ),
  }
}

/** One OpenAPI 3.0 document as JSON; undefined when there is none of that name. */
export function openApiV3Document(name: string): Uint8Array | undefined {
  return Object.hasOwn(openApiV3Hashes(), name) ? keep(`openapi-v3/${documentFile(name)}`) : undefined
}
