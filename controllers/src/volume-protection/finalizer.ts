import type { ObjectMeta } from '@kapell/openapi/meta/object'

/** The object with or without this finalizer; undefined when it is so already. A leaving object gets no new one. */
export function withFinalizer<T extends { metadata?: ObjectMeta }>(
  object: T,
  finalizer: string,
  wanted: boolean,
): T | undefined {
  const finalizers = object.metadata?.finalizers ?? []
  if (finalizers.includes(finalizer) === wanted) return undefined
  if (wanted && object.metadata?.deletionTimestamp !== undefined) return undefined
  const next = wanted ? [...finalizers, finalizer] : finalizers.filter((one) => one !== finalizer)
  return { ...object, metadata: { ...object.metadata, finalizers: next } }
}
