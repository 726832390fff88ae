/** One node has the name as it is, several get a number each. */
export function numberedNames(base: string, count: number): string[] {
  return count === 1 ? [base] : Array.from({ length: count }, (_, index) => `${base}-${index}`)
}
