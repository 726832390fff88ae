/** Named formats and semantic versions. Source: the Kubernetes documentation, "Kubernetes format library", "Semver". */
import { dns1035Label, dns1123Label, dns1123Subdomain, labelValue, qualifiedName } from '@kapell/openapi/meta/names'
import { CelError } from '../runtime/errors.ts'
import { fixed, validation, walk } from '../library/costs.ts'
import { declare, type LibraryTable } from '../library/declare.ts'
import { ArrayList, OptionalValue, type Value } from '../values/collections.ts'
import { OpaqueValue } from '../values/scalars.ts'
import { parseTimestamp } from '../values/time.ts'

type Check = (text: string) => string[]
class FormatValue extends OpaqueValue {
  readonly typeName = 'kubernetes.NamedFormat'
  readonly name: string
  readonly check: Check
  constructor(name: string, check: Check) {
    super()
    this.name = name
    this.check = check
  }
  override equals(other: OpaqueValue): boolean {
    return other instanceof FormatValue && other.name === this.name
  }
}
const tested =
  (complaint: string, test: (text: string) => boolean): Check =>
  (text) =>
    test(text) ? [] : [complaint]
const asPrefix =
  (check: Check): Check =>
  (text) =>
    check(text.endsWith('-') ? `${text}a` : text)
const isTime = (text: string): boolean => {
  try {
    parseTimestamp(text)
    return true
  } catch {
    return false
  }
}

const formats: Readonly<Record<string, Check>> = {
  dns1123Label,
  dns1123Subdomain,
  dns1035Label,
  dns1123LabelPrefix: asPrefix(dns1123Label),
  dns1123SubdomainPrefix: asPrefix(dns1123Subdomain),
  dns1035LabelPrefix: asPrefix(dns1035Label),
  qualifiedName,
  labelValue,
  uri: tested('invalid URI', (text) => text.startsWith('/') || URL.canParse(text)),
  uuid: tested('does not match the UUID format', (text) =>
    /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i.test(text),
  ),
  byte: tested('invalid base64', (text) =>
    /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text),
  ),
  date: tested('invalid date', (text) => /^\d{4}-\d\d-\d\d$/.test(text) && isTime(`${text}T00:00:00Z`)),
  datetime: tested('invalid datetime', isTime),
}
const named = Object.fromEntries(Object.entries(formats).map(([name, check]) => [name, new FormatValue(name, check)]))
const rows: LibraryTable = Object.fromEntries(
  Object.entries(named).map(([name, value]) => [`format.${name}(): kubernetes.NamedFormat`, () => value]),
)

