import { X509Certificate } from 'node:crypto'
import type { Clock } from '@kapell/controllers/machinery/clock'
import { errorText, type Logger } from '@kapell/controllers/machinery/log'
import type { CertificatePair } from './request.ts'

export interface RotationOptions {
  /** For the log: "client certificate". */
  what: string
  current: CertificatePair
  /** A new one. */
  renew(signal: AbortSignal): Promise<CertificatePair>
  /** Keeps it for the next start. */
  save(pair: CertificatePair): Promise<void>
  clock: Clock
  random?: () => number
  log: Logger
  signal: AbortSignal
}

/** A certificate that is renewed before it ends. */
export interface KeptCertificate {
  /** The same object until it is renewed. */
  current(): CertificatePair
  /** Calls back with each new one. */
  onRenewed(apply: (pair: CertificatePair) => void): void
}

const firstRetryMs = 2000
const longestRetryMs = 5 * 60_000
/** However short a life the signer gives, it is not asked more often. */
const shortestMs = 60_000
/** So long one request may wait for its answer. */
const answerMs = 15 * 60_000

/**
 * When to renew: at 70 to 90 % of its life, so that many nodes do not ask at once. In milliseconds since the epoch.
 * Source: "Configure Certificate Rotation for the Kubelet".
 */
export function renewAtMs(cert: string, random: number): number {
  const { validFromDate, validToDate } = new X509Certificate(cert)
  const from = validFromDate.getTime()
  return from + (validToDate.getTime() - from) * (0.7 + 0.2 * random)
}

export function keepCertificate(options: RotationOptions): KeptCertificate {
  const { what, clock, log, signal, random = Math.random } = options
  let { current } = options
  const appliers = new Set<(pair: CertificatePair) => void>()

  const renewOnce = async (): Promise<void> => {
    const next = await options.renew(AbortSignal.any([signal, AbortSignal.timeout(answerMs)]))
    current = next
    for (const apply of appliers) apply(next)
    log.info(`${what}: renewed, good until ${new X509Certificate(next.cert).validToDate.toISOString()}`)
    // In use already: what cannot be kept is asked for again at the next start.
    await options.save(next).catch((error: unknown) => log.error(`${what} cannot be kept: ${errorText(error)}`))
  }
  const loop = async (): Promise<void> => {
    let retryMs = 0
    let leastMs = 0
    while (!signal.aborted) {
      const dueMs = renewAtMs(current.cert, random()) - clock.now().getTime()
      await clock.sleep(retryMs === 0 ? Math.max(leastMs, dueMs) : retryMs, signal)
      if (signal.aborted) return
      try {
        await renewOnce()
        retryMs = 0
        leastMs = shortestMs
      } catch (error) {
        if (signal.aborted) return
        log.warn(`${what} cannot be renewed yet: ${errorText(error)}`)
        retryMs = Math.min(Math.max(firstRetryMs, retryMs * 2), longestRetryMs)
      }
    }
  }
  loop().catch((error: unknown) => log.error(`${what} is not renewed any more: ${errorText(error)}`))
  return {
    current: () => current,
    onRenewed: (apply) => void appliers.add(apply),
  }
}
