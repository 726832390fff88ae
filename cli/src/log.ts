import { join } from 'node:path'
import winston from 'winston'
import type { Logger } from '@kapell/controllers/machinery/log'

/**
 * Structured logs: JSON lines in `<data-dir>/log/kapell.log` (10 MiB, three files), and on stderr what the level lets
 * through. Quiet by default: the terminal belongs to the progress display.
 */
export function createLogger(options: {
  dataDir: string
  level: 'debug' | 'info' | 'warn' | 'error'
}): Logger & { close(): Promise<void> } {
  const fileLevel = options.level === 'debug' ? 'debug' : 'info'
  const logger = winston.createLogger({
    level: fileLevel,
    format: winston.format.combine(winston.format.timestamp(), winston.format.errors({ stack: true })),
    transports: [
      new winston.transports.File({
        filename: join(options.dataDir, 'log', 'kapell.log'),
        maxsize: 10 << 20,
        maxFiles: 3,
        tailable: true,
        format: winston.format.json(),
      }),
      new winston.transports.Console({
        level: options.level,
        stderrLevels: ['debug', 'info', 'warn', 'error'],
        format: winston.format.printf(({ timestamp, level, message, ...fields }) => {
          const more = Object.keys(fields).length === 0 ? '' : ` ${JSON.stringify(fields)}`
          return `${String(timestamp)} ${level} ${String(message)}${more}`
        }),
      }),
    ],
  })
  let closed = false
  const write =
    (level: string) =>
    (message: string, fields?: Record<string, unknown>): void => {
      // What still runs while the process ends may have something to say: too late.
      if (!closed) logger.log(level, message, fields)
    }
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    close: () =>
      new Promise((resolve) => {
        closed = true
        logger.on('finish', resolve)
        logger.end()
      }),
  }
}
