/** Numbers of HTTP/2. Source: RFC 9113, sections 6 and 7. */

export const frameType = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const

export const flag = { endStream: 0x1, ack: 0x1, endHeaders: 0x4, padded: 0x8, priority: 0x20 } as const

export const setting = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
} as const

export const errorCode = {
  none: 0,
  protocol: 1,
  internal: 2,
  flowControl: 3,
  streamClosed: 5,
  frameSize: 6,
  refusedStream: 7,
  cancel: 8,
  compression: 9,
  enhanceYourCalm: 11,
} as const

export type ErrorCode = (typeof errorCode)[keyof typeof errorCode]

/** What a client sends first, before any frame. */
export const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')

export const frameHeadBytes = 9
/** Flow-control windows before anybody says otherwise. */
export const defaultWindow = 65_535
export const largestWindow = 2 ** 31 - 1
export const defaultFrameBytes = 16_384
export const largestFrameBytes = 2 ** 24 - 1

/** The client broke the protocol in a way that ends the connection. */
export class ConnectionError extends Error {
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string) {
    super(message)
    this.code = code
  }
}

/** The client broke the protocol in a way that ends one stream. */
export class StreamError extends Error {
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string) {
    super(message)
    this.code = code
  }
}

export const protocolError = (message: string): ConnectionError => new ConnectionError(errorCode.protocol, message)
