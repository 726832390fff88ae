import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { request } from 'node:https'
import { connect } from 'node:net'
import { join } from 'node:path'
import { WebSocket } from 'ws'
import { isReady, namespace, scriptPod, sleepForever, startTestNode, type TestNode } from './node/test-node.ts'
import { freePort, Kubectl, run, temporaryDir } from './support/kapell.ts'
import { until } from './support/wait.ts'

/** Logs, exec, attach and port-forward: stock kubectl through the API server, and raw clients at the agent's own port. */
let node: TestNode
let kubectl: Kubectl
let certificate: { cert: string; key: string; ca: string }

beforeAll(async () => {
  node = await startTestNode({ podCidr: '10.214.9.0/24' })
  kubectl = new Kubectl(node.kubeconfig)
  const pair = await node.api.issueClientCertificate({ commonName: 'tester', organizations: ['system:masters'] })
  certificate = { cert: pair.certificate, key: pair.key, ca: node.api.caCertificate }
  const script = `for i in 1 2 3 4 5; do echo line $i; done; echo oops >&2; echo web > /tmp/index.html; httpd -p 8080 -h /tmp; ${sleepForever}`
  await node.create(scriptPod('target', script))
  await node.create(
    scriptPod('talker', `echo ready; while read line; do echo "said $line"; done; echo bye`, {
      container: { stdin: true, stdinOnce: true },
      pod: { restartPolicy: 'Never' },
    }),
  )
  await node.untilPod('the target', 'target', isReady)
  await node.untilPod('the talker', 'talker', isReady)
}, 60_000)
afterAll(async () => {
  await node.close()
}, 60_000)

const inPod = (...args: string[]): string[] => ['-n', namespace, ...args]
const spdy = { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: 'false', KUBECTL_PORT_FORWARD_WEBSOCKETS: 'false' }

/** The methods by which kubectl says that it asked for streams, failed tries included: GET is a WebSocket, POST is SPDY. */
const asked = (verbose: string): (string | undefined)[] =>
  [...verbose.matchAll(/"Request" verb="(\w+)" url="[^"]*\/(?:exec|portforward)\b/g)].map(([, method]) => method)

describe.each([
  { protocol: 'WebSocket', env: {}, method: 'GET' },
  { protocol: 'SPDY', env: spdy, method: 'POST' },
])('kubectl over $protocol', ({ env, method, protocol }) => {
  const exec = (args: string[], input?: string) =>
    run(kubectl.program, inPod('exec', ...args), {
      env: { ...kubectl.env, ...env },
      ...(input === undefined ? {} : { input }),
      timeoutMs: 30_000,
    })

  it('keeps output, errors and the exit code apart', async () => {
    const ran = await exec(['target', '--', 'sh', '-c', 'echo out; echo err >&2; exit 3'])
    expect(ran).toMatchObject({ code: 3, stdout: 'out\n' })
    expect(ran.stderr).toContain('err\n')
    expect(ran.stderr).toContain('command terminated with exit code 3')
  })

  it('is taken at its word at the first try', async () => {
    const ran = await exec(['-v=7', 'target', '--', 'true'])
    expect(asked(ran.stderr)).toEqual([method])
  })

  it('copies files there and back', async () => {
    const dir = temporaryDir('copy')
    const cp = (from: string, to: string) =>
      run(kubectl.program, inPod('cp', from, to), { env: { ...kubectl.env, ...env }, timeoutMs: 30_000 })
    const content = randomBytes(300_000)
    writeFileSync(join(dir.path, 'sent'), content)
    expect(await cp(join(dir.path, 'sent'), `target:/tmp/${protocol}`)).toMatchObject({ code: 0 })
    expect(await cp(`target:/tmp/${protocol}`, join(dir.path, 'back'))).toMatchObject({ code: 0 })
    expect(readFileSync(join(dir.path, 'back')).equals(content)).toBe(true)
    dir.remove()
  })

  it('ends the input of a command that reads to the end', async () => {
    const input = 'x'.repeat(300_000)
    const ran = await exec(['-i', 'target', '--', 'sh', '-c', 'wc -c; echo after'], input)
    expect(ran).toMatchObject({ code: 0 })
    expect(ran.stdout.trim().split(/\s+/)).toEqual(['300000', 'after'])
  })

  it('carries much output', async () => {
    const ran = await exec(['target', '--', 'sh', '-c', 'head -c 8000000 /dev/zero | tr "\\0" y'])
    expect(ran.code).toBe(0)
    expect(ran.stdout).toHaveLength(8_000_000)
  })

  it('says why a command cannot be started', async () => {
    const ran = await exec(['target', '--', '/no/such'])
    expect(ran.code).not.toBe(0)
    expect(ran.stderr).toContain('no such file or directory')
  })

  it('forwards a port, several times', async () => {
    const port = await freePort()
    const child = spawn(kubectl.program, inPod('port-forward', '-v=7', 'pod/target', `${port}:8080`), {
      env: { ...process.env, ...kubectl.env, ...env },
    })
    let told = ''
    child.stderr.on('data', (chunk: Buffer) => (told += chunk.toString()))
    try {
      await until('the port to be open', () => accepts(port))
      for (let i = 0; i < 3; i++) expect(await fetchText(port)).toBe('web\n')
    } finally {
      child.kill()
    }
    // At the first try, with nothing to fall back from.
    expect(asked(told)).toEqual([method])
  })
})

