import { CoreV1Api, Cp, Exec, KubeConfig, Log, PortForward, type V1Status } from '@kubernetes/client-node'
import { equal } from 'node:assert/strict'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable, Writable } from 'node:stream'

/**
 * Checks of what streams to and from a pod, through the official JavaScript client. Each check prints one JSON line,
 * {"check", "ok", "error"}. Usage: streams.ts NAMESPACE, with KUBECONFIG set and a pod `target` there.
 */
const namespace = process.argv[2] ?? 'default'
const config = new KubeConfig()
config.loadFromDefault()
const core = config.makeApiClient(CoreV1Api)

const say = (line: object): boolean => process.stdout.write(`${JSON.stringify(line)}\n`)

async function eventually(probe: () => boolean | Promise<boolean>): Promise<void> {
  // A bound against hanging, not a measure.
  const deadline = performance.now() + 60_000
  for (;;) {
    const done = await Promise.resolve()
      .then(probe)
      .catch(() => false)
    if (done) return
    if (performance.now() > deadline) throw new Error('gave up waiting')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

class Text extends Writable {
  text = ''
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString()
    this.emit('more')
    done()
  }
  /** Resolves once the text holds this. */
  async until(part: string): Promise<void> {
    while (!this.text.includes(part)) await new Promise((resolve) => this.once('more', resolve))
  }
}

async function inPod(command: string[], input?: string): Promise<{ out: string; err: string; status: V1Status }> {
  const [out, err] = [new Text(), new Text()]
  const status = await new Promise<V1Status>((resolve, reject) => {
    const stdin = input === undefined ? null : Readable.from([input])
    new Exec(config).exec(namespace, 'target', 'c', command, out, err, stdin, false, resolve).catch(reject)
  })
  return { out: out.text, err: err.text, status }
}

const checks: Record<string, () => Promise<void>> = {
  log: async () => {
    const text = await core.readNamespacedPodLog({ name: 'target', namespace, tailLines: 2 })
    equal(text, 'line 4\nline 5\n')
  },
  'log-follow': async () => {
    const text = new Text()
    // It is left open: the library has no ear for the error that its own `abort` makes.
    await new Log(config).log(namespace, 'target', 'c', text, { follow: true })
    await text.until('line 5\n')
  },
  exec: async () => {
    const { out, err, status } = await inPod(['sh', '-c', 'echo out; echo err >&2'])
    equal(out, 'out\n')
    equal(err, 'err\n')
    equal(status.status, 'Success')
  },
  'exec-fails': async () => {
    const { status } = await inPod(['sh', '-c', 'exit 3'])
    equal(status.reason, 'NonZeroExitCode')
    equal(status.details?.causes?.[0]?.message, '3')
  },
  'exec-stdin': async () => {
    const { out } = await inPod(['head', '-n', '1'], 'said\n')
    equal(out, 'said\n')
  },
  'port-forward': async () => {
    const [answer, input] = [new Text(), new PassThrough()]
    const socket = await new PortForward(config).portForward(namespace, 'target', [8080], answer, null, input)
    input.write('GET /index.html HTTP/1.0\r\n\r\n')
    await answer.until('web\n')
    if (typeof socket !== 'function') socket.close()
  },
  copy: async () => {
    const dir = mkdtempSync(join(tmpdir(), 'kapell-copy-'))
    writeFileSync(join(dir, 'sent.txt'), 'there and back\n')
    const cp = new Cp(config)
    // The library does not say when it is done.
    await cp.cpToPod(namespace, 'target', 'c', dir, '/tmp')
    await eventually(async () => (await inPod(['cat', '/tmp/sent.txt'])).out === 'there and back\n')
    const back = join(dir, 'back')
    await cp.cpFromPod(namespace, 'target', 'c', 'sent.txt', back, '/tmp')
    await eventually(() => readFileSync(join(back, 'sent.txt'), 'utf8') === 'there and back\n')
  },
}

for (const [check, run] of Object.entries(checks)) {
  try {
    await run()
    say({ check, ok: true })
  } catch (error) {
    say({ check, ok: false, error: error instanceof Error ? (error.stack ?? error.message) : JSON.stringify(error) })
  }
}
process.exit(0)
