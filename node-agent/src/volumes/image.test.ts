import type { V1Pod } from '@kapell/openapi/types'
import { createImageVolumes, imageVolume, mountedImages } from './image.ts'
import type { VolumeContext } from './plugin.ts'

describe('image volumes', () => {
  it.each([
    ['1.6.20', '', false],
    ['1.7.27', '', false],
    ['2.0.4', '', false],
    ['2.1.0', '', true],
    ['2.1.0', 'part', false],
    ['2.2.0', 'part', true],
    ['2.4.2', 'part', true],
    ['3.0.0', 'part', true],
    [undefined, '', false],
  ])('containerd %s mounts the part %j itself: %s', (containerdVersion, subPath, native) => {
    expect(createImageVolumes({ containerdVersion, containerd: undefined }).native(subPath)).toBe(native)
  })

  it('of a runtime that can neither are refused in clear words', async () => {
    const images = createImageVolumes({ containerdVersion: undefined, containerd: undefined })
    await expect(images.view('sha256:1', '/nowhere')).rejects.toThrow(
      "image volumes are not supported by this node's container runtime",
    )
  })

  it('are read-only, whatever a container says', async () => {
    expect(await imageVolume.setUp({ dir: '/d' } as VolumeContext)).toEqual({ path: '/d', readOnly: true })
  })

  it('keep their images on the node while a pod has them', () => {
    const pod = (phase: string, reference: string): V1Pod => ({
      spec: {
        containers: [],
        volumes: [
          { name: 'v', image: { reference } },
          { name: 'e', emptyDir: {} },
        ],
      },
      status: { phase },
    })
    expect(mountedImages([pod('Running', 'r/data'), pod('Pending', 'r/more:2'), pod('Failed', 'r/gone')])).toEqual([
      'r/data:latest',
      'r/more:2',
    ])
  })
})
