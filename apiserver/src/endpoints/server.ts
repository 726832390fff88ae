import type { AdmissionChain } from '../registry/admission-chain.ts'
import type { ResourceTable } from '../registry/resource-table.ts'
import type { Services } from '../registry/services.ts'
import type { ServerLogger } from '../server/log.ts'

/** What the endpoints share: everything a handler may use of the server. */
export interface EndpointServer {
  table: ResourceTable
  services: Services
  admission: AdmissionChain
  now: () => Date
  log: ServerLogger
  watch: {
    /** How often a quiet watch that takes bookmarks gets one, milliseconds. */
    bookmarkEveryMs: number
    /** Watches that name no timeout end after one to two times this, seconds. */
    minTimeoutSeconds: number
  }
  /** Aborts when the server shuts down: every stream ends. */
  closing: AbortSignal
}
