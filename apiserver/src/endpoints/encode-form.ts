import { parseApiVersion, type KubeObject } from '@kapell/openapi/meta/object'
import { bytesAnswer, jsonBytes, type Answer } from '../server/answer.ts'
import type { MediaType } from './negotiate.ts'
import { customObjectTypes, notAcceptableObject } from './negotiate.ts'

/** A value in the wanted media type. Codecs other than JSON are loaded on first use. */
export async function encodeForm(code: number, value: unknown, mediaType: MediaType, pretty = false): Promise<Answer> {
  if (mediaType === 'application/json' && pretty) {
    return bytesAnswer(code, mediaType, new TextEncoder().encode(JSON.stringify(value, null, 2)))
  }
  if (mediaType === 'application/json') return bytesAnswer(code, mediaType, jsonBytes(value))
  if (mediaType === 'application/yaml') {
    const { encodeYaml } = await import('@kapell/openapi/wire/yaml-encode')
    return bytesAnswer(code, mediaType, new TextEncoder().encode(encodeYaml(value)))
  }
  const { encodeProtobuf, hasProtobuf } = await import('@kapell/openapi/wire/protobuf')
  const { apiVersion = '', kind = '' } = value as KubeObject
  const gvk = { ...parseApiVersion(apiVersion), kind }
  if (!hasProtobuf(gvk)) throw notAcceptableObject(customObjectTypes)
  return bytesAnswer(code, mediaType, encodeProtobuf(gvk, value as KubeObject))
}
