import { silentLogger } from '@kapell/controllers/machinery/log'
import { buildImageArchive, type ImageSpec } from '@kapell/node-agent/images/build'
import { ensurePauseImage, importImages, watchImages } from '@kapell/node-agent/images/import'
import { pauseProgram } from '@kapell/node-agent/images/pause'
import { listProcesses } from '@kapell/node-agent/runtime/cleanup'
import { startContainerd, type ContainerdRuntime } from '@kapell/node-agent/runtime/containerd'
import { tryRun } from '@kapell/node-agent/runtime/exec'
import { criKnowsImage, criSandboxIds, fieldsOf, lengthDelimited, RawCri } from '@kapell/node-agent/runtime/probe'
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

/** A real containerd, the machine's or the one that KAPELL_CONTAINERD names, on its own directories and sockets. */
const binary = process.env['KAPELL_CONTAINERD']
const podCidr = '10.213.77.0/24'
let dataDir: string
let runtime: ContainerdRuntime | undefined

const start = async () => {
  runtime = await startContainerd({ dataDir, podCidr, log: silentLogger, ...(binary !== undefined && { binary }) })
  return runtime
}
const image = (name: string): ImageSpec => ({
  name,
  files: { '/p': { content: pauseProgram(process.arch === 'arm64' ? 'arm64' : 'x64'), mode: 0o755 } },
  entrypoint: ['/p'],
})

async function withCri<T>(job: (cri: RawCri) => Promise<T>): Promise<T> {
  const cri = new RawCri(runtime!.socket)
  try {
    return await job(cri)
  } finally {
    cri.close()
  }
}

/** RunPodSandboxRequest by hand: metadata = 1 (name, uid, namespace), linux = 8 (cgroup_parent = 1). */
async function runSandbox(name: string): Promise<string> {
  const metadata = Buffer.concat([
    lengthDelimited(1, name),
    lengthDelimited(2, `uid-${name}`),
    lengthDelimited(3, 'default'),
  ])
  const config = Buffer.concat([
    lengthDelimited(1, metadata),
    lengthDelimited(8, lengthDelimited(1, `${runtime!.cgroupParent}/${name}`)),
  ])
  const answer = await withCri((cri) =>
    cri.call('/runtime.v1.RuntimeService/RunPodSandbox', lengthDelimited(1, config), 20_000),
  )
  return new TextDecoder().decode(fieldsOf(answer)[0]!.bytes)
}

/** What of a runtime is still on the machine. */
async function traces(of: Pick<ContainerdRuntime, 'paths'>): Promise<string[]> {
  const { paths } = of
  const processes = (await listProcesses()).filter(({ args }) =>
    args.some((arg) => arg.includes(paths.runDir) || arg.includes(paths.baseDir)),
  )
  const mounts = (await readFile('/proc/self/mountinfo', 'utf8'))
    .split('\n')
    .filter((line) => line.includes(paths.id) || line.includes(dataDir))
  const links = (await tryRun('ip', ['-o', 'address'])).stdout.split('\n').filter((line) => line.includes('10.213.77.'))
  const cgroups = await Promise.all(
    ['', ...(await readdir('/sys/fs/cgroup'))].map((each) => readdir(join('/sys/fs/cgroup', each)).catch(() => [])),
  )
  const run = await readdir(paths.runDir).catch(() => [])
  return [
    ...processes.map(({ pid, args }) => `process ${pid} ${args.join(' ')}`),
    ...mounts,
    ...links,
    ...cgroups.flat().filter((name) => paths.cgroupParent === `/${name}`),
    ...run,
  ]
}

