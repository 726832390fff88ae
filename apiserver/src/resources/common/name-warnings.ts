const longestLabel = 63

/**
 * Names that are no DNS labels are let through, but pods get their names and hostnames of them. `use` says whose:
 * "Pod names and hostnames".
 */
export function nameWarnings(name: string | undefined, use = 'Pod names and hostnames'): string[] {
  const problems = [
    ...((name ?? '').length > longestLabel ? [`must be no more than ${longestLabel} characters`] : []),
    ...((name ?? '').includes('.') ? ['must not contain dots'] : []),
  ]
  const told = `this is used in ${use}, which can result in surprising behavior; a DNS label is recommended`
  return problems.length === 0 ? [] : [`metadata.name: ${told}: [${problems.join(' ')}]`]
}
