import { ApiError } from '@kapell/openapi/meta/status'

/** Nothing can be made in a namespace that is being deleted, and nobody needs to be told. */
export function isNamespaceTerminating(error: unknown): boolean {
  return (
    error instanceof ApiError &&
    (error.status.details?.causes ?? []).some((cause) => cause.reason === 'NamespaceTerminating')
  )
}
