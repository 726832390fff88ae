import { jest } from '@jest/globals'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAuthority, issueCertificate } from '@kapell/apiserver/certificates/issue'
import { openEmbeddedStore } from '@kapell/apiserver/storage/embedded/store'
import { openEtcdStore } from '@kapell/apiserver/storage/etcd/store'
import { startEtcd, type EtcdServer } from './etcd-server.ts'
import { silentLog } from './silent-log.ts'
import { bytes, reasonOf, storageSuite } from './storage-suite.ts'

jest.setTimeout(60_000)

describe('embedded store', () => {
  storageSuite({
    async open() {
      const directory = await mkdtemp(join(tmpdir(), 'kapell-store-'))
      const opened: { close(): Promise<void> }[] = []
      const open = async () => {
        const storage = await openEmbeddedStore({ directory, log: silentLog })
        opened.push(storage)
        return storage
      }
      return {
        storage: await open(),
        prefix: '/registry/',
        reopen: open,
        dispose: async () => {
          for (const storage of opened) await storage.close()
          await rm(directory, { recursive: true, force: true })
        },
      }
    },
  })

  it('says so when the data directory is a file', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'kapell-store-'))
    const path = join(directory, 'file')
    await writeFile(path, 'x')
    const opening = openEmbeddedStore({ directory: path, log: silentLog })
    await expect(opening).rejects.toThrow(`the data directory ${path} is not writable (EEXIST:`)
    expect(await reasonOf(openEmbeddedStore({ directory: join(path, 'below'), log: silentLog }))).toBe('unavailable')
    await rm(directory, { recursive: true })
  })
})

describe('etcd store', () => {
  let etcd: EtcdServer
  let tests = 0
  beforeAll(async () => {
    etcd = await startEtcd()
  })
  afterAll(async () => {
    await etcd.stop()
  })

  storageSuite({
    async open() {
      tests += 1
      const opened: { close(): Promise<void> }[] = []
      const open = async () => {
        const storage = await openEtcdStore({ endpoints: [etcd.endpoint], log: silentLog })
        opened.push(storage)
        return storage
      }
      return {
        storage: await open(),
        prefix: `/registry/${tests}/`,
        reopen: open,
        dispose: async () => {
          for (const storage of opened) await storage.close()
        },
      }
    },
  })

  it('says so when nobody answers', async () => {
    const opening = openEtcdStore({ endpoints: ['http://127.0.0.1:1'], log: silentLog })
    await expect(opening).rejects.toThrow('etcd at http://127.0.0.1:1 does not answer')
  })

  it('speaks TLS with a client certificate, to an address as well', async () => {
    const validity = { notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + 3_600_000) }
    const authority = await createAuthority({ commonName: 'etcd-ca', ...validity })
    const server = await issueCertificate(authority, {
      commonName: 'etcd',
      hosts: ['localhost', '127.0.0.1'],
      usages: ['server', 'client'],
      ...validity,
    })
    const client = await issueCertificate(authority, { commonName: 'kapell', usages: ['client'], ...validity })
    const ca = authority.certificate
    const secure = await startEtcd({ tls: { ca, cert: server.certificate, key: server.key } })
    try {
      const tls = { ca, cert: client.certificate, key: client.key }
      const storage = await openEtcdStore({ endpoints: [secure.endpoint], tls, log: silentLog })
      const revision = await storage.create('/registry/a', bytes('1'))
      expect((await storage.get('/registry/a'))?.revision).toBe(revision)
      await storage.close()
      const stranger = openEtcdStore({ endpoints: [secure.endpoint], tls: { ca }, log: silentLog })
      expect(await reasonOf(stranger)).toBe('unavailable')
    } finally {
      await secure.stop()
    }
  })
})
