import { createHash } from 'node:crypto'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from '../support/kapell.ts'

/** The programs that check a server through official client libraries: what each needs, and how it is built. */
export interface Program {
  client: string
  /** What has to be on the machine, each with a command that succeeds where it is. */
  needs: readonly { name: string; probe: readonly [string, ...string[]] }[]
  /** Builds it, or finds it built, and gives the command. Arguments follow. */
  build(): Promise<readonly string[]>
  args: readonly string[]
  checks: readonly string[]
  /** Checks of what streams to and from a pod: the command, followed by a namespace and by `after`. */
  streams?: { build(): Promise<readonly string[]>; after?: readonly string[] }
}

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
/** Ignored by git. Downloads stay where each language's own tool keeps them, for all its projects. */
const cache = here('../../../node_modules/.cache/clients')
const buildTimeoutMs = 600_000

async function must(command: readonly [string, ...string[]], env: NodeJS.ProcessEnv = {}): Promise<void> {
  const [program, ...args] = command
  const ran = await run(program, args, { env, timeoutMs: buildTimeoutMs })
  if (ran.code !== 0) throw new Error(`${command.join(' ')} exited with ${ran.code}:\n${ran.stderr}${ran.stdout}`)
}

/** Of a file, or of all files in a folder. */
function digest(source: string): string {
  const hash = createHash('sha256')
  const files = statSync(source).isDirectory()
    ? readdirSync(source, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => join(parentPath, name))
    : [source]
  for (const file of files.sort()) hash.update(file.slice(source.length)).update(readFileSync(file))
  return hash.digest('hex').slice(0, 16)
}

/** Builds into a folder of the cache, unless that was done already from the same sources. */
export async function built(name: string, sources: string, build: (output: string) => Promise<void>): Promise<string> {
  const output = join(cache, name)
  const stamp = join(output, '.built')
  const wanted = digest(sources)
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return output
  rmSync(output, { recursive: true, force: true })
  mkdirSync(output, { recursive: true })
  await build(output)
  writeFileSync(stamp, wanted)
  return output
}

export const python3 = {
  name: 'python3 with venv',
  probe: ['python3', '-c', 'import ensurepip, venv, sys; sys.exit(sys.version_info < (3, 10))'],
} as const

/** A virtual environment with what `directory`/requirements.txt pins; resolves with its folder. */
export function pythonEnvironment(name: string, directory: string): Promise<string> {
  const requirements = join(directory, 'requirements.txt')
  return built(name, requirements, async (output) => {
    await must(['python3', '-m', 'venv', output])
    await must([join(output, 'bin/pip'), 'install', '--quiet', '--no-deps', '--requirement', requirements])
  })
}

/** What of a program's needs this machine lacks. */
export function lacking({ needs }: Pick<Program, 'needs'>): string[] {
  return needs
    .filter(({ probe: [program, ...args] }) => spawnSync(program, args, { stdio: 'ignore' }).status !== 0)
    .map(({ name }) => name)
}

/** What every client does. */
const common = [
  'discovery',
  'create',
  'update',
  'list-pages',
  'patch-json',
  'patch-merge',
  'patch-strategic',
  'apply',
  'apply-conflict',
  'delete',
  'delete-collection',
  'custom-resource',
  'watch-through-restart',
]

/** What every client does with a pod. */
export const streamChecks = ['log', 'log-follow', 'exec', 'exec-fails', 'exec-stdin', 'port-forward', 'copy']

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => (made ??= make())
}

const goProgram = once(async () => {
  const output = await built('go', here('go'), (folder) =>
    must(['go', 'build', '-C', here('go'), '-p', '2', '-o', join(folder, 'checks'), '.'], { GOFLAGS: '-mod=readonly' }),
  )
  return join(output, 'checks')
})

const javaProgram = once(async () => {
  const output = await built('java', here('java'), (folder) =>
    must(['mvn', '-q', '-B', '-f', here('java/pom.xml'), `-Doutput=${folder}`, 'process-classes']),
  )
  return ['java', '-cp', `${join(output, 'classes')}:${join(output, 'lib/*')}`, 'Main']
})

const pythonProgram = once(() => pythonEnvironment('python', here('python')))

const python = async (file: string): Promise<readonly string[]> => [
  join(await pythonProgram(), 'bin/python'),
  here(`python/${file}`),
]

const go = (format: string, more: readonly string[] = []): Program => ({
  client: `client-go in ${format}`,
  needs: [{ name: 'go', probe: ['go', 'version'] }],
  build: async () => [await goProgram()],
  args: [format],
  checks: [
    ...common,
    'subresources',
    'dynamic',
    'metadata',
    'leader-election',
    'events',
    'informer-through-restart',
    'dynamic-informer-through-restart',
    ...more,
  ],
})

export const programs: readonly Program[] = [
  {
    client: 'client-node',
    needs: [],
    build: () => Promise.resolve([process.execPath, here('node/checks.ts')]),
    args: [],
    checks: [...common, 'informer-through-restart'],
    streams: { build: () => Promise.resolve([process.execPath, here('node/streams.ts')]) },
  },
  {
    client: 'Python kubernetes',
    needs: [python3],
    build: () => python('checks.py'),
    args: [],
    checks: common,
    streams: { build: () => python('streams.py') },
  },
  { ...go('json'), streams: { build: async () => [await goProgram(), 'streams'] } },
  go('protobuf'),
  {
    client: 'Java fabric8',
    needs: [
      { name: 'java', probe: ['java', '-version'] },
      { name: 'mvn', probe: ['mvn', '-version'] },
    ],
    build: javaProgram,
    args: [],
    checks: [...common, 'leader-election', 'informer-through-restart'],
    streams: { build: javaProgram, after: ['streams'] },
  },
]