it('reads logs as asked', async () => {
  const logs = async (...args: string[]) =>
    (await kubectl.run(...inPod('logs', 'target', ...args))).trimEnd().split('\n')
  expect((await logs()).sort()).toEqual(['line 1', 'line 2', 'line 3', 'line 4', 'line 5', 'oops'])
  expect(await logs('--tail=2')).toHaveLength(2)
  expect((await logs('--limit-bytes=6')).join('\n')).toMatch(/^(line 1|oops\nl)$/)
  expect((await logs('--timestamps'))[0]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z (line 1|oops)$/)
  expect(await logs('--since=1h')).toHaveLength(6)
  const ran = await kubectl.try(inPod('logs', 'target', '--previous'))
  expect(ran.stderr).toContain('previous terminated container "c" in pod "target" not found')
})

it('attaches to a container and ends its input', async () => {
  const ran = await run(kubectl.program, inPod('attach', '-i', 'talker'), {
    env: kubectl.env,
    input: 'hello\n',
    timeoutMs: 30_000,
  })
  expect(ran.stdout).toContain('said hello')
  await node.untilPod('the talker to end', 'talker', (pod) => pod?.status?.phase === 'Succeeded')
  expect((await kubectl.run(...inPod('logs', 'talker'))).split('\n')).toEqual(['ready', 'said hello', 'bye', ''])
})

/** One exec over a WebSocket at the agent itself: collects the channels until it closes. */
function webSocketExec(
  query: string,
  protocols: string[],
  drive?: (ws: WebSocket) => void,
): Promise<Record<number, string>> {
  return new Promise((resolve, reject) => {
    const url = `wss://127.0.0.1:${node.agent.port}/exec/${namespace}/target/c?${query}`
    const ws = new WebSocket(url, protocols, { ...certificate })
    const said: Record<number, string> = {}
    ws.on('open', () => drive?.(ws))
    ws.on('message', (data: Buffer) => {
      said[data[0]!] = (said[data[0]!] ?? '') + data.subarray(1).toString()
    })
    ws.on('close', () => resolve(said))
    ws.on('error', reject)
  })
}

it('gives a terminal of the size that is asked for', async () => {
  const said = await webSocketExec('command=sh&input=1&output=1&tty=1', ['v5.channel.k8s.io'], (ws) => {
    ws.send(Buffer.concat([Buffer.from([4]), Buffer.from('{"Width":123,"Height":45}')]))
    const ask = 'until [ "$(stty size)" = "45 123" ]; do sleep 0.1; done; echo si""ze ok; exit\n'
    ws.send(Buffer.concat([Buffer.from([0]), Buffer.from(ask)]))
  })
  expect(said[1]).toContain('size ok')
  expect(JSON.parse(said[3]!)).toMatchObject({ status: 'Success' })
})

