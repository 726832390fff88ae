import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { V1Pod } from '@kapell/openapi/types'
import { nodePaths } from './paths.ts'
import { containerSecurity, sandboxSecurity } from './security.ts'
import { createUserNamespaces } from './user-namespaces.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kapell-users-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const podOf = (uid: string, hostUsers?: boolean): V1Pod => ({
  metadata: { name: uid, namespace: 'n', uid },
  spec: { containers: [{ name: 'c' }], ...(hostUsers === undefined ? {} : { hostUsers }) },
})

describe('pods with users of their own', () => {
  it('each have a range that no other has, which is kept, and free again when they are gone', async () => {
    const paths = nodePaths(dir)
    const users = createUserNamespaces({ paths, supported: true })
    const first = await users.mappingOf(podOf('a', false))
    expect(first).toEqual({ hostId: 65_536, containerId: 0, length: 65_536 })
    expect(await users.mappingOf(podOf('b', false))).toMatchObject({ hostId: 131_072 })
    expect(await users.mappingOf(podOf('a', false))).toEqual(first)
    const next = createUserNamespaces({ paths, supported: true })
    expect(await next.mappingOf(podOf('c', false))).toMatchObject({ hostId: 196_608 })
    expect(await next.mappingOf(podOf('b', false))).toMatchObject({ hostId: 131_072 })
    next.release('a')
    expect(await next.mappingOf(podOf('d', false))).toEqual(first)
  })

  it('are refused where the runtime cannot, rather than run as the node', async () => {
    const users = createUserNamespaces({ paths: nodePaths(dir), supported: false })
    expect(await users.mappingOf(podOf('a'))).toBeUndefined()
    expect(await users.mappingOf(podOf('a', true))).toBeUndefined()
    await expect(users.mappingOf(podOf('a', false))).rejects.toThrow(
      "can't set `spec.hostUsers: false`, runtime does not support user namespaces",
    )
  })

  it('have them in the sandbox and in every container', () => {
    const pod = podOf('a', false)
    const mapping = { hostId: 65_536, containerId: 0, length: 65_536 }
    const wanted = { mode: 0, uids: [mapping], gids: [mapping] }
    expect(sandboxSecurity(pod, mapping).namespaceOptions?.usernsOptions).toEqual(wanted)
    const image = { uid: 0, username: '' }
    expect(
      containerSecurity({ pod, container: { name: 'c' }, image, seccompDir: '', users: mapping }).namespaceOptions
        ?.usernsOptions,
    ).toEqual(wanted)
    expect(sandboxSecurity(pod).namespaceOptions).not.toHaveProperty('usernsOptions')
  })
})
