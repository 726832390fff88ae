import { columnTexts } from '../facts/column-texts.ts'
import type { Definitions } from './definition.ts'

const packages = ['io.k8s.api.', 'io.k8s.apimachinery.pkg.apis.']

/** The texts of table columns, by resource and name, with those of fields filled in. Throws on a field there is not. */
export function columnTextsOf(definitions: Definitions): Record<string, Record<string, string>> {
  const textOf = (path: string): string => {
    const dot = path.lastIndexOf('.')
    const [definition, property] = [path.slice(0, dot), path.slice(dot + 1)]
    const found = packages.map((one) => definitions[`${one}${definition}`]).find((one) => one !== undefined)
    const text = found?.properties?.[property]?.description
    if (text === undefined) throw new Error(`a column is described by ${path}, which is no field with a text`)
    return text
  }
  const broken = (text: string, isBroken = false): string => (isBroken ? text.replaceAll('  ', '\n\n') : text)
  return Object.fromEntries(
    Object.entries(columnTexts).map(([resource, columns]) => [
      resource,
      Object.fromEntries(
        Object.entries(columns).map(([name, one]) => [
          name,
          'text' in one ? one.text : broken(textOf(one.field), one.paragraphs),
        ]),
      ),
    ]),
  )
}
