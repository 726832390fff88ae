/**
 * `$(NAME)` references in env values, command and args: replaced when the name is known, left as they are when not;
 * `$$` is a dollar that starts no reference. Source: API reference, EnvVar.value.
 */
export function expand(text: string, lookup: (name: string) => string | undefined): string {
  if (!text.includes('$')) return text
  return text.replace(/\$(\$|\(([^)]*)\))/g, (whole, after: string, name: string | undefined) => {
    if (after === '$') return '$'
    return lookup(name ?? '') ?? whole
  })
}
