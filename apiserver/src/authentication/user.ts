/** Who makes a request, as authentication found out. Source: Authenticating, "Users in Kubernetes". */
export interface UserInfo {
  username: string
  uid?: string
  groups: readonly string[]
  extra?: Readonly<Record<string, readonly string[]>>
}
