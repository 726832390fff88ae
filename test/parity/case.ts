/**
 * A parity case: requests in order, each with the answer that the original gave. The same shape is replayed against
 * ours in CI and asked again of a live original by `npm run parity -- --record`.
 *
 * Strings may hold `{{ns}}` (a namespace made for the case), `{{id}}` (a unique DNS label), `{{cap.X}}` (a value
 * captured from an earlier answer) and `{{q:X}}` (the same, percent-encoded).
 */
export interface ParityRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'HEAD' | 'OPTIONS'
  path: string
  headers?: Record<string, string>
  body?: unknown
  rawBody?: string
  /** Puts `char` × `times` where the body (its own, if it has one) says "@FILL@": bodies too big to write down. */
  fill?: { char: string; times: number; body?: unknown }
  /** Without credentials. */
  anonymous?: boolean
}

/** As normalized by {@link Normalizer}; a failure Status is laid flat. */
export interface ParityAnswer {
  code: number
  reason?: string
  message?: string
  details?: unknown
  body?: unknown
  text?: string
  contentType?: string
  warnings?: string[]
}

export interface ParityStep {
  request: ParityRequest
  /** Only prepares: just its code is compared. */
  setup?: boolean
  codeOnly?: boolean
  /** Paths into the answer's body, by the name to remember them under. */
  capture?: Record<string, string>
  /** Repeat until the answer's code or text is as wanted. */
  until?: { code?: number; has?: string; hasNot?: string; seconds?: number }
  /** Body paths left out of the comparison. */
  ignore?: string[]
  waitMs?: number
  response?: ParityAnswer
}

export interface ParityCase {
  steps: ParityStep[]
  nsLabels?: Record<string, string>
  noServiceAccount?: boolean
  /** Keeps nothing: may be asked in one namespace with others of its sort, which saves making one. */
  keepsNothing?: boolean
  /** 'managedFields' keeps what is dropped otherwise, 'storageVersionHash' what is masked. */
  keep?: string[]
}

export type ParityCases = Record<string, ParityCase>

/** Sends one request to the server under question, as a member of system:masters unless anonymous. */
export type Send = (request: {
  method: string
  path: string
  headers: Record<string, string>
  body?: Uint8Array
  anonymous: boolean
}) => Promise<{ code: number; headers: Record<string, string>; bytes: Uint8Array }>
