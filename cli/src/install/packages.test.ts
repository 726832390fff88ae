import { existsSync } from 'node:fs'
import { installPackages, missingPackages, runtimePackages, testPackages } from './packages.ts'

const absent = { name: 'absent', for: 'nothing', present: () => false }
const present = { name: 'present', for: 'something', present: () => true }

describe('missingPackages', () => {
  it('names what is not there', () => {
    expect(missingPackages([absent, present])).toEqual(['absent'])
  })

  it('covers all a node starts, and the tests want no less', () => {
    const names = runtimePackages.map((each) => each.name)
    expect(names).toEqual(expect.arrayContaining(['containerd', 'runc', 'containernetworking-plugins', 'nftables']))
    expect(testPackages.map((each) => each.name)).toEqual(expect.arrayContaining(names))
  })
})

describe('installPackages', () => {
  const asUid = async (uid: number, job: () => Promise<void>) => {
    const real = process.getuid
    Object.defineProperty(process, 'getuid', { value: () => uid, configurable: true })
    try {
      await job()
    } finally {
      Object.defineProperty(process, 'getuid', { value: real, configurable: true })
    }
  }

  it('does nothing for nothing', async () => {
    await installPackages([], { execute: () => Promise.reject(new Error('must not run')) })
  })

  it('says what to do when not root', async () => {
    await asUid(1000, async () => {
      await expect(installPackages(['runc'])).rejects.toThrow('needs root: run as root, or install by hand: runc')
    })
  })

  const onDebian = process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')
  ;(onDebian ? it : it.skip)(
    'updates the lists when apt does not know a package, says so, and reports failure',
    async () => {
      const calls: string[] = []
      const lines: string[] = []
      const execute = (command: string, args: readonly string[], say: (line: string) => void) => {
        if (args.includes('install')) say('E: Unable to locate package')
        calls.push([command.split('/').pop(), ...args].join(' '))
        return Promise.resolve(args.includes('install') ? 100 : 0)
      }
      await expect(
        installPackages(['kapell-no-such-package'], { execute, onLine: (line) => lines.push(line) }),
      ).rejects.toThrow('apt-get install failed: Unable to locate package; install by hand: kapell-no-such-package')
      expect(calls).toEqual([
        'apt-get -q -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0 update',
        'apt-get -q -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0 install -y --no-install-recommends kapell-no-such-package',
      ])
      expect(lines).toEqual(['apt-get update', 'apt-get install kapell-no-such-package', 'E: Unable to locate package'])
    },
  )
})
