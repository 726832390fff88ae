import { invalid, required, tooMany, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { compile } from '../../cel/compile.ts'
import { deviceEnvironment } from '../../cel/kubernetes/devices.ts'
import { formatType, types } from '../../cel/types/types.ts'
import { driverName } from './names.ts'

/** What claims and classes say about devices alike. Source: "Dynamic Resource Allocation". */

export interface Selector {
  cel?: { expression?: string }
}

export interface Config {
  opaque?: { driver?: string; parameters?: unknown }
}

const maxSelectors = 32
const maxParametersBytes = 10 * 1024

export function validateSelectors(selectors: readonly Selector[] | undefined, at: FieldPath): FieldError[] {
  if (selectors == null) return []
  if (selectors.length > maxSelectors) return [tooMany(at, selectors.length, maxSelectors)]
  return selectors.flatMap(({ cel }, i) => {
    const here = at.index(i).child('cel')
    if (cel === undefined) return [required(here)]
    const expression = cel.expression ?? ''
    const { program, text } = compile(expression, deviceEnvironment())
    // The original's parser ends before the first place, and has no line to show.
    const told = expression === '' ? text.replace('<input>:1:1', '<input>:1:0').replace(/\n[^]*$/, '') : text
    if (program === undefined) return [invalid(here.child('expression'), expression, `compilation failed: ${told}`)]
    const isCondition = program.resultType === types.bool || program.resultType === types.dyn
    return isCondition
      ? []
      : [
          invalid(
            here.child('expression'),
            expression,
            `must evaluate to bool or the unknown type, not ${formatType(program.resultType)}`,
          ),
        ]
  })
}

export function validateConfigs(configs: readonly Config[] | undefined, at: FieldPath): FieldError[] {
  if ((configs ?? []).length > maxSelectors) return [tooMany(at, configs?.length ?? 0, maxSelectors)]
  return (configs ?? []).flatMap(({ opaque }, i) => {
    const here = at.index(i).child('opaque')
    if (opaque === undefined) return [required(here)]
    return [
      ...driverName(opaque.driver, here.child('driver')),
      ...validateParameters(opaque.parameters, here.child('parameters')),
    ]
  })
}

function validateParameters(parameters: unknown, at: FieldPath): FieldError[] {
  if (parameters === undefined || parameters === null) return [required(at)]
  if (typeof parameters !== 'object' || Array.isArray(parameters))
    return [invalid(at, '<value omitted>', 'must be a valid JSON object')]
  const size = JSON.stringify(parameters).length
  return size > maxParametersBytes
    ? [
        {
          type: 'FieldValueTooLong',
          field: at.text,
          badValue: '',
          detail: `may not be more than ${maxParametersBytes} bytes`,
        },
      ]
    : []
}
