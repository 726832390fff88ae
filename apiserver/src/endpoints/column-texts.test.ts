import { resources } from '../resources/index.ts'
import { optionalResources } from '../resources/optional.ts'
import { columnText } from '@kapell/openapi/column-texts'

describe('what columns of tables are described as', () => {
  const columns = [...resources, ...optionalResources]
    .map((r) => r.definition)
    .flatMap((d) => (d.columns ?? []).map(({ name }) => ({ group: d.group, plural: d.plural, name })))

  it.each(columns)('$plural.$group: $name has a text', ({ name, ...resource }) => {
    expect(columnText(resource, name)).not.toBe('')
  })

  it('is the text of the field that they show', () => {
    expect(columnText({ group: 'apps', plural: 'deployments' }, 'Name')).toContain('must be unique within a namespace')
    expect(columnText({ group: '', plural: 'nothings' }, 'Thing')).toBe('')
  })
})
