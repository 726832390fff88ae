import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeAtomically, type ProjectedFile } from './atomic-writer.ts'
import { configMapFiles, secretFiles } from './files.ts'
import { hostPath } from './host-path.ts'
import type { VolumeContext } from './plugin.ts'
import { projected } from './projected.ts'
import { subPathOf } from './manager.ts'
import { mountSubPath } from './sub-path.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kapell-vol-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const files = (contents: Record<string, string>): Map<string, ProjectedFile> =>
  new Map(Object.entries(contents).map(([path, text]) => [path, { data: Buffer.from(text), mode: 0o640 }]))

describe('atomic writer', () => {
  it('shows files through one link, and changes them all at once', async () => {
    const at = join(dir, 'v')
    expect(await writeAtomically({ dir: at, files: files({ a: '1', 'sub/b': '2' }) })).toBe(true)
    expect(readFileSync(join(at, 'sub', 'b'), 'utf8')).toBe('2')
    expect(statSync(join(at, 'a')).mode & 0o777).toBe(0o640)
    const first = readlinkSync(join(at, '..data'))
    expect(await writeAtomically({ dir: at, files: files({ a: '1', 'sub/b': '2' }) })).toBe(false)
    expect(readlinkSync(join(at, '..data'))).toBe(first)
    expect(await writeAtomically({ dir: at, files: files({ a: '3', c: '4' }) })).toBe(true)
    expect(readFileSync(join(at, 'a'), 'utf8')).toBe('3')
    expect(
      readdirSync(at)
        .filter((name) => !name.startsWith('..'))
        .sort(),
    ).toEqual(['a', 'c'])
    expect(readdirSync(at)).toHaveLength(4)
  })

  it.each(['../x', '/x', 'a/../../x', '', '..x/y'])('refuses the path %j', async (path) => {
    await expect(writeAtomically({ dir: join(dir, 'v'), files: files({ [path]: 'x' }) })).rejects.toThrow(
      'invalid path',
    )
  })
})

describe('a token in a projected volume', () => {
  const users = (...all: (number | undefined)[]): object[] =>
    all.map((runAsUser) => ({ securityContext: { runAsUser } }))
  it.each<[string, object, mode: number, owner: number]>([
    ['is for everybody when nobody says who they are', { containers: users(undefined) }, 0o644, 0],
    ['is its users own', { containers: users(1000, 1000) }, 0o600, 1000],
    ['is the own of who the pod says', { securityContext: { runAsUser: 7 }, containers: [{}] }, 0o600, 7],
    ['is for everybody when users differ', { containers: users(1000), initContainers: users(1) }, 0o644, 0],
    ['is for the group', { securityContext: { fsGroup: 9 }, containers: [{}] }, 0o640, 0],
  ])('%s', async (_, spec, mode, owner) => {
    const at = join(dir, 'v')
    const sources = [{ serviceAccountToken: { path: 'token' } }]
    await projected.setUp({
      pod: { spec },
      volume: { name: 'v', projected: { sources } },
      dir: at,
      token: () => Promise.resolve('secret'),
    } as unknown as VolumeContext)
    const found = statSync(join(at, 'token'))
    expect([found.mode & 0o777, found.uid]).toEqual([mode, owner])
  })
})

describe('files of ConfigMaps and Secrets', () => {
  const source = { items: undefined, optional: false, defaultMode: 0o644 }
  const textOf = (found: Map<string, ProjectedFile>) =>
    Object.fromEntries([...found].map(([path, { data }]) => [path, Buffer.from(data).toString()]))
  it('are all keys, or those asked for', () => {
    const configMap = { data: { a: '1' }, binaryData: { b: Buffer.from('2').toString('base64') } }
    expect(textOf(configMapFiles('m', configMap, source))).toEqual({ a: '1', b: '2' })
    const items = [{ key: 'a', path: 'x/y', mode: 0o400 }]
    expect(configMapFiles('m', configMap, { ...source, items }).get('x/y')).toMatchObject({ mode: 0o400 })
  })
  it.each([
    ['object', () => configMapFiles('m', undefined, source), 'configmap "m" not found'],
    [
      'key',
      () => configMapFiles('m', { data: {} }, { ...source, items: [{ key: 'k', path: 'p' }] }),
      'configmap references non-existent config key: k',
    ],
    ['secret', () => secretFiles('s', undefined, source), 'secret "s" not found'],
    [
      'secret key',
      () => secretFiles('s', { data: {} }, { ...source, items: [{ key: 'k', path: 'p' }] }),
      'references non-existent secret key: k',
    ],
  ])('say which %s is missing', (_, make, message) => {
    expect(make).toThrow(message)
  })
  it('may be missing when optional', () => {
    expect(
      textOf(secretFiles('s', undefined, { ...source, optional: true, items: [{ key: 'k', path: 'p' }] })),
    ).toEqual({})
  })
})

describe('hostPath', () => {
  const setUp = async (path: string, type: string) =>
    hostPath.setUp({ volume: { name: 'v', hostPath: { path, type } } } as VolumeContext)
  it.each([
    ['DirectoryOrCreate', 'new', true],
    ['FileOrCreate', 'new', true],
    ['Directory', 'dir', true],
    ['File', 'file', true],
    ['File', 'dir', false],
    ['Directory', 'none', false],
    ['Socket', 'file', false],
    ['', 'none', true],
  ])('%s of %s: %s', async (type, name, fine) => {
    mkdirSync(join(dir, 'dir'))
    writeFileSync(join(dir, 'file'), '')
    const path = join(dir, name)
    if (fine) expect(await setUp(path, type)).toBe(path)
    else await expect(setUp(path, type)).rejects.toThrow('hostPath type check failed')
  })
  it('does not go up', async () => {
    await expect(setUp('/a/../etc', '')).rejects.toThrow("may not contain '..'")
  })
})

describe('subPath', () => {
  it.each([
    ['$(NOPE)', 'missing value for NOPE'],
    ['$(ABS)/x', 'error SubPath `/abs/x` must not be an absolute path'],
    ['$(UP)/x', "unable to provision SubPath `../x`: must not contain '..'"],
  ])('an expression that leads out, %s', (subPathExpr, message) => {
    const env = new Map([
      ['ABS', '/abs'],
      ['UP', '..'],
    ])
    expect(() => subPathOf({ subPathExpr }, env)).toThrow(message)
  })
  it.each(['../out', '/etc', 'a/../../out'])('refuses %s', async (subPath) => {
    await expect(mountSubPath({ volume: dir, subPath, target: join(dir, 't') })).rejects.toThrow('must not contain')
  })
  it('does not follow a link out of the volume', async () => {
    const volume = join(dir, 'volume')
    mkdirSync(volume)
    mkdirSync(join(dir, 'outside'))
    symlinkSync('../outside', join(volume, 'link'))
    symlinkSync('/etc', join(volume, 'etc'))
    for (const subPath of ['link', 'link/new', 'etc/passwd']) {
      await expect(mountSubPath({ volume, subPath, target: join(dir, 't') })).rejects.toThrow('outside of the volume')
    }
  })
})
