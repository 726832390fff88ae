import { findTool, tryRun } from '@kapell/node-agent/runtime/exec'
import { findCniPlugins } from '@kapell/node-agent/runtime/host'
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'

/** A Debian package and how to see that what it brings is there, however it came. */
export interface SystemPackage {
  name: string
  /** What kapell uses it for, for people. */
  for: string
  present(): boolean
}

const tool = (name: string) => () => findTool(name) !== undefined

/** What a node needs of the system. */
export const runtimePackages: readonly SystemPackage[] = [
  { name: 'containerd', for: 'running containers', present: tool('containerd') },
  { name: 'runc', for: 'running containers', present: tool('runc') },
  { name: 'containernetworking-plugins', for: "pods' network", present: () => findCniPlugins() !== undefined },
  { name: 'nftables', for: 'Services', present: tool('nft') },
  { name: 'conntrack', for: 'Services over UDP', present: tool('conntrack') },
  { name: 'iproute2', for: 'network links and routes', present: tool('ip') },
  { name: 'haproxy', for: 'Ingresses', present: tool('haproxy') },
  { name: 'mount', for: 'volumes', present: tool('mount') },
  { name: 'busybox-static', for: "the example's image", present: tool('busybox') },
]

/** What the tests and the example need beyond that. */
export const testPackages: readonly SystemPackage[] = [
  ...runtimePackages,
  { name: 'etcd-server', for: 'the tests of the etcd store', present: tool('etcd') },
  { name: 'unzip', for: 'unpacking kubectl', present: tool('unzip') },
  { name: 'curl', for: 'asking Services', present: tool('curl') },
  { name: 'prometheus', for: 'the test of the monitoring chart', present: tool('prometheus') },
]

/** Names of the packages whose parts this machine lacks. */
export function missingPackages(wanted: readonly SystemPackage[] = runtimePackages): string[] {
  return wanted.filter((each) => !each.present()).map((each) => each.name)
}

export interface InstallOptions {
  /** Told every line, of ours and of apt-get's. */
  onLine?: (line: string) => void
  signal?: AbortSignal
  /** Replaces the running of a command, for tests. Answers the exit code. */
  execute?: (command: string, args: readonly string[], onLine: (line: string) => void) => Promise<number>
}

/**
 * Installs Debian packages without asking and without starting services they bring. Does nothing for an empty list.
 * Errors (one line): not root, no Debian, apt-get failed.
 */
export async function installPackages(names: readonly string[], options: InstallOptions = {}): Promise<void> {
  if (names.length === 0) return
  let lastError = ''
  const onLine = (line: string) => {
    // dpkg counts per cent while it reads its database: nothing for a log.
    if (line.startsWith('(Reading database')) return
    if (line.startsWith('E: ')) lastError = `: ${line.slice(3)}`
    options.onLine?.(line)
  }
  const advice = `install by hand: ${names.join(', ')}`
  if (process.getuid?.() !== 0) throw new Error(`installing packages needs root: run as root, or ${advice}`)
  const apt = findTool('apt-get')
  if (apt === undefined) throw new Error(`this is not Debian (no apt-get): ${advice}`)
  const execute = options.execute ?? ((command, args, line) => runInForeground(command, args, line, options.signal))
  const common = ['-q', '-o', 'DPkg::Lock::Timeout=120', '-o', 'Dpkg::Use-Pty=0']
  if (!(await listsKnow(names))) {
    onLine('apt-get update')
    const code = await execute(apt, [...common, 'update'], onLine)
    if (code !== 0) throw new Error(`apt-get update failed${lastError || ` with exit code ${code}`}; ${advice}`)
  }
  onLine(`apt-get install ${names.join(' ')}`)
  const noServices = await serviceGuard()
  try {
    const args = [...common, 'install', '-y', '--no-install-recommends', ...names]
    const code = await execute(apt, args, onLine)
    if (code !== 0) throw new Error(`apt-get install failed${lastError || ` with exit code ${code}`}; ${advice}`)
  } finally {
    await noServices.remove()
  }
}

/** Whether apt knows every package already, so that fetching the lists (seconds) can be left out. */
async function listsKnow(names: readonly string[]): Promise<boolean> {
  const lists = await readdir('/var/lib/apt/lists').catch(() => [])
  if (!lists.some((name) => name.endsWith('_Packages') || name.includes('_Packages.'))) return false
  const cache = findTool('apt-cache')
  if (cache === undefined) return false
  const known = await tryRun(cache, ['policy', ...names])
  return known.code === 0 && [...known.stdout.matchAll(/Candidate: (?!\(none\))\S+/g)].length === names.length
}

const policyFile = '/usr/sbin/policy-rc.d'
const policyMark = '# kapell: packages are installed without starting their services'

/** Debian asks this file before a package's script starts a service; 101 says no. One that is there is left alone. */
async function serviceGuard(): Promise<{ remove(): Promise<void> }> {
  const ours = async () => (await readFile(policyFile, 'utf8').catch(() => '')).includes(policyMark)
  if (existsSync(policyFile) && !(await ours())) return { remove: () => Promise.resolve() }
  const made = await writeFile(policyFile, `#!/bin/sh\n${policyMark}\nexit 101\n`, { mode: 0o755 }).then(
    () => true,
    () => false,
  )
  return {
    remove: async () => {
      if (made && (await ours())) await rm(policyFile)
    },
  }
}

function runInForeground(
  command: string,
  args: readonly string[],
  onLine: (line: string) => void,
  signal?: AbortSignal,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C', APT_LISTCHANGES_FRONTEND: 'none' },
      ...(signal === undefined ? {} : { signal }),
    })
    const splitter = () => {
      let rest = ''
      return {
        take: (chunk: Buffer) => {
          const lines = (rest + chunk.toString()).split(/[\r\n]+/)
          rest = (lines.pop() ?? '').slice(-4096)
          for (const line of lines) if (line.trim() !== '') onLine(line)
        },
      }
    }
    const [out, err] = [splitter(), splitter()]
    child.stdout.on('data', out.take)
    child.stderr.on('data', err.take)
    child.on('error', reject)
    child.on('close', (code) => resolve(code ?? 128))
  })
}

/** A step of bringing a machine up: installs what is missing and says what that was. */
export async function installMissing(report: (line: string) => void): Promise<string> {
  const missing = missingPackages()
  if (missing.length === 0) return 'nothing is missing'
  report(`installing ${missing.join(' ')}`)
  await installPackages(missing, { onLine: report })
  return `installed ${missing.join(' ')}`
}
