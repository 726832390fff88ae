import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort, run, temporaryDir, type Ran } from './support/kapell.ts'
import { leftovers } from './support/machine.ts'
import { stream } from './support/stream.ts'
import { until } from './support/wait.ts'

/** What `kapell up` says when it cannot start: one line that tells what to do, no stack trace, nothing left behind. */
const main = fileURLToPath(new URL('../../cli/src/main.ts', import.meta.url))
const alone = ['--components', 'apiserver']
const ranges = ['--agent-port', '0', '--pod-cidr', '10.227.0.0/24', '--service-cluster-ip-range', '10.228.0.0/16']

let dir: ReturnType<typeof temporaryDir>
const at = (...names: string[]): string => join(dir.path, ...names)
const up = (...args: string[]): Promise<Ran> => run(process.execPath, [main, 'up', ...args], { timeoutMs: 90_000 })

const podPrefix = '10.227.0.'

beforeAll(() => {
  dir = temporaryDir('bad-start')
})
afterAll(() => dir.remove())
afterEach(async () => {
  expect(await leftovers(dir.path, podPrefix)).toEqual([])
})

/** One line of ours on standard error, besides the step that failed as the progress display names it. */
function expectOneLine(ran: Ran, says: RegExp, code = 1): void {
  const lines = ran.stderr.split('\n').filter((line) => line.startsWith('kapell: '))
  expect({ code: ran.code, lines }).toEqual({ code, lines: [expect.stringMatching(says) as string] })
  expect(ran.stderr + ran.stdout).not.toMatch(/\n +at .*:\d+|node:internal|Error: /)
  expect(ran.stderr.trim().split('\n').length).toBeLessThanOrEqual(2)
}

it.each([
  [['--no-such-flag'], /Unknown option '--no-such-flag'; "kapell up --help" lists the options/, 2],
  [['--port', 'http'], /--port takes a number from 0 to 65535, not "http"/, 1],
  [['--port', '70000'], /--port takes a number from 0 to 65535, not "70000"/, 1],
  [['--components', 'apiserver,kubelet'], /--components: there is no "kubelet"; choose among apiserver, /, 1],
  [['--store', 'postgres'], /--store takes "embedded" or "etcd", not "postgres"/, 1],
  [['--store', 'etcd'], /--store etcd needs --etcd-servers/, 1],
  [['--service-cluster-ip-range', '10.96.0.0'], /--service-cluster-ip-range takes an IPv4 range/, 1],
  [['--pod-cidr', '10.244.0.300/24'], /--pod-cidr takes an IPv4 range/, 1],
  [['--log-level', 'loud'], /--log-level takes debug, info, warn or error, not "loud"/, 1],
  [['--node-name', 'Not A Name'], /--node-name takes a DNS name/, 1],
  [['--components', 'scheduler'], /say with --kubeconfig FILE which API server to talk to/, 1],
  [['--components', 'scheduler', '--kubeconfig', '/no/such/file'], /cannot read the kubeconfig \/no\/such\/file/, 1],
  [['extra'], /Unexpected argument 'extra'/, 2],
])(
  '%j',
  async (args, says, code) => {
    expectOneLine(await up('--data-dir', at('flags'), ...args), says, code)
  },
  30_000,
)

it('a command that is not there', async () => {
  const ran = await run(process.execPath, [main, 'down'])
  expectOneLine(ran, /there is no command "down"; "kapell help" lists them/, 2)
})

it('a port in use', async () => {
  const holder: Server = createServer().listen(0, '0.0.0.0')
  await once(holder, 'listening')
  const { port } = holder.address() as { port: number }
  const says = new RegExp(`port ${port} .*in use.*--port`)
  expectOneLine(await up('--data-dir', at('port'), '--port', String(port), ...alone), says)
  // The agent's own port, too.
  const args = ['--data-dir', at('port'), '--port', '0', ...ranges, '--agent-port', String(port)]
  expectOneLine(await up(...args), new RegExp(`port ${port} .*in use.*--agent-port`))
  holder.close()
  expect(existsSync(at('port', 'kapell.pid'))).toBe(false)
}, 60_000)

