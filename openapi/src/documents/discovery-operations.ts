import { apiVersionOf } from '../meta/object.ts'
import { metaDefinition, objectTypes, type Operation, type PathItem } from './operation.ts'
import { groupTag } from './operations.ts'

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

/** The paths that tell what there is: groups, versions, the server itself. */
export function discoveryPaths(groupVersions: readonly { group: string; version: string }[]): PathItem[] {
  const get = (
    path: string,
    operation: Partial<Operation> & Pick<Operation, 'id' | 'description' | 'tag'>,
    answer: string,
  ): PathItem => ({
    path: `/${path}/`,
    document: path,
    parameters: [],
    operations: [
      {
        method: 'get',
        consumes: objectTypes,
        produces: objectTypes,
        parameters: [],
        responses: { 200: answer },
        ...operation,
      },
    ],
  })
  const groups = [...new Set(groupVersions.map(({ group }) => group))].filter((group) => group !== '')
  return [
    get(
      'api',
      { id: 'getCoreAPIVersions', description: 'get available API versions', tag: 'core' },
      metaDefinition('APIVersions'),
    ),
    get(
      'apis',
      { id: 'getAPIVersions', description: 'get available API versions', tag: 'apis' },
      metaDefinition('APIGroupList'),
    ),
    ...groups.map((group) =>
      get(
        `apis/${group}`,
        {
          id: `get${capital(groupTag(group))}APIGroup`,
          description: 'get information of a group',
          tag: groupTag(group),
        },
        metaDefinition('APIGroup'),
      ),
    ),
    ...groupVersions.map((gv) => {
      const tag = groupTag(gv.group)
      return get(
        gv.group === '' ? `api/${gv.version}` : `apis/${apiVersionOf(gv)}`,
        {
          id: `get${capital(tag)}${capital(gv.version)}APIResources`,
          description: 'get available resources',
          tag: `${tag}_${gv.version}`,
        },
        metaDefinition('APIResourceList'),
      )
    }),
    get(
      'version',
      {
        id: 'getCodeVersion',
        description: 'get the version of this server',
        tag: 'version',
        consumes: ['application/json'],
        produces: ['application/json'],
      },
      'io.k8s.apimachinery.pkg.version.Info',
    ),
    get(
      '.well-known/openid-configuration',
      {
        id: 'getServiceAccountIssuerOpenIDConfiguration',
        description: 'get the OpenID configuration of the issuer of service account tokens',
        tag: 'WellKnown',
        consumes: [],
        produces: ['application/json'],
      },
      'string',
    ),
    get(
      'openid/v1/jwks',
      {
        id: 'getServiceAccountIssuerOpenIDKeyset',
        description: 'get the keys that service account tokens are checked with',
        tag: 'openid',
        consumes: [],
        produces: ['application/jwk-set+json'],
      },
      'string',
    ),
  ]
}
