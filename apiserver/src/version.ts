/** What this server says it is: the Kubernetes release it serves, and the round of ours. */
export const gitVersion = 'v1.36.3+kapell.1'

/** The answer of /version. */
export function versionInfo(): Record<string, string> {
  const platform = { x64: 'amd64', arm64: 'arm64' }[process.arch as string] ?? process.arch
  return {
    major: '1',
    minor: '36',
    emulationMajor: '1',
    emulationMinor: '36',
    minCompatibilityMajor: '1',
    minCompatibilityMinor: '35',
    gitVersion,
    gitCommit: '',
    gitTreeState: '',
    buildDate: '1970-01-01T00:00:00Z',
    goVersion: '',
    compiler: `node ${process.version}`,
    platform: `${process.platform}/${platform}`,
  }
}
