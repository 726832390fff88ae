/** Structs of which one member is set, chosen by the discriminator. Names as the members are called in errors. */
export const unions: Record<string, { discriminator: string; members: Record<string, string> }[]> = {
  'io.k8s.api.core.v1.AppArmorProfile': [{ discriminator: 'type', members: { localhostProfile: 'LocalhostProfile' } }],
  'io.k8s.api.core.v1.PodSchedulingGroup': [{ discriminator: '', members: { podGroupName: 'PodGroupName' } }],
  'io.k8s.api.core.v1.SeccompProfile': [{ discriminator: 'type', members: { localhostProfile: 'LocalhostProfile' } }],
  'io.k8s.api.flowcontrol.v1.LimitResponse': [{ discriminator: 'type', members: { queuing: 'Queuing' } }],
  'io.k8s.api.flowcontrol.v1.PriorityLevelConfigurationSpec': [
    { discriminator: 'type', members: { exempt: 'Exempt', limited: 'Limited' } },
  ],
  'io.k8s.api.flowcontrol.v1.Subject': [
    { discriminator: 'kind', members: { group: 'Group', serviceAccount: 'ServiceAccount', user: 'User' } },
  ],
}
