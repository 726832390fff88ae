import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { lacking, python3, pythonEnvironment } from '../clients/programs.ts'
import { freePort, Kubectl, run, startKapell, temporaryDir, type Kapell } from '../support/kapell.ts'

/**
 * schemathesis reads our OpenAPI documents and sends what they allow, and what they forbid, as the administrator: a
 * seeded run, bounded in time, that must meet no 5xx, no connection that breaks, and a server that lives on.
 */
const here = fileURLToPath(new URL('.', import.meta.url))
const seed = 1
const missing = lacking({ needs: [python3] })

/** Documents, each with the paths that are of interest, and its seconds. */
const documents = [
  {
    document: 'api/v1',
    paths: '/(pods|services|configmaps|secrets|nodes|namespaces/.name.)(/.name.)?(/[a-z]+)?$',
    seconds: 25,
  },
  { document: 'apis/apps/v1', paths: '/(deployments|statefulsets|controllerrevisions)(/|$)', seconds: 20 },
  { document: 'apis/apiextensions.k8s.io/v1', paths: '.', seconds: 15 },
  { document: 'apis/batch/v1', paths: '/jobs(/|$)', seconds: 10 },
]
/** Answers without an end, and paths that lead to nodes, which there are none of. */
const excluded = '/watch/|/proxy|/log$|/exec$|/attach$|/portforward$'

interface Credentials {
  users: { user: { 'client-certificate-data': string; 'client-key-data': string } }[]
}

const title =
  missing.length > 0 ? `schemathesis (skipped: no ${missing.join(', no ')} on this machine)` : 'schemathesis'
const describeHere = missing.length > 0 ? describe.skip : describe

describeHere(title, () => {
  let server: Kapell
  let kubectl: Kubectl
  let program: string
  let dir: string
  let remove: () => void
  let url: string

  beforeAll(async () => {
    program = join(await pythonEnvironment('schemathesis', here), 'bin/schemathesis')
    ;({ path: dir, remove } = temporaryDir('schemathesis'))
    const port = await freePort()
    url = `https://127.0.0.1:${port}`
    server = await startKapell({ dataDir: join(dir, 'data'), port, args: ['--components', 'apiserver'] })
    kubectl = new Kubectl(server.kubeconfig)
    const [only] = (parse(readFileSync(server.kubeconfig, 'utf8')) as Credentials).users
    const write = (name: string, base64: string | undefined): void =>
      writeFileSync(join(dir, name), Buffer.from(base64 ?? '', 'base64'), { mode: 0o600 })
    write('cert.pem', only?.user['client-certificate-data'])
    write('key.pem', only?.user['client-key-data'])
  }, 300_000)
  afterAll(async () => {
    if (server?.process.exitCode === null) await server.stop()
    remove?.()
  }, 60_000)

  it.each(documents)(
    `finds no failure of the server's by $document (seed ${seed})`,
    async ({ document, paths, seconds }) => {
      const file = join(dir, `${document.replaceAll('/', '-')}.json`)
      writeFileSync(file, await kubectl.run('get', '--raw', `/openapi/v3/${document}`))
      const args = ['run', file, '--url', url, '--tls-verify', 'false', '--seed', String(seed)]
      args.push('--request-cert', join(dir, 'cert.pem'), '--request-cert-key', join(dir, 'key.pem'))
      args.push('--checks', 'not_a_server_error', '--phases', 'coverage,fuzzing', '--max-examples', '3', '--no-shrink')
      args.push('--include-path-regex', paths, '--exclude-path-regex', excluded, '--continue-on-failure')
      args.push('--request-timeout', '20', '--max-time', String(seconds))
      args.push('--suppress-health-check', 'all', '--warnings', 'off', '--no-color')
      const env = { SCHEMATHESIS_HOOKS: 'hooks', PYTHONPATH: here, PYTHONDONTWRITEBYTECODE: '1' }
      // Files that it leaves where it runs are no business of the checkout's.
      const ran = await run('/bin/sh', ['-c', 'cd "$0" && exec "$@"', dir, program, ...args], { env })
      expect([ran.code, ran.code === 0 ? '' : `${ran.stdout}${ran.stderr}`.slice(-6000)]).toEqual([0, ''])
      expect(ran.stdout).toMatch(/No issues found/)
    },
    180_000,
  )

  it('leaves a server that has failed nothing, and answers', async () => {
    expect(server.process.exitCode).toBeNull()
    expect(await kubectl.run('get', '--raw', '/readyz')).toBe('ok')
    expect(server.output()).not.toMatch(/failed unexpectedly|cut short|uncaught/i)
    expect(existsSync(join(here, '.hypothesis'))).toBe(false)
  })
})
