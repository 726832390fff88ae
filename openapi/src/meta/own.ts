/** A record's own member: keys that users choose may be called "constructor", and that is nobody's but theirs. */
export function own<T>(record: Readonly<Record<string, T>> | undefined, key: string): T | undefined {
  return record !== undefined && Object.hasOwn(record, key) ? record[key] : undefined
}
