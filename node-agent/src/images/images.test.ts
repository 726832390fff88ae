import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmod, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildImageArchive, imageArchive } from './build.ts'
import { archiveNames, normalizeImageName } from './names.ts'
import { pauseProgram } from './pause.ts'
import { readTarMembers, tarArchive } from './tar.ts'

let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kapell-images-'))
})
afterAll(() => rm(dir, { recursive: true, force: true }))

describe('normalizeImageName', () => {
  it.each([
    ['busybox', 'docker.io/library/busybox:latest'],
    ['busybox:1.36', 'docker.io/library/busybox:1.36'],
    ['me/app', 'docker.io/me/app:latest'],
    ['localhost/kapell/pause:1', 'localhost/kapell/pause:1'],
    ['localhost:5000/app', 'localhost:5000/app:latest'],
    ['registry.k8s.io/pause:3.10', 'registry.k8s.io/pause:3.10'],
    ['index.docker.io/busybox', 'docker.io/library/busybox:latest'],
    [`app@sha256:${'a'.repeat(64)}`, `docker.io/library/app@sha256:${'a'.repeat(64)}`],
  ])('%s is %s', (name, full) => {
    expect(normalizeImageName(name)).toBe(full)
  })
  it.each(['', 'UPPER', 'a b', ':tag', 'a:', 'a//b', '-a', `a:${'t'.repeat(129)}`])('refuses %j', (name) => {
    expect(() => normalizeImageName(name)).toThrow('is not a valid image name')
  })
})

describe('archiveNames', () => {
  const digest = `sha256:${'1'.repeat(64)}`
  const index = (annotations: Record<string, string>) => JSON.stringify({ manifests: [{ digest, annotations }] })
  const ref = 'org.opencontainers.image.ref.name'
  it.each([
    [
      'a docker archive',
      { manifestJson: '[{"RepoTags":["a:1","b:2"]}]' },
      [
        { name: 'docker.io/library/a:1', needsTag: false },
        { name: 'docker.io/library/b:2', needsTag: false },
      ],
    ],
    [
      "an OCI layout with containerd's name",
      { indexJson: index({ 'io.containerd.image.name': 'x.io/a:1', [ref]: '1' }) },
      [{ name: 'x.io/a:1', digest, needsTag: false }],
    ],
    [
      'an OCI layout with a full reference',
      { indexJson: index({ [ref]: 'x.io/a:1' }) },
      [{ name: 'x.io/a:1', digest, needsTag: true }],
    ],
    [
      'an OCI layout with a tag only',
      { indexJson: index({ [ref]: 'v2' }) },
      [{ name: 'docker.io/library/my-app:v2', digest, needsTag: true }],
    ],
    [
      'an OCI layout without names',
      { indexJson: index({}) },
      [{ name: 'docker.io/library/my-app:latest', digest, needsTag: true }],
    ],
    [
      'an OCI layout with RepoTags beside',
      { indexJson: index({}), manifestJson: '[{"RepoTags":["a:1"]}]' },
      [{ name: 'docker.io/library/a:1', digest, needsTag: true }],
    ],
    ['an untagged docker archive', { manifestJson: '[{"RepoTags":null}]' }, []],
    ['nothing', {}, []],
  ])('names %s', (_, members, expected) => {
    expect(archiveNames({ ...members, fileName: 'My_App.tar.gz' })).toEqual(expected)
  })
  it('says what is wrong with a broken index', () => {
    expect(() => archiveNames({ indexJson: '{', fileName: 'a.tar' })).toThrow('malformed index')
  })
})