class SemverValue extends OpaqueValue {
  readonly typeName = 'kubernetes.Semver'
  readonly numbers: readonly [bigint, bigint, bigint]
  readonly pre: readonly string[]
  constructor(numbers: readonly [bigint, bigint, bigint], pre: readonly string[]) {
    super()
    this.numbers = numbers
    this.pre = pre
  }
  override equals(other: OpaqueValue): boolean {
    return other instanceof SemverValue && compareVersions(this, other) === 0
  }
}
const part = '(0|[1-9]\\d{0,18})'
const strict = new RegExp(`^${part}\\.${part}\\.${part}(?:-([0-9A-Za-z.-]+))?(?:\\+[0-9A-Za-z.-]+)?$`)
/** Lenient: a leading v, missing parts, leading zeros. */
function normalize(text: string): string {
  const [, core = '', rest = ''] = /^v?([^-+]*)(.*)$/s.exec(text) ?? []
  const parts = core.split('.').map((one) => one.replace(/^0+(?=\d)/, ''))
  while (parts.length < 3) parts.push('0')
  return parts.join('.') + rest
}
function parseVersion(text: string, lenient = false): SemverValue | undefined {
  const match = strict.exec(lenient ? normalize(text) : text)
  if (!match) return undefined
  const [, major = '0', minor = '0', patch = '0', pre] = match
  const parts = pre?.split('.') ?? []
  if (parts.some((one) => one === '' || /^0\d+$/.test(one))) return undefined
  return new SemverValue([BigInt(major), BigInt(minor), BigInt(patch)], parts)
}
/** What is wrong with a text as a semantic version. */
function versionProblem(text: string): string {
  const parts = text.split('.')
  if (text === '') return 'Version string empty'
  const [major = '', minor = '', ...rest] = parts
  if (parts.length < 3) return 'No Major.Minor.Patch elements found'
  const [patch = '', ...pre] = (rest.join('.').split('+', 1)[0] ?? '').split('-')
  const named: [string, string][] = [
    ['Major', major],
    ['Minor', minor],
    ['Patch', patch],
  ]
  for (const [name, part] of named) {
    if (!/^\d+$/.test(part)) return `Invalid character(s) found in ${name.toLowerCase()} number ${JSON.stringify(part)}`
    if (/^0\d/.test(part)) return `${name} number must not contain leading zeroes ${JSON.stringify(part)}`
  }
  const bad = pre
    .join('-')
    .split('.')
    .find((part) => !/^[0-9A-Za-z-]+$/.test(part))
  if (bad === '') return 'Prerelease is empty'
  return `Invalid character(s) found in prerelease ${JSON.stringify(bad ?? text)}`
}
export function versionOf(text: string, lenient = false): SemverValue {
  const version = parseVersion(text, lenient)
  if (!version) throw new CelError(versionProblem(text))
  return version
}
function comparePre(a: string, b: string): number {
  const [x, y] = [/^\d+$/.test(a), /^\d+$/.test(b)]
  if (x && y) return Number(BigInt(a) > BigInt(b)) - Number(BigInt(a) < BigInt(b))
  if (x !== y) return x ? -1 : 1
  return a < b ? -1 : a > b ? 1 : 0
}
function compareVersions(a: SemverValue, b: SemverValue): number {
  for (const i of [0, 1, 2] as const) if (a.numbers[i] !== b.numbers[i]) return a.numbers[i] < b.numbers[i] ? -1 : 1
  if (a.pre.length === 0 || b.pre.length === 0) return Math.sign(b.pre.length - a.pre.length)
  for (let i = 0; i < Math.min(a.pre.length, b.pre.length); i++) {
    const order = comparePre(a.pre[i] ?? '', b.pre[i] ?? '')
    if (order !== 0) return order
  }
  return Math.sign(a.pre.length - b.pre.length)
}

function validate({ check }: FormatValue, text: string): Value {
  const complaints = check(text)
  return complaints.length === 0 ? OptionalValue.none : new OptionalValue(new ArrayList(complaints))
}

export const formatLibrary = declare({
  ...rows,
  'format.named(string): optional<kubernetes.NamedFormat>': (name: string) =>
    OptionalValue.of(Object.hasOwn(named, name) ? named[name] : undefined),
  'kubernetes.NamedFormat.validate(string): optional<list<string>>': { call: validate, cost: validation },
  'semver(string): kubernetes.Semver': { call: (text: string) => versionOf(text), cost: walk() },
  'semver(string, bool): kubernetes.Semver': { call: versionOf, cost: walk() },
  'isSemver(string): bool': { call: (text: string) => parseVersion(text) !== undefined, cost: walk() },
  'isSemver(string, bool): bool': {
    call: (text: string, lenient: boolean) => parseVersion(text, lenient) !== undefined,
    cost: walk(),
  },
  'kubernetes.Semver.major(): int': ({ numbers }: SemverValue) => numbers[0],
  'kubernetes.Semver.minor(): int': ({ numbers }: SemverValue) => numbers[1],
  'kubernetes.Semver.patch(): int': ({ numbers }: SemverValue) => numbers[2],
  'kubernetes.Semver.compareTo(kubernetes.Semver): int': {
    call: (a: SemverValue, b: SemverValue) => BigInt(compareVersions(a, b)),
    cost: fixed(1),
  },
  'kubernetes.Semver.isGreaterThan(kubernetes.Semver): bool': (a: SemverValue, b: SemverValue) =>
    compareVersions(a, b) > 0,
  'kubernetes.Semver.isLessThan(kubernetes.Semver): bool': (a: SemverValue, b: SemverValue) =>
    compareVersions(a, b) < 0,
})
