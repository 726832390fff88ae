/**
 * The name formats of the API: each validator returns what is wrong with a text, or nothing, in the wording that the
 * API server's clients see. Sources: RFC 1035, RFC 1123, API conventions ("Names", "Labels").
 */
export type NameValidator = (text: string) => string[]

const label1123 = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'
const subdomain1123 = `${label1123}(\\.${label1123})*`
const label1035 = '[a-z]([-a-z0-9]*[a-z0-9])?'
const qualifiedNamePart = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'
const labelValuePattern = `(${qualifiedNamePart})?`

const whole = (pattern: string): RegExp => new RegExp(`^(?:${pattern})$`)

/** UTF-8 length, which is what limits are counted in. */
function byteLength(text: string): number {
  let length = 0
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0
    length += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4
  }
  return length
}

/** `<message> (e.g. 'a',  or 'b', regex used for validation is '…')`. */
export function regexError(message: string, pattern: string, ...examples: string[]): string {
  if (examples.length === 0) return `${message} (regex used for validation is '${pattern}')`
  return `${message} (e.g. ${examples.map((e) => `'${e}', `).join(' or ')}regex used for validation is '${pattern}')`
}
export const maxLengthError = (length: number): string => `must be no more than ${length} characters`
const maxBytesError = (length: number): string => `must be no more than ${length} bytes`
export const emptyError = (): string => 'must be non-empty'
export const inclusiveRangeError = (low: number, high: number): string =>
  `must be between ${low} and ${high}, inclusive`

interface Format {
  pattern: string
  message: string
  examples: string[]
  max?: number
}

function validator({ pattern, message, examples, max }: Format): NameValidator {
  const regex = whole(pattern)
  const mismatch = regexError(message, pattern, ...examples)
  return (text) => {
    // What matches is ASCII.
    if (regex.test(text)) return max !== undefined && text.length > max ? [maxLengthError(max)] : []
    return max !== undefined && byteLength(text) > max ? [maxLengthError(max), mismatch] : [mismatch]
  }
}

const subdomainRegex = whole(subdomain1123)
const labelMessage = regexError(
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
  label1123,
  'my-name',
  '123-abc',
)
const labelRegex = whole(label1123)

/** A DNS label: at most 63 of a-z, 0-9 and '-'. */
export const dns1123Label: NameValidator = (text) => {
  if (labelRegex.test(text)) return text.length > 63 ? [maxLengthError(63)] : []
  const mismatch = subdomainRegex.test(text) ? 'must not contain dots' : labelMessage
  return byteLength(text) > 63 ? [maxLengthError(63), mismatch] : [mismatch]
}
/** DNS labels joined by dots, at most 253 characters: the name of most objects. */
export const dns1123Subdomain = validator({
  pattern: subdomain1123,
  message:
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
  examples: ['example.com'],
  max: 253,
})
/** A DNS label that starts with a letter. */
/** Search domains of DNS may hold underscores. */
export const searchDomain = validator({
  pattern: '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*',
  message:
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character",
  examples: ['example.com'],
  max: 253,
})
export const dns1035Label = validator({
  pattern: label1035,
  message:
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
  examples: ['my-name', 'abc-123'],
  max: 63,
})
export const wildcardDns1123Subdomain = validator({
  pattern: `\\*\\.${subdomain1123}`,
  message:
    "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
  examples: ['*.example.com'],
  max: 253,
})
export const cIdentifier = validator({
  pattern: '[A-Za-z_][A-Za-z0-9_]*',
  message:
    "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_'",
  examples: ['my_name', 'MY_NAME', 'MyName'],
})
export const percentage = validator({
  pattern: '[0-9]+%',
  message: "a valid percent string must be a numeric string followed by an ending '%'",
  examples: ['1%', '93%'],
})
export const httpHeaderName = validator({
  pattern: '[-A-Za-z0-9]+',
  message: "a valid HTTP header must consist of alphanumeric characters or '-'",
  examples: ['X-Header-Name'],
})

const partMessage =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
const partExamples = ['MyName', 'my.name', '123-abc']
const partRegex = whole(qualifiedNamePart)
const prefixMismatch = dns1123Subdomain('-')

function namePart(text: string): string[] {
  if (text.length <= 63 && partRegex.test(text)) return []
  return [
    ...(text === '' ? ['name part must be non-empty'] : []),
    ...(byteLength(text) > 63 ? [`name part ${maxBytesError(63)}`] : []),
    ...(partRegex.test(text) ? [] : [`name part ${regexError(partMessage, qualifiedNamePart, ...partExamples)}`]),
  ]
}

function namePrefix(text: string): string[] {
  if (text === '') return ['prefix part must be non-empty']
  if (text.length <= 253 && subdomainRegex.test(text)) return []
  return [
    ...(byteLength(text) > 253 ? [`prefix part ${maxBytesError(253)}`] : []),
    ...(subdomainRegex.test(text) ? [] : prefixMismatch.map((m) => `prefix part ${m}`)),
  ]
}

