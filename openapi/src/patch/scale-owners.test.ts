import { ownersAfterScale, ownersOfScale, type ReplicasPaths } from './scale-owners.ts'

const at = '2026-01-01T00:00:00Z'
const entry = (manager: string, fieldsV1: object, more: object = {}) => ({
  manager,
  operation: 'Update' as const,
  apiVersion: 'example.com/v1',
  time: at,
  fieldsType: 'FieldsV1',
  fieldsV1,
  ...more,
})
const paths = { 'example.com/v1': 'spec.n', 'example.com/v2': 'spec.m', 'example.com/v3': 'none' } as const
const of = (apiVersion: string): ReplicasPaths => ({
  apiVersion,
  pathIn: (version) => paths[version as keyof typeof paths] ?? 'unknown',
})
const scaleEntry = (manager: string) => ({
  ...entry(manager, { 'f:spec': { 'f:replicas': {} } }, { apiVersion: 'autoscaling/v1', subresource: 'scale' }),
})

describe('owners of a Scale', () => {
  it('are those who own the number in their version', () => {
    const entries = [
      entry('a', { 'f:spec': { 'f:n': {}, 'f:x': {} } }),
      entry('b', { 'f:spec': { 'f:n': {} } }, { apiVersion: 'example.com/v2' }),
      entry('c', { 'f:spec': { 'f:m': {} } }, { apiVersion: 'example.com/v2' }),
      entry('d', { 'f:spec': { 'f:n': {} } }, { apiVersion: 'example.com/v3' }),
    ]
    expect(ownersOfScale(entries, of('example.com/v1'))).toEqual(
      ['a', 'c'].map((manager) => entry(manager, { 'f:spec': { 'f:replicas': {} } }, { apiVersion: 'autoscaling/v1' })),
    )
  })

  it('own it in the version that was written, without a time; who lost it keeps the rest', () => {
    const entries = [
      entry('a', { 'f:spec': { 'f:n': {}, 'f:x': {} } }),
      entry('b', { 'f:spec': { 'f:x': {} } }, { apiVersion: 'example.com/v3' }),
      entry('c', { 'f:spec': { 'f:x': {} } }, { apiVersion: 'example.com/v9' }),
    ]
    const { time: _, ...timeless } = entry(
      's',
      { 'f:spec': { 'f:m': {} } },
      { apiVersion: 'example.com/v2', subresource: 'scale' },
    )
    expect(ownersAfterScale(entries, [scaleEntry('s')], of('example.com/v2'))).toEqual([
      timeless,
      entry('a', { 'f:spec': { 'f:x': {} } }),
      entry('b', { 'f:spec': { 'f:x': {} } }, { apiVersion: 'example.com/v3' }),
    ])
  })

  it('who applied it keeps it where it is', () => {
    const applied = entry('a', { 'f:spec': { 'f:n': {}, 'f:x': {} } }, { operation: 'Apply' })
    const scaled = ownersOfScale([applied], of('example.com/v1'))
    expect(ownersAfterScale([applied], scaled, of('example.com/v1'))).toEqual([applied])
  })
})
