import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { CertificatePair } from './request.ts'

/** A certificate and its key in one file, so that they are replaced in one go; only the owner may read it. */
export async function writePair(path: string, { cert, key }: CertificatePair): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  await writeFile(`${path}.new`, `${cert.trim()}\n${key.trim()}\n`, { mode: 0o600 })
  await rename(`${path}.new`, path)
}

/** Undefined when there is none. */
export async function readPair(path: string): Promise<CertificatePair | undefined> {
  let text = ''
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  const blocks = text.match(/-----BEGIN ([A-Z ]+)-----[^-]+-----END \1-----/g) ?? []
  const key = blocks.find((block) => block.includes('PRIVATE KEY'))
  const certs = blocks.filter((block) => block.includes('BEGIN CERTIFICATE'))
  return key === undefined || certs.length === 0 ? undefined : { cert: `${certs.join('\n')}\n`, key: `${key}\n` }
}

export async function removePair(path: string): Promise<void> {
  await rm(path, { force: true })
}
