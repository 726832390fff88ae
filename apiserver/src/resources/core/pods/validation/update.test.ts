import type { V1Pod, V1PodSpec } from '@kapell/openapi/types'
import { FieldPath } from '@kapell/openapi/meta/field-errors'
import { defaultPod } from '../defaults.ts'
import { validateEphemeralUpdate, validatePodUpdate, validateResize } from './update.ts'

function pod(more: Partial<V1PodSpec> = {}, metadata: V1Pod['metadata'] = {}): V1Pod {
  const made: V1Pod = { metadata, spec: { containers: [{ name: 'c', image: 'nginx' }], ...structuredClone(more) } }
  defaultPod(made)
  return made
}

const root = new FieldPath()
const two = {
  containers: [
    { name: 'c', image: 'nginx' },
    { name: 'd', image: 'nginx' },
  ],
}
const tolerated = { tolerations: [{ key: 'a', operator: 'Exists' }] }
const image = (name: string): Partial<V1PodSpec> => ({
  containers: [{ name: 'c', image: name, imagePullPolicy: 'Always' }],
})

describe('validatePodUpdate', () => {
  it.each<[rule: string, before: Partial<V1PodSpec>, after: Partial<V1PodSpec>]>([
    ['an image may change', image('nginx:1'), image('nginx:2')],
    ['tolerations may be added', {}, tolerated],
    ['a deadline may be set', {}, { activeDeadlineSeconds: 5 }],
    ['and shortened', { activeDeadlineSeconds: 5 }, { activeDeadlineSeconds: 4 }],
    ['scheduling gates may go', { schedulingGates: [{ name: 'g' }] }, {}],
    [
      'a gated pod may be narrowed to nodes',
      { schedulingGates: [{ name: 'g' }] },
      { schedulingGates: [{ name: 'g' }], nodeSelector: { a: 'b' } },
    ],
  ])('allows: %s', (_rule, before, after) => {
    expect(validatePodUpdate(pod(after), pod(before), root)).toEqual([])
  })

  it.each<[rule: string, before: Partial<V1PodSpec>, after: Partial<V1PodSpec>, field: string, detail: string]>([
    ['containers neither come nor go', {}, two, 'spec.containers', 'pod updates may not add or remove containers'],
    ['tolerations stay', tolerated, {}, 'spec.tolerations', 'existing toleration can not be modified'],
    [
      'a deadline is not extended',
      { activeDeadlineSeconds: 5 },
      { activeDeadlineSeconds: 6 },
      'spec.activeDeadlineSeconds',
      'must be less than or equal to previous value',
    ],
    [
      'gates are not added',
      {},
      { schedulingGates: [{ name: 'g' }] },
      'spec.schedulingGates[0].name',
      'only deletion is allowed',
    ],
    [
      'the rest is fixed',
      {},
      { hostname: 'h' },
      'spec',
      'pod updates may not change fields other than `spec.containers[*].image`',
    ],
    ['and the answer says what changed', {}, { restartPolicy: 'Never' }, 'spec', '+ "RestartPolicy": "Never"'],
  ])('refuses: %s', (_rule, before, after, field, detail) => {
    const errors = validatePodUpdate(pod(after), pod(before), root)
    expect(errors).toMatchObject([{ field }])
    expect(errors[0]?.detail).toContain(detail)
  })
})

describe('the other doors to a pod', () => {
  const debug = { ephemeralContainers: [{ name: 'e', image: 'busybox' }] }
  it('debug containers are added and never removed', () => {
    expect(validateEphemeralUpdate(pod(debug), pod(), root)).toEqual([])
    expect(validateEphemeralUpdate(pod(), pod(debug), root)).toMatchObject([{ field: 'spec.ephemeralContainers' }])
  })
  it('resizing keeps the quality of service', () => {
    const requests = (cpu: string) => ({
      containers: [{ name: 'c', image: 'nginx', resources: { requests: { cpu } } }],
    })
    expect(validateResize(pod(requests('2')), pod(requests('1')), root)).toEqual([])
    const guaranteed = {
      containers: [{ name: 'c', image: 'nginx', resources: { limits: { cpu: '1', memory: '1Gi' } } }],
    }
    expect(validateResize(pod(guaranteed), pod(requests('1')), root)).toMatchObject([
      { field: 'spec', badValue: 'Burstable' },
    ])
  })
})
