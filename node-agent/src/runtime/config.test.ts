import { cniConflist, containerdConfig, parseContainerdVersion } from './config.ts'

const config = {
  rootDir: '/d/root',
  stateDir: '/run/kapell/x/state',
  socket: '/run/kapell/x/containerd.sock',
  pauseImage: 'localhost/kapell/pause:1',
  cniBinDir: '/usr/lib/cni',
  cniConfDir: '/d/cni',
  registryDir: '/d/certs.d',
  snapshotter: 'overlayfs',
  runcPath: '/usr/sbin/runc',
  restrictOomScoreAdj: true,
  hugePages: false,
}

describe('containerdConfig', () => {
  it.each([
    {
      major: 1,
      version: 'version = 2',
      sandbox: 'sandbox_image = "localhost/kapell/pause:1"',
      cni: 'bin_dir = "/usr/lib/cni"',
    },
    {
      major: 2,
      version: 'version = 3',
      sandbox: 'sandbox = "localhost/kapell/pause:1"',
      cni: 'bin_dirs = ["/usr/lib/cni"]',
    },
  ])('speaks the language of containerd $major', ({ major, version, sandbox, cni }) => {
    const lines = containerdConfig({ ...config, major }).split('\n')
    expect(lines).toEqual(
      expect.arrayContaining([
        version,
        sandbox,
        cni,
        'root = "/d/root"',
        'address = "/run/kapell/x/containerd.sock"',
        'restrict_oom_score_adj = true',
        'netns_mounts_under_state_dir = true',
        'SystemdCgroup = false',
        'BinaryName = "/usr/sbin/runc"',
      ]),
    )
  })

  it.each([1, 2])('bounds huge pages where the machine can (containerd %d)', (major) => {
    expect(containerdConfig({ ...config, major })).toContain('disable_hugetlb_controller = true')
    expect(containerdConfig({ ...config, major, hugePages: true })).toContain('disable_hugetlb_controller = false')
  })

  it('quotes what a path may hold', () => {
    expect(containerdConfig({ ...config, major: 1, rootDir: '/a "b"\\c' })).toContain('root = "/a \\"b\\"\\\\c"')
  })
})

it('gives pods a routed pair of interfaces without rules of the plugins', () => {
  const { plugins } = JSON.parse(cniConflist({ podCidrs: ['10.1.0.0/24'], mtu: 1400, cniDataDir: '/d/a' })) as {
    plugins: Record<string, unknown>[]
  }
  expect(plugins).toEqual([
    expect.objectContaining({
      type: 'ptp',
      ipMasq: false,
      mtu: 1400,
      ipam: expect.objectContaining({ type: 'host-local', dataDir: '/d/a', ranges: [[{ subnet: '10.1.0.0/24' }]] }),
    }),
  ])
})

it.each([
  [
    'containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1+deb12u3',
    { version: '1.6.20', major: 1, minor: 6 },
  ],
  [
    'containerd github.com/containerd/containerd/v2 v2.1.4 75cb2b7193e4e490e9fbdc236c0e811ccaba3376',
    { version: '2.1.4', major: 2, minor: 1 },
  ],
  ['nonsense', undefined],
])('reads the version out of %j', (said, expected) => {
  expect(parseContainerdVersion(said)).toEqual(expected)
})
