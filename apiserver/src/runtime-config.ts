import { apiVersionOf } from '@kapell/openapi/meta/object'
import { localApiServices } from './bootstrap/api-services.ts'
import type { AnyDefinition } from './registry/definition.ts'

/**
 * `--runtime-config`: which versions and resources are served. Keys are "api/all", "api/ga", "api/beta", "api/alpha",
 * "group/version" ("v1" or "api/v1" for the core) and "group/version/resource"; the more special one counts. Source:
 * kube-apiserver's reference, "--runtime-config".
 */
export type RuntimeConfig = ReadonlyMap<string, boolean>

const stages: Readonly<Record<string, RegExp>> = {
  'api/all': /^/,
  'api/ga': /^v\d+$/,
  'api/beta': /^v\d+beta\d+$/,
  'api/alpha': /^v\d+alpha\d+$/,
}

const known = new Map<string, Set<string>>([['apiregistration.k8s.io', new Set(['v1'])]])
for (const { spec } of localApiServices) {
  const { group = '', version = '' } = spec ?? {}
  known.set(group, (known.get(group) ?? new Set()).add(version))
}

/** What the server works with itself. */
const needed = [
  'api/v1',
  ...['admissionregistration', 'apiextensions', 'apiregistration', 'coordination', 'discovery'].map(
    (g) => `${g}.k8s.io/v1`,
  ),
  ...['flowcontrol.apiserver', 'networking', 'rbac.authorization', 'scheduling'].map((g) => `${g}.k8s.io/v1`),
]

const truths: Readonly<Record<string, boolean>> = {
  ...Object.fromEntries(['', '1', 't', 'T', 'true', 'TRUE', 'True'].map((text) => [text, true])),
  ...Object.fromEntries(['0', 'f', 'F', 'false', 'FALSE', 'False'].map((text) => [text, false])),
}

/** @throws Error that says which key or value is wrong. */
export function parseRuntimeConfig(text: string): RuntimeConfig {
  const config = new Map<string, boolean>()
  for (const pair of text.split(',')) {
    if (pair.trim() === '') continue
    const [given = '', value = ''] = pair.split('=', 2).map((part) => part.trim())
    const key = given === 'v1' ? 'api/v1' : given
    const truth = Object.hasOwn(truths, value) ? truths[value] : undefined
    checkKey(key)
    if (truth === undefined)
      throw new Error(
        `invalid value of ${key}: ${value}, err: strconv.ParseBool: parsing ${JSON.stringify(value)}: invalid syntax`,
      )
    config.set(key, truth)
  }
  for (const key of needed)
    if (config.get(key) === false) throw new Error(`${key}=false: this server needs ${key} itself`)
  if (config.size === 1 && config.get('api/all') === false)
    throw new Error('invalid runtime-config with only api/all=false')
  return config
}

function checkKey(key: string): void {
  if (Object.hasOwn(stages, key)) return
  const [group = '', version, resource, ...more] = key.split('/')
  if (version === undefined || more.length > 0) throw new Error(`runtime-config invalid key ${key}`)
  const versions = known.get(group === 'api' && version === 'v1' ? '' : group)
  if (versions === undefined) throw new Error(`unknown api groups ${key}`)
  if (!versions.has(version)) throw new Error(`group version ${key} that has not been registered`)
  if (resource !== undefined && resource !== resource.toLowerCase())
    throw new Error(
      `invalid key ${key}: group/version/resource and resource is always lowercase plural, not ${JSON.stringify(resource)}`,
    )
}

/** What is served, and what is known beside. */
export function pickResources(
  config: RuntimeConfig,
  { usual, optional }: { usual: readonly AnyDefinition[]; optional: readonly AnyDefinition[] },
): { served: AnyDefinition[]; unserved: AnyDefinition[] } {
  const isServed = ({ definition }: AnyDefinition, byDefault: boolean): boolean => {
    const { group, version, plural } = definition
    const apiVersion = group === '' ? `api/${version}` : apiVersionOf(definition)
    const byStage = Object.keys(stages)
      .filter((key) => config.has(key) && stages[key]?.test(version) === true)
      .map((key) => config.get(key))
      .at(-1)
    return config.get(`${apiVersion}/${plural}`) ?? config.get(apiVersion) ?? byStage ?? byDefault
  }
  const served = [...usual.filter((one) => isServed(one, true)), ...optional.filter((one) => isServed(one, false))]
  const isPicked = new Set(served)
  return { served, unserved: [...usual, ...optional].filter((one) => !isPicked.has(one)) }
}
