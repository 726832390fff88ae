import { wantedForm } from './statusz.ts'

it.each([
  ['', { type: 'text/plain' }],
  ['*/*', { type: 'text/plain' }],
  ['text/plain', { type: 'text/plain' }],
  ['application/json', undefined],
  ['application/json, text/plain', { type: 'text/plain' }],
  ['application/json;v=v1beta1;g=config.k8s.io;as=Statusz', { type: 'application/json', version: 'v1beta1' }],
  ['application/yaml;as=Statusz;v=v1alpha1;g=config.k8s.io', { type: 'application/yaml', version: 'v1alpha1' }],
  ['application/json;v=v1beta1;g=config.k8s.io;as=Flagz', undefined],
  ['application/json;v=v2;g=config.k8s.io;as=Statusz', undefined],
])('an Accept of %j is served as %j', (accept, wanted) => {
  expect(wantedForm(accept)).toEqual(wanted)
})
