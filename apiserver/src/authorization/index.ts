import type { ObjectAccess } from '../registry/services.ts'
import { firstOpinion, type Authorizer } from './authorizer.ts'
import { createNodeAuthorizer } from './node.ts'
import { privilegedGroups } from './privileged.ts'
import { createRbacAuthorizer } from './rbac.ts'

export { Refusal, refusal, refusalText, type Authorizer } from './authorizer.ts'

/** The authorizers in the order they are asked: privileged groups, Node, RBAC. */
export function createAuthorizer(objects: Pick<ObjectAccess, 'follow'>): Authorizer {
  return firstOpinion([privilegedGroups, createNodeAuthorizer(objects), createRbacAuthorizer(objects)])
}
