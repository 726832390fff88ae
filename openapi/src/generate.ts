import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/**
 * `npm run generate`: builds `generated/` from the client's models and our tables. Does nothing, fast, when neither
 * those nor this code have changed since the last time.
 */
const here = import.meta.dirname
const out = path.join(here, 'generated')
const inputFolders = ['facts', 'documents']

function readOr(file: string, otherwise: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return otherwise
  }
}

/** The nearest package.json of a dependency, for its version. */
function manifestOf(dependency: string): string {
  for (let folder = here; folder !== path.dirname(folder); folder = path.dirname(folder)) {
    const text = readOr(path.join(folder, 'node_modules', dependency, 'package.json'), '')
    if (text !== '') return text
  }
  throw new Error(`${dependency} is not installed: run npm ci first`)
}

function inputsHash(): string {
  const hash = createHash('sha256')
  for (const folder of inputFolders) {
    for (const name of readdirSync(path.join(here, folder)).sort()) {
      if (!name.endsWith('.test.ts')) hash.update(name).update(readFileSync(path.join(here, folder, name)))
    }
  }
  hash.update(readFileSync(import.meta.filename))
  for (const dependency of ['@kubernetes/client-node', 'openapi-typescript', 'typescript']) {
    hash.update((JSON.parse(manifestOf(dependency)) as { version: string }).version)
  }
  return hash.digest('hex')
}

/** Readers never see half a file. */
function write(name: string, content: string | Uint8Array): void {
  const file = path.join(out, name)
  mkdirSync(path.dirname(file), { recursive: true })
  const temporary = `${file}.${process.pid}.tmp`
  writeFileSync(temporary, content)
  renameSync(temporary, file)
}

const hash = inputsHash()
if (readOr(path.join(out, 'inputs.sha256'), '') !== hash) {
  const { generateAll } = await import('./documents/generate-all.ts')
  for (const [name, content] of await generateAll()) write(name, content)
  write('inputs.sha256', hash)
}
