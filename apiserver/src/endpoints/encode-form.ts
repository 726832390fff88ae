import { bytesAnswer, jsonBytes, type Answer } from '../server/answer.ts'
import type { MediaType } from './negotiate.ts'
import { notAcceptableObject, objectTypes } from './negotiate.ts'

/** A value in the wanted media type. Codecs other than JSON are loaded on first use. */
export async function encodeForm(code: number, value: unknown, mediaType: MediaType, pretty = false): Promise<Answer> {
  if (mediaType === 'application/json' && pretty) {
    return bytesAnswer(code, mediaType, new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`))
  }
  if (mediaType === 'application/json') return bytesAnswer(code, mediaType, jsonBytes(value))
  if (mediaType === 'application/yaml') {
    const { encodeYaml } = await import('@kapell/openapi/wire/yaml')
    return bytesAnswer(code, mediaType, new TextEncoder().encode(await encodeYaml(value)))
  }
  throw notAcceptableObject(objectTypes)
}
