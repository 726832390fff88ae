import type { V1Ingress, V1IngressClass } from '@kapell/openapi/types'
import type { ObjectAccess } from '../registry/services.ts'
import { IngressSecrets } from './ingress-secrets.ts'

/** Caches that tell of what a test says. */
function world() {
  const followers = new Map<string, (key: string, object: never) => void>()
  const follow = (({ plural }: { plural: string }, tell: (key: string, object: never) => void) => {
    followers.set(plural, tell)
  }) as unknown as ObjectAccess['follow']
  const secrets = new IngressSecrets({ follow })
  return {
    secrets,
    ingress: (key: string, ingress: V1Ingress | undefined) => followers.get('ingresses')!(key, ingress as never),
    className: (name: string, found: V1IngressClass | undefined) =>
      followers.get('ingressclasses')!(name, found as never),
  }
}
const tls = (secretName: string, ingressClassName = 'kapell'): V1Ingress => ({
  metadata: { namespace: 'a' },
  spec: { ingressClassName, tls: [{ secretName }] },
})

it('nodes may read the certificates of Ingresses that they serve, as long as they do', () => {
  const { secrets, ingress, className } = world()
  ingress('a/one', tls('cert'))
  expect(secrets.has('a/cert')).toBe(false)
  className('kapell', { spec: { controller: 'kapell.io/ingress' } })
  className('nginx', { spec: { controller: 'k8s.io/ingress-nginx' } })
  expect(secrets.has('a/cert')).toBe(true)
  expect(secrets.has('a/other')).toBe(false)
  expect(secrets.has('b/cert')).toBe(false)
  ingress('a/two', tls('theirs', 'nginx'))
  expect(secrets.has('a/theirs')).toBe(false)
  ingress('a/three', tls('cert'))
  ingress('a/one', tls('next'))
  expect([secrets.has('a/cert'), secrets.has('a/next')]).toEqual([true, true])
  ingress('a/three', undefined)
  expect(secrets.has('a/cert')).toBe(false)
  className('kapell', undefined)
  expect(secrets.has('a/next')).toBe(false)
})