/** Names with a prefix that were found good lately: the same few stand in most objects. */
const wellFormed = new Set<string>()
const mostKept = 1024

/** "name" or "example.com/name": keys of labels and annotations, resource names, condition types. */
export const qualifiedName: NameValidator = (text) => {
  if (!text.includes('/')) return namePart(text)
  if (wellFormed.has(text)) return []
  const parts = text.split('/')
  if (parts.length === 2) {
    const errors = namePrefix(parts[0] ?? '')
    errors.push(...namePart(parts[1] ?? ''))
    if (errors.length === 0) {
      if (wellFormed.size >= mostKept) wellFormed.clear()
      wellFormed.add(text)
    }
    return errors
  }
  return [
    `a valid label key ${regexError(partMessage, qualifiedNamePart, ...partExamples)} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
  ]
}

const valueRegex = whole(labelValuePattern)
const valueMessage = regexError(
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  labelValuePattern,
  'MyValue',
  'my_value',
  '12345',
)
export const labelValue: NameValidator = (text) => {
  if (valueRegex.test(text)) return text.length > 63 ? [maxBytesError(63)] : []
  return byteLength(text) > 63 ? [maxBytesError(63), valueMessage] : [valueMessage]
}

/** The text of a name that cannot stand in a URL path. */
export const pathSegmentName: NameValidator = (text) => {
  if (text === '.') return ["may not be '.'"]
  if (text === '..') return ["may not be '..'"]
  return ['/', '%'].filter((c) => text.includes(c)).map((c) => `may not contain '${c}'`)
}

function dotPath(text: string): string[] {
  if (text === '.') return ["must not be '.'"]
  if (text === '..') return ["must not be '..'"]
  return text.startsWith('..') ? ["must not start with '..'"] : []
}

const configKeyFormat = validator({
  pattern: '[-._a-zA-Z0-9]+',
  message: "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
  examples: ['key.name', 'KEY_NAME', 'key-name'],
  max: 253,
})
/** Keys of ConfigMaps and Secrets. */
export const configMapKey: NameValidator = (text) => [...configKeyFormat(text), ...dotPath(text)]

const envNameFormat = validator({
  pattern: '[-._a-zA-Z][-._a-zA-Z0-9]*',
  message:
    "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit",
  examples: ['my.env-name', 'MY_ENV.NAME', 'MyEnvName1'],
})
/** The strict form of an environment variable's name; today's servers accept {@link relaxedEnvVarName}. */
export const envVarName: NameValidator = (text) => [...envNameFormat(text), ...dotPath(text)]
export const relaxedEnvVarName: NameValidator = (text) =>
  /^[ -<>-~]+$/.test(text)
    ? []
    : ["a valid environment variable name must consist only of printable ASCII characters other than '='"]

/** The name of a container's port: at most 15 of a-z, 0-9 and '-', with a letter. */
export const portName: NameValidator = (text) =>
  /^(?=.{1,15}$)[0-9]*[a-z][a-z0-9]*$/.test(text) ? [] : portNameErrors(text)

const portNameErrors: NameValidator = (text) => [
  ...(text.length > 15 ? [maxLengthError(15)] : []),
  ...(/^[-a-z0-9]+$/.test(text) ? [] : ['must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)']),
  ...(/[a-z]/.test(text) ? [] : ['must contain at least one letter (a-z)']),
  ...(text.includes('--') ? ['must not contain consecutive hyphens'] : []),
  ...(text.startsWith('-') || text.endsWith('-') ? ['must not begin or end with a hyphen'] : []),
]

export const portNumber = (port: number): string[] =>
  Number.isInteger(port) && port >= 1 && port <= 65535 ? [] : [inclusiveRangeError(1, 65535)]
const id = (n: number): string[] => (n >= 0 && n <= 2147483647 ? [] : [inclusiveRangeError(0, 2147483647)])
export const userId = id
export const groupId = id

/** A trailing '-' of a generateName is judged as the letter that will follow it. */
export const maskTrailingDash = (prefix: string): string =>
  prefix.length > 1 && prefix.endsWith('-') ? `${prefix.slice(0, -2)}a` : prefix

/** "example.com/path": a domain, a slash and a path. Returns what is wrong. */
export const domainPrefixedPath: NameValidator = (text) => {
  if (text === '') return ['must be non-empty']
  const slash = text.indexOf('/')
  if (slash <= 0 || slash === text.length - 1) return ['must be a domain-prefixed path (such as "acme.io/foo")']
  const path = text.slice(slash + 1)
  return [
    ...dns1123Subdomain(text.slice(0, slash)),
    ...(/^(?:[A-Za-z0-9/\-._~%!$&'()*+,;=:]+)$/.test(path)
      ? []
      : [regexError('Invalid path', "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+")]),
  ]
}
