import { parseRuntimeConfig, pickResources } from './runtime-config.ts'
import { resources } from './resources/index.ts'
import { optionalResources } from './resources/optional.ts'

const served = (text: string): Set<string> => {
  const picked = pickResources(parseRuntimeConfig(text), { usual: resources, optional: optionalResources }).served
  return new Set(picked.map(({ definition: d }) => [d.group, d.version, d.plural].join('/')))
}
const usual = served('')

describe('--runtime-config', () => {
  it.each<[text: string, more: string[], fewer: string[]]>([
    ['', [], []],
    ['storage.k8s.io/v1beta1=true', ['storage.k8s.io/v1beta1/volumeattributesclasses'], []],
    ['storage.k8s.io/v1beta1', ['storage.k8s.io/v1beta1/volumeattributesclasses'], []],
    ['networking.k8s.io/v1beta1/ipaddresses=true', ['networking.k8s.io/v1beta1/ipaddresses'], []],
    [
      'api/alpha=true,resource.k8s.io/v1alpha3=false,admissionregistration.k8s.io/v1alpha1=0,internal.apiserver.k8s.io/v1alpha1=f',
      ['coordination.k8s.io/v1alpha2/leasecandidates'],
      [],
    ],
    ['batch/v1/cronjobs=false', [], ['batch/v1/cronjobs']],
    ['v1=true,api/v1/podtemplates=false', [], ['/v1/podtemplates']],
    ['api/all=true,api/beta=false,api/alpha=false', [], []],
  ])('%s', (text, more, fewer) => {
    const now = served(text)
    expect([...now].filter((one) => !usual.has(one))).toEqual(more)
    expect([...usual].filter((one) => !now.has(one))).toEqual(fewer)
  })

  it('serves everything', () => {
    expect(served('api/all=true').size).toBe(resources.length + optionalResources.length)
  })

  it.each([
    ['foo=true', 'runtime-config invalid key foo'],
    ['foo/v1=true', 'unknown api groups foo/v1'],
    ['api/foo=true', 'unknown api groups api/foo'],
    ['apps/v2=true', 'group version apps/v2 that has not been registered'],
    ['apps/v1=banana', 'invalid value of apps/v1: banana, err: strconv.ParseBool: parsing "banana": invalid syntax'],
    [
      'networking.k8s.io/v1beta1/IpAddresses=true',
      'invalid key networking.k8s.io/v1beta1/IpAddresses: group/version/resource and resource is always lowercase plural, not "IpAddresses"',
    ],
    ['api/all=false', 'invalid runtime-config with only api/all=false'],
    ['rbac.authorization.k8s.io/v1=false', /needs rbac.authorization.k8s.io\/v1 itself/],
    ['__proto__=true', 'runtime-config invalid key __proto__'],
    ['apps/v1=constructor', /^invalid value of apps\/v1: constructor/],
  ])('refuses %s', (text, why) => {
    expect(() => parseRuntimeConfig(text)).toThrow(why)
  })
})