it('a file where the data directory should be', async () => {
  writeFileSync(at('file'), 'mine')
  expectOneLine(await up('--data-dir', at('file'), ...alone), /cannot write to the data directory .*--data-dir/)
  expectOneLine(
    await up('--data-dir', at('file', 'below'), ...alone),
    /cannot write to the data directory .*--data-dir/,
  )
}, 30_000)

it('a data directory on a read-only file system', async () => {
  mkdirSync(at('ro'))
  expect((await run('mount', ['-t', 'tmpfs', '-o', 'ro', 'tmpfs', at('ro')])).code).toBe(0)
  try {
    expectOneLine(
      await up('--data-dir', at('ro'), ...alone),
      /cannot write to the data directory \S+ \(EROFS\).*--data-dir/,
    )
    expectOneLine(
      await up('--data-dir', at('ro', 'x'), ...alone),
      /cannot write to the data directory .*EROFS.*--data-dir/,
    )
  } finally {
    await run('umount', [at('ro')])
  }
}, 30_000)

it('a data directory that became read-only after its first use', async () => {
  mkdirSync(at('used'))
  expect((await run('mount', ['-t', 'tmpfs', 'tmpfs', at('used')])).code).toBe(0)
  try {
    const first = stream(process.execPath, [main, 'up', '--data-dir', at('used'), '--port', '0', ...alone])
    await first.says('The cluster is ready')
    expect(await first.stop()).toBe(0)
    expect((await run('mount', ['-o', 'remount,ro', at('used')])).code).toBe(0)
    expectOneLine(
      await up('--data-dir', at('used'), '--port', '0', ...alone),
      /cannot write to the data directory .*--data-dir/,
    )
  } finally {
    await run('umount', [at('used')])
  }
}, 60_000)

it('a data directory that another kapell uses', async () => {
  const first = stream(process.execPath, [main, 'up', '--data-dir', at('twice'), '--port', '0', ...alone])
  await first.says('The cluster is ready')
  const says = new RegExp(`a kapell with process id ${first.pid} already uses .*; stop it, or choose another directory`)
  expectOneLine(await up('--data-dir', at('twice'), '--port', String(await freePort()), ...alone), says)
  expect(first.output()).not.toContain('Stopping')
  expect(await first.stop()).toBe(0)
}, 60_000)

it('a containerd that is not there', async () => {
  const args = ['--data-dir', at('none'), '--port', '0', ...ranges, '--containerd', '/nonexistent/containerd']
  expectOneLine(await up(...args), /\/nonexistent\/containerd is no program: say with --containerd/)
}, 60_000)

it.each([
  [
    'ends at once',
    'echo "containerd: no such device" >&2; exit 1',
    /containerd ended at once \(exit code 1\); its log is /,
  ],
  ['does not answer', 'exec sleep 1000', /containerd does not answer.* its log is /],
])(
  'a containerd that %s',
  async (_, script, says) => {
    const program = at('containerd')
    writeFileSync(program, `#!/bin/sh\n[ "$1" = --version ] && { echo containerd fake 1.6.20; exit; }\n${script}\n`)
    chmodSync(program, 0o755)
    expectOneLine(await up('--data-dir', at('dead'), '--port', '0', ...ranges, '--containerd', program), says)
  },
  120_000,
)

it('a program that is no containerd', async () => {
  const args = ['--data-dir', at('wrong'), '--port', '0', ...ranges, '--containerd', '/bin/true']
  expectOneLine(await up(...args), /\/bin\/true --version does not tell a version/)
}, 60_000)

it('an etcd that does not answer', async () => {
  const port = await freePort()
  const store = ['--store', 'etcd', '--etcd-servers', `http://127.0.0.1:${port}`]
  expectOneLine(await up('--data-dir', at('etcd'), '--port', '0', ...alone, ...store), /etcd.*127\.0\.0\.1:\d+/)
}, 90_000)

it('Ctrl-C while starting', async () => {
  const child = stream(process.execPath, [main, 'up', '--data-dir', at('soon'), '--port', '0', ...ranges])
  await child.says('API server')
  expect(await child.stop()).toBe(0)
  expect(child.output()).toMatch(/Stopping[^]*Stopped\./)
  expect(child.output()).not.toMatch(/\n +at |aborted/)
  await until('the lock to be given back', () => !readdirSync(at('soon')).includes('kapell.pid'))
}, 60_000)
