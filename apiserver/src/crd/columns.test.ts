import { customColumns } from './columns.ts'

const now = new Date('2026-01-02T00:00:00Z')

const cell = (type: string, value: unknown): unknown => {
  const column = customColumns([{ name: 'C', type, jsonPath: '.v' }])[1]
  const object = { metadata: { name: 'a' }, ...(value === undefined ? {} : { v: value }) }
  return column?.cell(object, now)
}

it.each<[rule: string, type: string, value: unknown, shown: unknown]>([
  ['a text', 'string', 's', 's'],
  ['a number as text', 'string', 2.5, '2.5'],
  ['a truth as text', 'string', true, 'true'],
  ['an object as JSON in the order of its names', 'string', { b: 1, a: ['x'] }, '{"a":["x"],"b":1}'],
  ['what is missing', 'string', undefined, null],
  ['null', 'string', null, null],
  ['an integer', 'integer', 3, 3],
  ['a fraction is no integer', 'integer', 1.5, null],
  ['a text is no integer', 'integer', '1', null],
  ['a number', 'number', 2.5, 2.5],
  ['a truth', 'boolean', false, false],
  ['a text is no truth', 'boolean', 'true', null],
  ['a time as age', 'date', '2026-01-01T00:00:00Z', '24h'],
  ['what is no time', 'date', 'bad', '<invalid>'],
  ['an empty time', 'date', '', '<unknown>'],
  ['a number is no time', 'date', 5, null],
])('%s', (_, type, value, shown) => {
  expect(cell(type, value)).toBe(shown)
})

it('shows the first of several values', () => {
  const [, list] = customColumns([{ name: 'L', type: 'string', jsonPath: '.l[*]' }])
  expect(list?.cell({ l: ['a', 'b'] } as object, now)).toBe('a')
})

it('shows the age where no columns are defined', () => {
  expect(customColumns(undefined).map((column) => column.name)).toEqual(['Name', 'Age'])
})

it('ends where a path cannot be read', () => {
  const columns = customColumns([
    { name: 'A', type: 'string', jsonPath: '.a' },
    { name: 'B', type: 'string', jsonPath: '.b[' },
    { name: 'C', type: 'string', jsonPath: '.c' },
  ])
  expect(columns.map((column) => column.name)).toEqual(['Name', 'A'])
})
