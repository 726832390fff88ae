import { invalid, type FieldError } from '@kapell/openapi/meta/field-errors'

/** What a namespace's labels ask of its pods. Source: "Pod Security Admission". */
export type Level = 'privileged' | 'baseline' | 'restricted'

export interface LevelVersion {
  level: Level
  /** "latest" or "v1.30". */
  version: string
}

export type Mode = 'enforce' | 'audit' | 'warn'

const levels: readonly string[] = ['privileged', 'baseline', 'restricted']
const modes: readonly Mode[] = ['enforce', 'audit', 'warn']
const prefix = 'pod-security.kubernetes.io/'
const versionPattern = /^(latest|v1\.(0|[1-9]\d*))$/

type Labels = Readonly<Record<string, string>> | undefined

const keys = Object.fromEntries(
  modes.map((mode) => [mode, { level: `${prefix}${mode}`, version: `${prefix}${mode}-version` }]),
) as Record<Mode, { level: string; version: string }>

export function policyOf(labels: Labels, mode: Mode): LevelVersion {
  const level = labels?.[keys[mode].level] ?? 'privileged'
  const version = labels?.[keys[mode].version] ?? 'latest'
  return {
    // A label that slipped in before it was checked is taken for the strictest.
    level: levels.includes(level) ? (level as Level) : 'restricted',
    version: versionPattern.test(version) ? version : 'latest',
  }
}

export const titleOf = ({ level, version }: LevelVersion): string => `${level}:${version}`

export function labelErrors(labels: Labels): FieldError[] {
  return modes.flatMap((mode) => {
    const errors: FieldError[] = []
    const level = labels?.[`${prefix}${mode}`]
    const version = labels?.[`${prefix}${mode}-version`]
    if (level !== undefined && !levels.includes(level)) {
      errors.push(invalid(`metadata.labels[${prefix}${mode}]`, level, `must be one of ${levels.join(', ')}`))
    }
    if (version !== undefined && !versionPattern.test(version)) {
      errors.push(invalid(`metadata.labels[${prefix}${mode}-version]`, version, 'must be "latest" or "v1.x"'))
    }
    return errors
  })
}

/** Whether pods that were allowed before may not be now. */
export function isStricter(next: LevelVersion, previous: LevelVersion): boolean {
  if (next.level === 'privileged') return false
  return levels.indexOf(next.level) > levels.indexOf(previous.level) || next.version !== previous.version
}
