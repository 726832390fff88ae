/** A text of each language, by the language's name. */
export type Corpus = Record<string, string>

/** Lower-case words between single spaces: what the model sees of a text, in training as in use. */
export function normalize(text: string): string {
  return ` ${text
    .toLowerCase()
    .replaceAll(/[^a-z]+/g, ' ')
    .trim()} `
}

/**
 * Naive Bayes over three letters at a time, as a table for awk: a weight is 100 times the natural logarithm of how
 * likely three letters are in a language, smoothed by one.
 */
export function trainModel(corpus: Corpus): string {
  const languages = Object.keys(corpus)
  const counts = languages.map((language) => {
    const text = normalize(corpus[language]!)
    const count = new Map<string, number>()
    for (let at = 0; at + 3 <= text.length; at += 1) {
      const letters = text.slice(at, at + 3)
      count.set(letters, (count.get(letters) ?? 0) + 1)
    }
    return count
  })
  const vocabulary = [...new Set(counts.flatMap((count) => [...count.keys()]))].sort()
  const totals = counts.map((count) => [...count.values()].reduce((sum, each) => sum + each, 0))
  const weight = (seen: number, language: number) =>
    Math.round(100 * Math.log((seen + 1) / (totals[language]! + vocabulary.length)))
  const row = (letters: string) =>
    [letters, ...counts.map((count, at) => weight(count.get(letters) ?? 0, at))].join('\t')
  return (
    [
      ['languages', ...languages].join('\t'),
      ['default', ...languages.map((_, at) => weight(0, at))].join('\t'),
      ...vocabulary.map(row),
    ].join('\n') + '\n'
  )
}
