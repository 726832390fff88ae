import { isOurIngress } from '@kapell/controllers/machinery/ingress-class'
import type { V1Ingress, V1Node } from '@kapell/openapi/types'
import { whereServed } from './choose.ts'

const ingress = (spec: V1Ingress['spec'], annotations?: Record<string, string>): V1Ingress => ({
  metadata: { name: 'i', ...(annotations === undefined ? {} : { annotations }) },
  ...(spec === undefined ? {} : { spec }),
})
const classes: Record<string, string> = { kapell: 'kapell.io/ingress', inside: 'kapell.io/ingress', nginx: 'x/y' }

it.each<[string, V1Ingress, boolean]>([
  ['of our class', ingress({ ingressClassName: 'kapell' }), true],
  ['of another class of our controller', ingress({ ingressClassName: 'inside' }), true],
  ["of somebody else's", ingress({ ingressClassName: 'nginx' }), false],
  ['of one that is not there', ingress({ ingressClassName: 'gone' }), false],
  ['of none', ingress({}), false],
  ['with the old annotation', ingress({}, { 'kubernetes.io/ingress.class': 'kapell' }), true],
  ['with the old annotation of another', ingress({}, { 'kubernetes.io/ingress.class': 'nginx' }), false],
  [
    'that is going',
    { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' }, spec: { ingressClassName: 'kapell' } },
    false,
  ],
])('an Ingress %s: %#', (_, one, ours) => {
  const classOf = (name: string) =>
    classes[name] === undefined ? undefined : { metadata: { name }, spec: { controller: classes[name] } }
  expect(isOurIngress(one, classOf)).toBe(ours)
})

const node = (name: string, said: string | undefined, ready = 'True'): V1Node => ({
  metadata: { name, ...(said === undefined ? {} : { annotations: { 'kapell.io/ingress': said } }) },
  status: {
    addresses: [{ type: 'InternalIP', address: `10.0.0.${name.slice(1)}` }],
    conditions: [{ type: 'Ready', status: ready }],
  },
})

it.each<[string, V1Node[], unknown]>([
  [
    'on nodes that serve',
    [node('n1', '80,443'), node('n2', undefined), node('n3', '80,443')],
    { addresses: ['10.0.0.1', '10.0.0.3'] },
  ],
  [
    'not on those that are not ready',
    [node('n1', '80,443', 'Unknown'), node('n2', '80,443')],
    { addresses: ['10.0.0.2'] },
  ],
  [
    'on those that can, whatever others say',
    [node('n1', 'error: taken'), node('n2', '80,443')],
    { addresses: ['10.0.0.2'] },
  ],
  [
    'nowhere, and why',
    [node('n1', 'error: port 80 is taken')],
    { problem: 'no node serves Ingresses: n1: port 80 is taken' },
  ],
  ['nowhere yet', [node('n1', undefined)], { addresses: [] }],
])('Ingresses are served %s', (_, nodes, served) => {
  expect(whereServed(nodes)).toEqual(served)
})
