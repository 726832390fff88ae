import { parseApiVersion } from '../meta/object.ts'
import { isReadableAs } from './old-versions.ts'

const gvk = (apiVersion: string, kind: string) => ({ ...parseApiVersion(apiVersion), kind })

describe('old versions', () => {
  it.each([
    ['a Deployment of long ago', 'extensions/v1beta1', 'apps/v1', 'Deployment', true],
    ['an Event of the other group', 'v1', 'events.k8s.io/v1', 'Event', true],
    ['a version that never was', 'apps/v1alpha1', 'apps/v1', 'Deployment', false],
    ['a version that has been forgotten', 'autoscaling/v2beta2', 'autoscaling/v2', 'HorizontalPodAutoscaler', false],
  ])('%s', (_, given, served, kind, expected) => {
    expect(isReadableAs(gvk(given, kind), gvk(served, kind))).toBe(expected)
  })

  it('another kind of the same version is not', () => {
    expect(isReadableAs(gvk('apps/v1beta1', 'StatefulSet'), gvk('apps/v1', 'Deployment'))).toBe(false)
  })
})
