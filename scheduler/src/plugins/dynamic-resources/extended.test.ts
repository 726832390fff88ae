import { podInfo } from '../../framework/pod-info.ts'
import { backedResources, extendedClaim } from './extended.ts'

const gpu = 'example.com/gpu'
const gpuClass = { metadata: { name: 'cl' }, spec: { extendedResourceName: gpu } }
const implicit = 'deviceclass.resource.kubernetes.io/cl'
const container = (name: string, requests: Record<string, string>, more = {}) => ({
  name,
  resources: { requests },
  ...more,
})

describe('extended resources that devices stand in for', () => {
  it('are those of a class, by either name', () => {
    const pod = podInfo({
      spec: { containers: [container('c', { cpu: '1', [gpu]: '1', [implicit]: '1', 'example.com/other': '1' })] },
    })
    const found = backedResources(pod, (name) => (name === gpu || name === implicit ? gpuClass : undefined))
    expect([...found.keys()]).toEqual([gpu, implicit])
  })

  it('become one claim: a request for each container, shared with what runs before it', () => {
    const pod = {
      metadata: { name: 'p', namespace: 'ns', uid: 'u' },
      spec: {
        initContainers: [
          container('i', { [gpu]: '2' }),
          container('side', { [gpu]: '1' }, { restartPolicy: 'Always' }),
          container('j', { [gpu]: '1' }),
        ],
        containers: [container('c', { [gpu]: '1' }), container('c2', { cpu: '1', [gpu]: '1' })],
      },
    }
    const { claim, mappings } = extendedClaim(pod, new Map([[gpu, gpuClass]]))
    expect(claim.metadata).toMatchObject({
      generateName: 'p-extended-resources-',
      annotations: { 'resource.kubernetes.io/extended-resource-claim': 'true' },
      ownerReferences: [{ kind: 'Pod', name: 'p', uid: 'u', controller: true }],
    })
    const asked = claim.spec?.devices?.requests?.map(({ name, exactly }) => [name, exactly?.count])
    expect(asked).toEqual([
      ['container-1-request-0', 1],
      ['container-3-request-0', 1],
      ['container-4-request-1', 1],
    ])
    expect(mappings.map(({ containerName, requestName }) => [containerName, requestName])).toEqual([
      ['side', 'container-1-request-0'],
      ['c', 'container-3-request-0'],
      ['c2', 'container-4-request-1'],
      ['i', 'container-1-request-0'],
      ['i', 'container-3-request-0'],
      ['j', 'container-3-request-0'],
    ])
  })

  it('get one request more when initialisation needs more than all that comes later', () => {
    const pod = {
      spec: {
        initContainers: [container('i', { [gpu]: '3' }), container('j', { [gpu]: '4' })],
        containers: [container('c', { [gpu]: '1' })],
      },
    }
    const { claim, mappings } = extendedClaim(pod, new Map([[gpu, gpuClass]]))
    expect(claim.spec?.devices?.requests?.map(({ name, exactly }) => [name, exactly?.count])).toEqual([
      ['container-1-request-0', 3],
      ['container-2-request-0', 1],
    ])
    expect(mappings.filter(({ containerName }) => containerName === 'i').map((one) => one.requestName)).toEqual([
      'container-2-request-0',
      'container-1-request-0',
    ])
  })
})
