import {
  alreadyExists,
  ApiError,
  expired,
  internalError,
  notFound,
  requestEntityTooLarge,
  resourceVersionTooLarge,
  serviceUnavailable,
  staleResourceVersion,
} from '@kapell/openapi/meta/status'
import type { StorageError } from '../storage/storage.ts'

/** A failure that the original answers with a bare 500: a message, no reason. */
export function plainFailure(message: string, code = 500): ApiError {
  return new ApiError({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, code })
}

/** The one place where a storage failure becomes a Status. */
export function translateStorageError(
  error: StorageError,
  at: { group: string; resource: string; name: string },
): ApiError {
  const resource = { group: at.group, plural: at.resource }
  switch (error.reason) {
    case 'exists':
      return alreadyExists(resource, at.name)
    case 'conflict':
      return staleResourceVersion(resource, at.name)
    case 'notFound':
      return notFound(resource, at.name)
    case 'compacted':
      return expired(error.message)
    case 'future': {
      const [wanted, current] = (error.message.match(/\d+/g) ?? []) as string[]
      return resourceVersionTooLarge(wanted ?? '0', current ?? '0')
    }
    case 'tooLarge':
      return requestEntityTooLarge(error.message)
    case 'full':
      return serviceUnavailable(`the store is full: ${error.message}`)
    case 'unavailable':
      return serviceUnavailable(error.message)
    default:
      return internalError(error.message)
  }
}
