import { readFileSync } from 'node:fs'
import { UserError } from './errors.ts'

/** The text of a file that a flag names. @throws UserError when it cannot be read or holds no such PEM block. */
export function readPem(flag: string, file: string, what: 'certificate' | 'private key'): string {
  let text = ''
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new UserError(`${flag}: ${(error as Error).message}`, { cause: error })
  }
  const block = what === 'certificate' ? /-----BEGIN CERTIFICATE-----/ : /-----BEGIN ([A-Z0-9]+ )*PRIVATE KEY-----/
  if (!block.test(text)) throw new UserError(`${flag}: ${file} holds no ${what} in PEM`)
  return text
}
