import { errorText, type Logger } from '@kapell/controllers/machinery/log'
import type { V1Ingress } from '@kapell/openapi/types'
import { createHash } from 'node:crypto'
import type { ObjectSource } from '../pods/deps.ts'
import { certificateWishes, hostsText, readCertificate, type CertificateWish } from './certificates.ts'
import type { Problem } from './routes.ts'

/** A certificate with its key as the proxy loads it; the name follows from the content. */
export interface CertificateFile {
  file: string
  hosts: readonly string[]
  pem: string
}

export interface CertificateSource {
  /** Those of these Ingresses; what is wrong with any goes to `problems`. Each Secret is watched while it is asked for. */
  read(ingresses: readonly V1Ingress[], problems: Problem[]): Promise<CertificateFile[]>
  /** The proxy cannot take this one: from now on its hosts have the default certificate. */
  refuse(file: string): void
  close(): void
}

/** An API that does not answer is asked again after this. */
const againMs = 1000

export function createCertificateSource(options: {
  secrets: Pick<ObjectSource, 'secret' | 'release'>
  log: Logger
  /** What was read may be otherwise now. */
  changed(): void
}): CertificateSource {
  const { secrets, log } = options
  let watched = new Set<string>()
  /** By "namespace/secret": served on while the API does not say. */
  const lastGood = new Map<string, string>()
  const refused = new Set<string>()
  let retry: NodeJS.Timeout | undefined

  const uidOf = (wish: CertificateWish): string => `${wish.ingress.metadata?.uid ?? ''} ${wish.secret}`
  const pemOf = async (wish: CertificateWish, problem: (text: string) => void): Promise<string | undefined> => {
    const id = `${wish.namespace}/${wish.secret}`
    try {
      const secret = await secrets.secret({ namespace: wish.namespace, name: wish.secret, uid: uidOf(wish) })
      const read = readCertificate(secret, wish)
      if ('problem' in read) {
        lastGood.delete(id)
        problem(read.problem)
        return undefined
      }
      lastGood.set(id, read.pem)
    } catch (error) {
      // The server may not know yet that this node is to have it.
      log.debug(`the certificate ${id}: ${errorText(error)}`)
      retry ??= setTimeout(() => {
        retry = undefined
        options.changed()
      }, againMs)
    }
    return lastGood.get(id)
  }

  return {
    read: async (ingresses, problems) => {
      const wishes = certificateWishes(ingresses)
      const now = new Set(wishes.map(uidOf))
      for (const uid of watched) if (!now.has(uid)) secrets.release(uid)
      watched = now
      const ids = new Set(wishes.map(({ namespace, secret }) => `${namespace}/${secret}`))
      for (const id of lastGood.keys()) if (!ids.has(id)) lastGood.delete(id)
      const found = await Promise.all(
        wishes.map(async (wish): Promise<CertificateFile[]> => {
          const problem = (text: string): void =>
            void problems.push({
              ingress: wish.ingress,
              reason: 'InvalidCertificate',
              message: `${text}: the default certificate is served for ${hostsText(wish)}`,
            })
          const pem = await pemOf(wish, problem)
          if (pem === undefined) return []
          const file = `${createHash('sha256').update(pem).digest('hex').slice(0, 24)}.pem`
          if (!refused.has(file)) return [{ file, hosts: wish.hosts, pem }]
          problem(`the proxy cannot use the certificate of Secret "${wish.namespace}/${wish.secret}"`)
          return []
        }),
      )
      return found.flat()
    },
    refuse: (file) => {
      // One a version of a Secret at most: the oldest are past by then.
      if (refused.size >= 1000) refused.clear()
      refused.add(file)
    },
    close: () => {
      clearTimeout(retry)
      for (const uid of watched) secrets.release(uid)
      watched = new Set()
    },
  }
}