describe('tar', () => {
  const write = async (name: string, bytes: Uint8Array) => {
    const file = join(dir, name)
    await writeFile(file, bytes)
    return open(file)
  }
  const long = `${'d'.repeat(90)}/${'f'.repeat(90)}`

  it('finds members among others, long names included', async () => {
    const content = new Uint8Array(1000).fill(7)
    const file = await write(
      'a.tar',
      tarArchive([
        { path: 'd' },
        { path: 'd/x', content: new Uint8Array(513) },
        { path: long, content },
        { path: 'l', linkTo: 'd/x' },
      ]),
    )
    const members = await readTarMembers(file, [long, 'absent'])
    expect([...members]).toEqual([[long, Buffer.from(content)]])
    await file.close()
  })
  it.each([
    ['not an archive', new Uint8Array(2048).fill(65)],
    ['empty', new Uint8Array()],
  ])('refuses what is %s', async (_, bytes) => {
    const file = await write('b.tar', bytes)
    await expect(readTarMembers(file, ['x'])).rejects.toThrow('not a tar archive')
    await file.close()
  })
  it('refuses a cut archive and a member beyond the bound', async () => {
    const whole = tarArchive([{ path: 'x', content: new Uint8Array(5000) }])
    const cut = await write('c.tar', whole.subarray(0, 3000))
    await expect(readTarMembers(cut, ['x'])).rejects.toThrow('cut off')
    await cut.close()
    const large = await write('d.tar', whole)
    await expect(readTarMembers(large, ['x'], 4999)).rejects.toThrow('too large')
    await large.close()
  })
  it('is what tar reads', async () => {
    await writeFile(
      join(dir, 'e.tar'),
      tarArchive([
        { path: 'bin' },
        { path: 'bin/a', content: Buffer.from('hi'), mode: 0o755 },
        { path: long, content: Buffer.from('x') },
      ]),
    )
    const listing = await new Promise<string>((resolve, reject) => {
      const child = spawn('tar', ['tvf', join(dir, 'e.tar')])
      let out = ''
      child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
      child.on('error', reject).on('close', () => resolve(out))
    })
    expect(listing).toMatch(/^drwxr-xr-x 0\/0 .* bin\/\n-rwxr-xr-x 0\/0 .* 2 .* bin\/a\n/)
    expect(listing).toContain(long)
  })
})

describe('buildImageArchive', () => {
  const image = {
    name: ['app:1', 'app:2'],
    files: { '/bin/app': { content: 'x', mode: 0o755 }, '/etc/a/b': 'text' },
    links: { '/bin/sh': 'app' },
    directories: ['/tmp'],
    entrypoint: ['/bin/app'],
    env: { A: 'b' },
  }
  it('gives the same bytes for the same input', () => {
    expect(Buffer.compare(imageArchive(image).bytes, imageArchive(image).bytes)).toBe(0)
  })
  it('holds blobs that match their digests, and names for docker and OCI tools', async () => {
    const file = join(dir, 'app.tar')
    const built = await buildImageArchive(image, file)
    expect(built.names).toEqual(['docker.io/library/app:1', 'docker.io/library/app:2'])
    const handle = await open(file)
    const blob = `blobs/sha256/${built.digest.slice(7)}`
    const members = await readTarMembers(handle, ['index.json', 'manifest.json', blob])
    await handle.close()
    expect(createHash('sha256').update(members.get(blob)!).digest('hex')).toBe(built.digest.slice(7))
    const text = (name: string) => Buffer.from(members.get(name)!).toString()
    expect(archiveNames({ indexJson: text('index.json'), fileName: 'x.tar' }).map((each) => each.name)).toEqual(
      built.names,
    )
    expect(archiveNames({ manifestJson: text('manifest.json'), fileName: 'x.tar' }).map((each) => each.name)).toEqual(
      built.names,
    )
    expect((await readFile(file)).length).toBe(built.sizeBytes)
  })
  it.each(['relative', '/a/../b'])('refuses the path %j', (path) => {
    expect(() => imageArchive({ name: 'a', files: { [path]: '' } })).toThrow('must be an absolute path')
  })
})

describe('the pause program', () => {
  it('is small', () => {
    expect(pauseProgram('x64').length).toBeLessThan(256)
    expect(pauseProgram('arm64').length).toBeLessThan(320)
  })
  const machine = process.arch === 'arm64' ? 'arm64' : 'x64'
  ;(process.platform === 'linux' ? it : it.skip).each(['SIGTERM', 'SIGINT'] as const)(
    'waits, and ends well on %s',
    async (signal) => {
      const file = join(dir, `pause-${signal}`)
      await writeFile(file, pauseProgram(machine))
      await chmod(file, 0o755)
      const child = spawn(file)
      await new Promise((resolve) => child.once('spawn', resolve))
      // It sleeps in nothing but its waiting; a signal before that would kill it.
      while (!/\) S /.test(await readFile(`/proc/${child.pid}/stat`, 'utf8'))) {
        await new Promise((resolve) => setImmediate(resolve))
      }
      child.kill('SIGCHLD')
      child.kill('SIGUSR1')
      child.kill(signal)
      expect(await new Promise((resolve) => child.once('exit', (code, by) => resolve({ code, by })))).toEqual({
        code: 0,
        by: null,
      })
    },
  )
})
