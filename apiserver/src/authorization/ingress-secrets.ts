import type { V1Ingress, V1IngressClass } from '@kapell/openapi/types'
import type { ObjectAccess } from '../registry/services.ts'

/** The controller of classes whose Ingresses the nodes themselves serve. */
const servedByNodes = 'kapell.io/ingress'
const classAnnotation = 'kubernetes.io/ingress.class'

/**
 * Secrets with certificates that every node needs, since each of them serves every Ingress of our classes. Nodes of
 * clusters where another program serves Ingresses see none of them.
 */
export class IngressSecrets {
  readonly #classes = new Map<string, boolean>()
  readonly #ingresses = new Map<string, { className: string; secrets: readonly string[] }>()
  readonly #users = new Map<string, Set<string>>()

  constructor(objects: Pick<ObjectAccess, 'follow'>) {
    const group = 'networking.k8s.io'
    objects.follow<V1IngressClass>({ group, plural: 'ingressclasses' }, (key, found) => {
      if (found === undefined) this.#classes.delete(key)
      else this.#classes.set(key, found.spec?.controller === servedByNodes)
    })
    objects.follow<V1Ingress>({ group, plural: 'ingresses' }, (key, ingress) => this.#set(key, ingress))
  }

  /** `secret` is "namespace/name". */
  has(secret: string): boolean {
    for (const key of this.#users.get(secret) ?? [])
      if (this.#classes.get(this.#ingresses.get(key)?.className ?? '') === true) return true
    return false
  }

  #set(key: string, ingress: V1Ingress | undefined): void {
    for (const secret of this.#ingresses.get(key)?.secrets ?? []) {
      const users = this.#users.get(secret)
      users?.delete(key)
      if (users?.size === 0) this.#users.delete(secret)
    }
    this.#ingresses.delete(key)
    const { namespace = '', annotations } = ingress?.metadata ?? {}
    const className = ingress?.spec?.ingressClassName ?? annotations?.[classAnnotation]
    const secrets = (ingress?.spec?.tls ?? []).flatMap(({ secretName }) =>
      secretName === undefined || secretName === '' ? [] : [`${namespace}/${secretName}`],
    )
    if (className === undefined || secrets.length === 0) return
    this.#ingresses.set(key, { className, secrets })
    for (const secret of secrets) this.#users.set(secret, (this.#users.get(secret) ?? new Set()).add(key))
  }
}
