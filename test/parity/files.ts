import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ParityCases } from './case.ts'

export const recordedDir = fileURLToPath(new URL('./recorded/', import.meta.url))

export function recordedFiles(): { name: string; path: string }[] {
  return readdirSync(recordedDir)
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) => ({ name: basename(file, '.json'), path: join(recordedDir, file) }))
}

/** What a server serves that the cases of a file are asked of; undefined: the usual. */
export const runtimeConfigOf = (name: string): string | undefined => (name === 'optional' ? 'api/all=true' : undefined)

export function readCases(path: string): ParityCases {
  return JSON.parse(readFileSync(path, 'utf8')) as ParityCases
}

/** A case a line, so that a changed answer shows as one changed line. */
export function formatCases(cases: ParityCases): string {
  const lines = Object.entries(cases).map(([name, kase]) => `${JSON.stringify(name)}: ${JSON.stringify(kase)}`)
  return `{\n${lines.join(',\n')}\n}\n`
}

/** The cases that `differences.md` admits, as "file: case". */
export function admittedDifferences(): ReadonlySet<string> {
  const text = readFileSync(new URL('./differences.md', import.meta.url), 'utf8')
  return new Set([...text.matchAll(/^\| ([a-z-]+: .*?) +\|/gm)].map((match) => (match[1] ?? '').trim()))
}