async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 20_000
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`still not: ${what}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'kapell-runtime-'))
})
afterEach(async () => {
  await runtime?.close({ keepContainers: false })
  runtime = undefined
  await rm(dataDir, { recursive: true, force: true })
})

it('runs pods with addresses, survives the death of containerd, is adopted by the next start, and leaves nothing', async () => {
  const first = await start()
  await ensurePauseImage(first)
  const sandbox = await runSandbox('a')
  expect((await tryRun('ip', ['route', 'get', '10.213.77.2'])).stdout).toContain('dev veth')
  expect((await tryRun('ip', ['-o', 'address'])).stdout).toContain(first.gateway)

  process.kill(first.pid!, 'SIGKILL')
  await until('containerd runs again', () => first.healthy())
  expect(await withCri(criSandboxIds)).toEqual([sandbox])

  await first.close({ keepContainers: true })
  expect((await traces(first)).join('\n')).toContain('containerd-shim')
  const second = await start()
  expect(await withCri(criSandboxIds)).toEqual([sandbox])
  await second.close({ keepContainers: false })
  expect(await traces(second)).toEqual([])
}, 60_000)

it('takes over from a containerd that a killed run left behind', async () => {
  const first = await start()
  const { pid } = first
  const second = await start()
  expect(second.pid).not.toBe(pid)
  expect(await second.healthy()).toBe(true)
  await first.close({ keepContainers: true })
  await second.close({ keepContainers: false })
  expect(await traces(second)).toEqual([])
}, 60_000)

it('refuses the pod range of another cluster on the machine while that one lives', async () => {
  await start()
  const other = { dataDir: join(dataDir, 'other'), podCidr, log: silentLogger }
  await expect(startContainerd(other)).rejects.toThrow(
    `another kapell on this machine gives pods the range ${podCidr}: choose another with --pod-cidr`,
  )
  await runtime!.close({ keepContainers: false })
  runtime = await startContainerd(other)
  expect(await runtime.healthy()).toBe(true)
}, 60_000)

it('sweeps away pods whose containerd does not help any more', async () => {
  const { paths } = await start()
  await ensurePauseImage(runtime!)
  await runSandbox('a')
  await writeFile(paths.configFile, 'not toml')
  process.kill(runtime!.pid!, 'SIGKILL')
  await runtime!.close({ keepContainers: false })
  expect(await traces({ paths })).toEqual([])
}, 60_000)

it('imports archives of every kind, once, and those that appear later', async () => {
  const runtime = await start()
  const dir = join(dataDir, 'images')
  await mkdir(dir)
  await buildImageArchive(image('plain:1'), join(dir, 'plain.tar'))
  await buildImageArchive(image('x.example/zipped:1'), join(dir, 'z.tar'))
  await writeFile(join(dir, 'zipped.tar.gz'), gzipSync(await readFile(join(dir, 'z.tar'))))
  await rm(join(dir, 'z.tar'))
  await writeFile(join(dir, 'broken.tar'), 'this is no archive')
  await writeFile(join(dir, 'readme.txt'), 'not looked at')
  await nameless(join(dir, 'layout.tar'), 'x.example/layout:7')
  const errors: unknown[] = []
  const imported: unknown[] = []
  const log = {
    ...silentLogger,
    info: (_: string, fields?: Record<string, unknown>) => imported.push(fields?.['file']),
    error: (message: string, fields?: Record<string, unknown>) => errors.push([message, fields?.['file']]),
  }
  const names = ['x.example/layout:7', 'docker.io/library/plain:1', 'x.example/zipped:1']
  expect((await importImages(runtime, dir, log)).sort()).toEqual([...names].sort())
  expect(errors).toEqual([['cannot import the image archive', join(dir, 'broken.tar')]])
  for (const name of names) expect(await withCri((cri) => criKnowsImage(cri, name))).toBe(true)
  const listed = await tryRun(runtime.ctr, ['-a', runtime.socket, '-n', runtime.namespace, 'images', 'ls', '-q'])
  expect(listed.stdout).not.toContain('import-')

  imported.length = 0
  expect((await importImages(runtime, dir, log)).sort()).toEqual([...names].sort())
  expect(imported).toEqual([])
  await utimes(join(dir, 'plain.tar'), 1, 1)
  await importImages(runtime, dir, log)
  expect(imported).toEqual([join(dir, 'plain.tar')])

  const watching = watchImages({ runtime, dir, log, settleMs: 20 })
  await watching.first
  await buildImageArchive(image('later:1'), join(dir, 'later.tar'))
  await until('the later image is known', () => withCri((cri) => criKnowsImage(cri, 'docker.io/library/later:1')))
  await watching.close()
}, 60_000)

/** An OCI layout that knows its name only as a reference, as skopeo and buildah write it. */
async function nameless(file: string, name: string): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'kapell-layout-'))
  await buildImageArchive(image(name), join(dir, 'a.tar'))
  await tryRun('tar', ['xf', 'a.tar'], { cwd: dir })
  const index = await readFile(join(dir, 'index.json'), 'utf8')
  const changed = index.replace(
    /"io.containerd.image.name":"[^"]*","org.opencontainers.image.ref.name":"[^"]*"/,
    `"org.opencontainers.image.ref.name":"${name}"`,
  )
  expect(changed).not.toBe(index)
  await writeFile(join(dir, 'index.json'), changed)
  expect((await tryRun('tar', ['cf', file, 'oci-layout', 'index.json', 'blobs'], { cwd: dir })).code).toBe(0)
  await rm(dir, { recursive: true })
}

describe('what can be wrong is said in one line', () => {
  const attempt = (binary: string, startTimeoutMs = 300) =>
    startContainerd({ dataDir, podCidr, binary, startTimeoutMs, log: silentLogger })
  const fake = async (script: string) => {
    await mkdir(join(dataDir, 'bin'))
    const file = join(dataDir, 'bin', 'containerd')
    await writeFile(file, `#!/bin/sh\n[ "$1" = --version ] && { ${script}; exit; }\n[ "$2" = "" ] || exec sleep 60\n`)
    await chmod(file, 0o755)
    return file
  }
  it('no such program', async () => {
    await expect(attempt('/nonexistent')).rejects.toThrow('/nonexistent is no program')
  })
  it('too old', async () => {
    await expect(attempt(await fake('echo containerd x 1.5.9'))).rejects.toThrow(
      'containerd 1.5.9 is too old: 1.6 or newer is needed',
    )
  })
  it('does not answer, and leaves nothing behind', async () => {
    const log = join(dataDir, 'containerd', 'containerd.log')
    await expect(attempt(await fake('echo containerd x 1.6.20'))).rejects.toThrow(
      `containerd does not answer; its log is ${log}`,
    )
    expect((await tryRun('ip', ['-o', 'address'])).stdout).not.toContain('10.213.77.')
    expect((await listProcesses()).filter(({ args }) => args.some((arg) => arg.includes(dataDir)))).toEqual([])
  })
  it('a range that is none', async () => {
    await expect(startContainerd({ dataDir, podCidr: 'x', log: silentLogger })).rejects.toThrow(
      'pod CIDR "x" must be an IPv4 range',
    )
  })
  it('a data directory that is a file', async () => {
    const file = join(dataDir, 'file')
    await writeFile(file, '')
    await expect(startContainerd({ dataDir: file, podCidr, log: silentLogger })).rejects.toThrow(
      'the data directory cannot be written: ',
    )
  })
})
