import { readGenerated } from './files.ts'

let texts: Record<string, Record<string, string>> | undefined

/** What the column of a built-in resource's table is described as; '' where nothing is said. Read when first asked for. */
export function columnText(resource: { group: string; plural: string }, column: string): string {
  texts ??= JSON.parse(new TextDecoder().decode(readGenerated('column-texts.json'))) as typeof texts
  const name = resource.group === '' ? resource.plural : `${resource.plural}.${resource.group}`
  return texts?.[name]?.[column] ?? texts?.['*']?.[column] ?? ''
}
