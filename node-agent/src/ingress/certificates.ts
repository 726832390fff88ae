import { keyOf } from '@kapell/controllers/machinery/store'
import type { V1Ingress, V1Secret } from '@kapell/openapi/types'
import { X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import { byAge } from './routes.ts'

/** A Secret with a certificate, and the hosts it is for; none: those that it names itself. */
export interface CertificateWish {
  ingress: V1Ingress
  namespace: string
  secret: string
  hosts: readonly string[]
}

/** The certificates that Ingresses ask for; of two for one host the older Ingress has its way. */
export function certificateWishes(ingresses: readonly V1Ingress[]): CertificateWish[] {
  const taken = new Set<string>()
  return byAge(ingresses).flatMap((ingress) =>
    (ingress.spec?.tls ?? []).flatMap(({ hosts = [], secretName = '' }) => {
      if (secretName === '') return []
      const own = [...new Set(hosts)].filter((host) => !taken.has(host))
      for (const host of own) taken.add(host)
      if (own.length === 0 && hosts.length > 0) return []
      return [{ ingress, namespace: ingress.metadata?.namespace ?? '', secret: secretName, hosts: own }]
    }),
  )
}

/** So many bytes of PEM are enough for any chain. */
const maxBytes = 256 * 1024
const blocks = (text: string, label: RegExp): string[] =>
  [...text.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----[^-]*-----END \1-----/g)]
    .filter(([, name]) => label.test(name!))
    .map(([block]) => block)

/** Chain and key of a Secret in one PEM text, or what is wrong with them, in words for an event. */
export function readCertificate(
  secret: V1Secret | undefined,
  wish: Pick<CertificateWish, 'namespace' | 'secret'>,
): { pem: string } | { problem: string } {
  const named = `Secret "${wish.namespace}/${wish.secret}"`
  if (secret === undefined) return { problem: `${named} does not exist` }
  const text = (name: string): string => Buffer.from(secret.data?.[name] ?? '', 'base64').toString('latin1')
  const [crt, key] = [text('tls.crt'), text('tls.key')]
  if (crt === '' || key === '') return { problem: `${named} holds no "tls.crt" and "tls.key"` }
  if (crt.length + key.length > maxBytes) return { problem: `${named} holds more than a certificate` }
  const chain = blocks(crt, /^CERTIFICATE$/)
  const [privateKey] = blocks(key, /PRIVATE KEY$/)
  if (chain.length === 0) return { problem: `"tls.crt" of ${named} holds no certificate in PEM` }
  if (privateKey === undefined) return { problem: `"tls.key" of ${named} holds no private key in PEM` }
  try {
    for (const each of chain) new X509Certificate(each)
    // Whether the key belongs to it, and whether both are strong enough to be taken.
    createSecureContext({ cert: chain.join('\n'), key: privateKey })
  } catch (error) {
    return { problem: `the certificate of ${named} cannot be used: ${(error as Error).message}` }
  }
  return { pem: `${[...chain, privateKey].join('\n')}\n` }
}

export const hostsText = ({ hosts, ingress }: CertificateWish): string =>
  hosts.length > 0 ? hosts.map((host) => `"${host}"`).join(', ') : `hosts of Ingress "${keyOf(ingress)}"`