it.each([
  { protocol: 'v4.channel.k8s.io', error: expect.stringContaining('"ExitCode"') as string },
  { protocol: 'channel.k8s.io', error: 'command terminated with non-zero exit code' },
])('speaks the older protocol $protocol', async ({ protocol, error }) => {
  const said = await webSocketExec('command=sh&command=-c&command=echo+hi%3Bexit+2&output=1&error=1', [protocol])
  expect(said[1]).toBe('hi\n')
  expect(said[3]).toEqual(typeof error === 'string' ? expect.stringContaining(error) : error)
})

it.each([
  { path: '/exec/test/target/nope?command=ls&output=1', status: 404 },
  { path: '/exec/test/nobody/c?command=ls&output=1', status: 404 },
  { path: '/exec/test/target/c?command=ls', status: 400 },
  { path: '/exec/test/target/c?output=1', status: 400 },
  { path: '/exec/test/..%2f..%2f/c?command=ls&output=1', status: 404 },
  { path: '/exec/test/%zz/c?command=ls&output=1', status: 400 },
  { path: '/portForward/test/target?port=99999', status: 400 },
  { path: '/nothing', status: 404 },
])('refuses $path with $status', async ({ path, status }) => {
  const ws = new WebSocket(`wss://127.0.0.1:${node.agent.port}${path}`, ['v5.channel.k8s.io'], { ...certificate })
  const code = await new Promise((resolve) => {
    ws.on('unexpected-response', (_, response) => resolve(response.statusCode))
    ws.on('error', () => resolve(-1))
  })
  expect(code).toBe(status)
})

function plainGet(
  path: string,
  options: { cert?: string; key?: string; token?: string } = {},
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const { token, ...pair } = options
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
    const call = request(
      { host: '127.0.0.1', port: node.agent.port, path, ca: certificate.ca, headers, agent: false, ...pair },
      (response) => {
        let body = ''
        response.on('data', (chunk: Buffer) => (body += chunk.toString()))
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
      },
    )
    call.on('error', reject)
    call.end()
  })
}

it('lets in whom the API server knows and allows, and nobody else', async () => {
  const stranger = await node.api.issueClientCertificate({ commonName: 'stranger', organizations: [] })
  const agent = await node.api.issueClientCertificate({ commonName: 'probe', organizations: ['system:masters'] })
  expect(await plainGet('/healthz')).toMatchObject({ status: 401 })
  expect(await plainGet('/healthz', { token: 'made-up' })).toMatchObject({ status: 401 })
  expect(await plainGet('/pods', { cert: stranger.certificate, key: stranger.key })).toMatchObject({
    status: 403,
    body: 'Forbidden (user=stranger, verb=get, resource=nodes, subresource(s)=[pods proxy])',
  })
  const allowed = { cert: agent.certificate, key: agent.key }
  expect(await plainGet('/healthz', allowed)).toEqual({ status: 200, body: 'ok' })
  expect((JSON.parse((await plainGet('/pods', allowed)).body) as { items: unknown[] }).items).toHaveLength(2)
  expect((await plainGet('/metrics', allowed)).body).toMatch(/^kubelet_running_pods \d+$/m)
  expect(await plainGet('/exec/test/target/c?command=ls&output=1', allowed)).toMatchObject({ status: 400 })
  expect(await plainGet('/containerLogs/test/target/c?tailLines=x', allowed)).toMatchObject({ status: 400 })
})

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })

const fetchText = (port: number): Promise<string> =>
  new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path: '/index.html', agent: false }, (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => (text += chunk.toString()))
      response.on('end', () => resolve(text))
    }).on('error', reject)
  })
