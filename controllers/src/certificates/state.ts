import type { V1CertificateSigningRequest } from '@kapell/openapi/types'

const has = ({ status }: V1CertificateSigningRequest, type: string): boolean =>
  (status?.conditions ?? []).some((condition) => condition.type === type && condition.status !== 'False')

export const isApproved = (request: V1CertificateSigningRequest): boolean => has(request, 'Approved')
export const isDenied = (request: V1CertificateSigningRequest): boolean => has(request, 'Denied')
export const isFailed = (request: V1CertificateSigningRequest): boolean => has(request, 'Failed')
export const isIssued = ({ status }: V1CertificateSigningRequest): boolean => (status?.certificate ?? '') !== ''
/** Nobody has to say yes or no any more. */
export const isDecided = (request: V1CertificateSigningRequest): boolean =>
  isApproved(request) || isDenied(request) || isIssued(request)
