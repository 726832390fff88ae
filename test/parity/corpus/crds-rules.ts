import type { ParityCases } from '../case.ts'
import { create, patch } from './build.ts'
import { object, served, specs, thing, things, type Json } from './crd-build.ts'

/** Rules of custom resources at work. */

const string = { type: 'string' }
const integer = { type: 'integer' }
const list = (items: Json, more: Json = {}): Json => ({ type: 'array', items, ...more })
const dry = `${things()}?dryRun=All`

export const customRuleCases: ParityCases = {
  'rules: messages': specs(
    object(
      { a: string, n: integer, l: list(string, { maxItems: 5 }) },
      {
        'x-kubernetes-validations': [
          { rule: '!has(self.a) || self.a != "1"', message: 'not one' },
          { rule: '!has(self.a) || self.a != "2"' },
          { rule: '!has(self.a) || self.a != "3"', messageExpression: '"not " + self.a' },
          { rule: '!has(self.a) || self.a != "4"', message: 'm', messageExpression: 'self.l[9]' },
          { rule: '!has(self.a) || self.a != "5"', message: 'm', reason: 'FieldValueForbidden', fieldPath: '.a' },
          { rule: '!has(self.a) || self.a != "6"', message: 'm', reason: 'FieldValueRequired' },
          { rule: '!has(self.a) || self.a != "7"', message: 'm', reason: 'FieldValueDuplicate', fieldPath: '.l' },
          { rule: '!has(self.a) || self.a != "8" || self.l[9] == ""', message: 'm' },
          { rule: '!has(self.a) || self.a != "9" || 1 / self.n == 1' },
          { rule: '!has(self.a) || self.a != "10"', messageExpression: '"a\\nb"' },
          { rule: '!has(self.a) || self.a != "11"', messageExpression: '"  "' },
        ],
      },
    ),
    ...Array.from({ length: 12 }, (_, i) => ({ a: String(i), n: 0, l: ['x'] })),
  ),
  'rules: only of what is well formed': specs(
    object(
      { a: { type: 'integer', 'x-kubernetes-validations': [{ rule: 'self > 1' }] }, b: string },
      { required: ['b'] },
    ),
    { a: 'x', b: 'y' },
    { a: 0 },
    { a: 0, b: 'y' },
  ),
  'rules: transitions': served(
    {
      schema: object({
        spec: object({
          fixed: { type: 'string', 'x-kubernetes-validations': [{ rule: 'self == oldSelf', message: 'is fixed' }] },
          up: {
            type: 'integer',
            'x-kubernetes-validations': [
              {
                rule: 'oldSelf.hasValue() ? self >= oldSelf.value() : self == 0',
                optionalOldSelf: true,
                message: 'up',
              },
            ],
          },
          items: list(
            object(
              {
                name: string,
                v: { type: 'string', maxLength: 10, 'x-kubernetes-validations': [{ rule: 'self == oldSelf' }] },
              },
              { required: ['name'] },
            ),
            { maxItems: 10, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] },
          ),
        }),
      }),
    },
    create(things(), thing('a', { spec: { up: 5 } })),
    create(things(), thing('a', { spec: { fixed: 'x', up: 0, items: [{ name: 'i', v: '1' }] } })),
    patch('merge', things('a'), { spec: { fixed: 'y' } }),
    patch('merge', things('a'), { spec: { up: 2 } }),
    patch('merge', things('a'), { spec: { up: 1 } }),
    patch('merge', things('a'), {
      spec: {
        items: [
          { name: 'j', v: '2' },
          { name: 'i', v: '3' },
        ],
      },
    }),
    patch('merge', things('a'), { spec: { fixed: null } }),
    patch('merge', things('a'), { spec: { fixed: 'z' } }),
    patch('apply', `${things('a')}?fieldManager=m&force=true`, thing('a', { spec: { fixed: 'q' } })),
  ),
  'rules: costs at run time': specs(
    object(
      { l: list({ type: 'string', maxLength: 100 }, { maxItems: 100 }) },
      { 'x-kubernetes-validations': [{ rule: 'self.l.all(x, self.l.all(y, x != y || x == y))' }] },
    ),
    { l: Array.from({ length: 100 }, (_, i) => `${i}`) },
  ),
  'rules: unchanged values may stay wrong': served(
    { schema: object({ spec: object({ a: string, b: string }) }) },
    create(things(), thing('a', { spec: { a: 'long', b: 'x' } })),
    patch(
      'json',
      '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/things.{{id}}.example.com',
      [
        {
          op: 'add',
          path: '/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/a/x-kubernetes-validations',
          value: [{ rule: 'self.size() < 2', message: 'short' }],
        },
        { op: 'add', path: '/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/b/maxLength', value: 0 },
      ],
      { setup: true },
    ),
    create(dry, thing('b', { spec: { a: 'long' } }), { until: { code: 422 } }),
    patch('merge', things('a'), { metadata: { labels: { x: 'y' } } }),
    patch('merge', things('a'), { spec: { a: 'longer' } }),
    patch('merge', things('a'), { spec: { b: 'yy' } }),
    patch('merge', things('a'), { spec: { a: 's', b: '' } }),
  ),
}
