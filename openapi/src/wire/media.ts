/** The media types of objects. Source: RFC 9110; the API concepts, "Alternate representations of resources". */
export const jsonType = 'application/json'
export const yamlType = 'application/yaml'
export const protobufType = 'application/vnd.kubernetes.protobuf'
/** What the API server reads and writes objects as, in the order of its messages. */
export const objectTypes: readonly string[] = [jsonType, yamlType, protobufType]

/** The bare media type of a Content-Type header, lower case: JSON when there is none, '' when it is none. */
export function contentTypeOf(header: string | undefined): string {
  if (header === undefined || header.trim() === '') return jsonType
  const type = (header.split(';', 1)[0] ?? '').trim().toLowerCase()
  return /^[^\s/]+\/[^\s/]+$/.test(type) ? type : ''
}

/** The text of a 415 for a body in a type the endpoint does not read. */
export const unknownBodyFormat = (accepted: readonly string[] = objectTypes): string =>
  `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`
