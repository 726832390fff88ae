import type { V1Ingress, V1IngressBackend, V1IngressRule } from '@kapell/openapi/types'
import type { RouteTable } from './routes.ts'

/** Rules as a test writes them: "shop.example/cart Exact" leads to Service "shop-cart". */
export const backendTo = (service: string, port: number | string = 80): V1IngressBackend => ({
  service: { name: service, port: typeof port === 'number' ? { number: port } : { name: port } },
})

export function ingress(
  name: string,
  rules: readonly (readonly [hostAndPath: string, pathType: string, service: string])[],
  more: Partial<NonNullable<V1Ingress['spec']>> = {},
  at = '2026-01-01T00:00:00Z',
): V1Ingress {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name, namespace: 'ns', uid: `uid-${name}`, creationTimestamp: at },
    spec: {
      ...(rules.length === 0 ? {} : { rules: rules.map(ruleOf) }),
      ...more,
    },
  }
}

function ruleOf([hostAndPath, pathType, service]: readonly [string, string, string]): V1IngressRule {
  const slash = hostAndPath.indexOf('/')
  const host = slash < 0 ? hostAndPath : hostAndPath.slice(0, slash)
  const path = slash < 0 ? undefined : hostAndPath.slice(slash)
  return {
    ...(host === '' ? {} : { host }),
    http: { paths: [{ ...(path === undefined ? {} : { path }), pathType, backend: backendTo(service) }] },
  }
}

/** Ingresses that hold every rule of precedence. */
export const routingIngresses: readonly V1Ingress[] = [
  ingress('a', [
    ['a.example/', 'Prefix', 'a-root'],
    ['a.example/foo', 'Exact', 'a-foo-exact'],
    ['a.example/foo', 'Prefix', 'a-foo'],
    ['a.example/foo/bar', 'Prefix', 'a-foo-bar'],
    ['a.example/slash/', 'Prefix', 'a-slash'],
    ['a.example/only/', 'Exact', 'a-only'],
    ['a.example/api(/|$)(.*)', 'ImplementationSpecific', 'a-regex'],
    ['a.example/für', 'Prefix', 'a-umlaut'],
  ]),
  ingress('wild', [
    ['*.example/', 'Prefix', 'wild-root'],
    ['*.example/foo', 'Prefix', 'wild-foo'],
    ['*.b.example/deep', 'Exact', 'wild-deep'],
  ]),
  ingress('bare', [['bare.example', 'ImplementationSpecific', 'bare']]),
  ingress('narrow', [['narrow.test/x', 'Prefix', 'narrow-x']], { defaultBackend: backendTo('narrow-rest') }),
  ingress('every', [
    ['/every', 'Prefix', 'every'],
    ['/every/exact', 'Exact', 'every-exact'],
  ]),
]

/** Host and path asked for, and the Service that must answer; undefined: nobody. */
export const routingCases: readonly [rule: string, host: string, path: string, service: string | undefined][] = [
  ['Exact goes before Prefix of the same length', 'a.example', '/foo', 'a-foo-exact'],
  ['Exact means no slash more', 'a.example', '/foo/', 'a-foo'],
  ['the longest Prefix goes first', 'a.example', '/foo/bar/x', 'a-foo-bar'],
  ['Prefix is by whole elements', 'a.example', '/foo/barn', 'a-foo'],
  ['and not by letters', 'a.example', '/foobar', 'a-root'],
  ['a slash at the end of a Prefix changes nothing', 'a.example', '/slash', 'a-slash'],
  ['nor one at the end of what is asked', 'a.example', '/slash/', 'a-slash'],
  ['Exact with a slash means that slash', 'a.example', '/only', 'a-root'],
  ['and has it', 'a.example', '/only/', 'a-only'],
  ['upper case is another path', 'a.example', '/FOO', 'a-root'],
  ['expressions are plain text', 'a.example', '/api/x', 'a-root'],
  ['which may be asked for', 'a.example', '/api(/|$)(.*)', 'a-regex'],
  ['text beyond ASCII is found as it is sent', 'a.example', '/f%C3%BCr/dich', 'a-umlaut'],
  ['the host has no case', 'A.Example', '/foo', 'a-foo-exact'],
  ['its port does not count', 'a.example:8443', '/foo', 'a-foo-exact'],
  ['nor a dot at its end', 'a.example.', '/foo', 'a-foo-exact'],
  ['the exact host goes before the wildcard', 'a.example', '/else', 'a-root'],
  ['a wildcard is one label', 'c.example', '/foo/1', 'wild-foo'],
  ['and not two', 'c.d.example', '/foo/1', undefined],
  ['nor none', 'example', '/foo', undefined],
  ['a wildcard further down', 'x.b.example', '/deep', 'wild-deep'],
  ['what it does not match goes nowhere else', 'x.b.example', '/deep/er', undefined],
  ['no path is every path', 'bare.example', '/any/thing', 'bare'],
  ['a rule before the default', 'narrow.test', '/x/y', 'narrow-x'],
  ['the default of an Ingress is for its hosts', 'narrow.test', '/y', 'narrow-rest'],
  ['and for no other', 'other.test', '/y', undefined],
  ['no host is every host', 'other.test', '/every/1', 'every'],
  ['Exact there, too', 'other.test', '/every/exact', 'every-exact'],
  ['a rule without host goes before a default', 'narrow.test', '/every', 'every'],
  ['but after any rule of the host', 'a.example', '/every', 'a-root'],
  ['no host at all is such a host', '', '/every', 'every'],
  ['and has only those rules', '', '/foo', undefined],
]

/** Where a request goes: what the proxy's look-ups do, in the same order. */
export function resolve(table: RouteTable, host: string, path: string): string | undefined {
  const name = host.toLowerCase().replace(/:\d+$/, '').replace(/\.$/, '')
  const wild = name.replace(/^[^.]*/, '*')
  const longest = (text: string): string | undefined =>
    [...table.prefix.keys()].filter((key) => text.startsWith(key)).sort((a, b) => b.length - a.length)[0]
  for (const each of name === '' ? [''] : [name, wild, '']) {
    const exact = table.exact.get(each + path)
    if (exact !== undefined) return exact
    const prefix = longest(`${each}${path}/`)
    if (prefix !== undefined) return table.prefix.get(prefix)
  }
  return table.defaults.get(name) ?? table.defaults.get(wild) ?? table.defaults.get('')
}
