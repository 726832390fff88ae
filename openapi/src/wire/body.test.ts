import { decodeBody, strictYamlProblems } from './body.ts'

const decode = (contentType: string | undefined, text: string): Promise<unknown> =>
  decodeBody({ contentType, bytes: new TextEncoder().encode(text), kind: 'ConfigMap' })
const unrecognized = 'the object provided is unrecognized (must be of type ConfigMap): '

it('reads JSON and YAML', async () => {
  expect(await decode(undefined, '{"a":1}')).toEqual({ value: { a: 1 }, text: '{"a":1}', problems: [] })
  expect(await decode('application/yaml', 'a: 1\na: 2')).toEqual({
    value: { a: 2 },
    problems: ['line 2: key "a" already set in map'],
  })
  expect(await decode('application/yaml', '# nothing')).toEqual({ value: {}, problems: [] })
})

it.each([
  [
    'text/plain',
    '{}',
    415,
    'the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf',
  ],
  [
    'application/json',
    '',
    400,
    `${unrecognized}couldn't get version/kind; json parse error: unexpected end of JSON input (<empty>)`,
  ],
  [
    'application/json',
    '{"a":',
    400,
    `${unrecognized}couldn't get version/kind; json parse error: unexpected end of JSON input ({"a":)`,
  ],
  [
    'application/json',
    '{"apiVersion":"v1","kind":"ConfigMap"} x',
    400,
    `${unrecognized}couldn't get version/kind; json parse error: invalid character 'x' after top-level value ({"apiVersion":"v1","kind":"Con ...)`,
  ],
  [
    'application/json',
    'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n',
    400,
    `${unrecognized}couldn't get version/kind; json parse error: invalid character 'a' looking for beginning of value (61706956657273696f6e3a2076310a6b696e643a20436f6e6669674d6170 ...)`,
  ],
  [
    'application/json',
    '[1]',
    400,
    `${unrecognized}couldn't get version/kind; json parse error: json: cannot unmarshal array into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" } (5b315d)`,
  ],
  [
    'application/yaml',
    'apiVersion: v1\n kind: [',
    400,
    `${unrecognized}yaml: line 2: mapping values are not allowed in this context (61706956657273696f6e3a2076310a206b696e643a205b)`,
  ],
])('refuses %s %j', async (contentType, text, code, message) => {
  await expect(decode(contentType, text)).rejects.toMatchObject({ code, message })
})

it('puts the problems of YAML in the words of strict validation', () => {
  expect(strictYamlProblems(['line 5: key "name" already set in map'])).toEqual([
    'yaml: unmarshal errors:\n  line 5: key "name" already set in map',
  ])
})
