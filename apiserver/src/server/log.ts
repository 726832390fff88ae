/** What the server needs of a logger: winston's shape. */
export interface ServerLogger {
  debug(message: string, fields?: Record<string, unknown>): unknown
  info(message: string, fields?: Record<string, unknown>): unknown
  warn(message: string, fields?: Record<string, unknown>): unknown
  error(message: string, fields?: Record<string, unknown>): unknown
}

export const silentLog: ServerLogger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
