import { readFileSync } from 'node:fs'
import path from 'node:path'

/** A file that `npm run generate` made. Throws what to do when it is missing. */
export function readGenerated(name: string): Uint8Array {
  try {
    return readFileSync(path.join(import.meta.dirname, 'generated', name))
  } catch (error) {
    throw new Error(`generated/${name} is missing: run npm run generate`, { cause: error })
  }
}

/** The file of an OpenAPI 3.0 document, by the document's name ("apis/apps/v1"). */
export function documentFile(name: string): string {
  return `${name.replaceAll('/', '_')}.json`
}
