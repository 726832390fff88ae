/** Kinds of which a DELETE answers the object; of all others it answers a Status. */
export const deleteAnswersObject: Record<string, string> = {
  'io.k8s.api.core.v1': 'PersistentVolume PersistentVolumeClaim Pod PodTemplate ResourceQuota Service ServiceAccount',
  'io.k8s.api.resource.v1': 'DeviceClass ResourceClaim ResourceClaimTemplate ResourceSlice',
  'io.k8s.api.resource.v1alpha3': 'ResourcePoolStatusRequest',
  'io.k8s.api.resource.v1beta2': 'DeviceTaintRule',
  'io.k8s.api.storage.v1': 'CSIDriver CSINode StorageClass VolumeAttachment VolumeAttributesClass',
}

export interface ParameterFact {
  type: 'string' | 'integer' | 'boolean'
  in: 'query' | 'path'
  description: string
}

const query = (type: ParameterFact['type'], description: string): ParameterFact => ({ type, in: 'query', description })

/** Parameters by name; "name@place" where one name means different things. */
export const parameters: Record<string, ParameterFact> = {
  allowWatchBookmarks: query(
    'boolean',
    'Asks a watch for events of type BOOKMARK, which carry only a resource version.',
  ),
  'command@exec': query(
    'string',
    'The command to run: once for the program, once for each argument. No shell is used.',
  ),
  'container@attach': query('string', 'The container to attach to; may be left out when the pod has only one.'),
  'container@exec': query('string', 'The container to run the command in; may be left out when the pod has only one.'),
  'container@log': query('string', 'The container whose log is wanted; may be left out when the pod has only one.'),
  continue: query('string', 'The token of the previous page of a list; all other parameters must stay the same.'),
  dryRun: query('string', 'All: run every stage of the request but store nothing. No other value is valid.'),
  fieldManager: query('string', 'The name of who makes the change: at most 128 printable characters.'),
  'fieldManager@patch': query(
    'string',
    'The name of who makes the change: at most 128 printable characters. Required for apply patches.',
  ),
  fieldSelector: query('string', 'Takes only objects whose fields are as the selector says. Default: all.'),
  fieldValidation: query(
    'string',
    'What to do with unknown and duplicate fields. Ignore: drop them; Warn (the default): drop them and answer with a warning for each; Strict: refuse the request and name them all.',
  ),
  'follow@log': query('boolean', 'Keep the log open and send what is added.'),
  'force@patch': query('boolean', 'Take over fields that other managers own. Only for apply patches.'),
  gracePeriodSeconds: query(
    'integer',
    'How many seconds the object has before it is removed; 0 removes it at once. Default: what its kind says.',
  ),
  ignoreStoreReadErrorWithClusterBreakingPotential: query(
    'boolean',
    'Remove an object even though what is stored can no longer be read; finalizers and preconditions are skipped. This can break a cluster.',
  ),
  'insecureSkipTLSVerifyBackend@log': query(
    'boolean',
    'Do not check the certificate of the node that the log comes from.',
  ),
  labelSelector: query('string', 'Takes only objects whose labels are as the selector says. Default: all.'),
  limit: query(
    'integer',
    'The most objects to answer; the list says in metadata.continue how to go on. All pages of one list show the same moment.',
  ),
  'limitBytes@log': query('integer', 'Stop after about this many bytes.'),
  orphanDependents: query('boolean', 'Deprecated: use propagationPolicy. Whether dependents stay.'),
  'path@node': query('string', 'The path to ask the node for.'),
  'path@pod': query('string', 'The path to ask the pod for.'),
  'path@service': query('string', 'The path to ask the service for.'),
  'ports@portforward': query('integer', 'The ports to forward; needed with WebSockets.'),
  pretty: query('string', "If 'true', the answer is indented."),
  'previous@log': query('boolean', 'The log of the previous, terminated container.'),
  propagationPolicy: query(
    'string',
    'What becomes of dependents. Orphan: they stay; Background: they are removed later; Foreground: they are removed first.',
  ),
  resourceVersion: query('string', 'Which versions may be answered; see resourceVersionMatch. Default: the newest.'),
  resourceVersionMatch: query('string', 'How resourceVersion is meant for a list: Exact or NotOlderThan.'),
  sendInitialEvents: query(
    'boolean',
    'Start a watch with an ADDED event for every object there is, closed by a bookmark annotated "k8s.io/initial-events-end". Needs resourceVersionMatch=NotOlderThan.',
  ),
  shardSelector: query('string', 'Takes only objects whose hash falls into the given ranges. Not enabled.'),
  'sinceSeconds@log': query('integer', 'Only lines of the last so many seconds.'),
  'stderr@attach': query('boolean', 'Send what the container writes to standard error. Default: true.'),
  'stderr@exec': query('boolean', 'Send what the command writes to standard error.'),
  'stdin@attach': query('boolean', 'Feed standard input. Default: false.'),
  'stdin@exec': query('boolean', 'Feed standard input. Default: false.'),
  'stdout@attach': query('boolean', 'Send what the container writes to standard output. Default: true.'),
  'stdout@exec': query('boolean', 'Send what the command writes to standard output.'),
  'stream@log': query('string', 'All, Stdout or Stderr. Default: All.'),
  'tailLines@log': query('integer', 'Only the last so many lines.'),
  timeoutSeconds: query('integer', 'End a list or watch after so many seconds, whatever happens in it.'),
  'timestamps@log': query('boolean', 'Put a time before every line.'),
  'tty@attach': query('boolean', 'Allocate a terminal. Default: false.'),
  'tty@exec': query('boolean', 'Allocate a terminal. Default: false.'),
  watch: query('boolean', 'Answer changes as they happen, from resourceVersion on, in place of a list.'),
  namespace: { type: 'string', in: 'path', description: 'The namespace of the object.' },
  path: { type: 'string', in: 'path', description: 'The path to ask for.' },
}

/** The parameters of subresources, by "resource/subresource". */
export const subresourceParameters: Record<string, string> = {
  'nodes/proxy': 'path@node',
  'pods/attach': 'container@attach stderr@attach stdin@attach stdout@attach tty@attach',
  'pods/exec': 'command@exec container@exec stderr@exec stdin@exec stdout@exec tty@exec',
  'pods/log':
    'container@log follow@log insecureSkipTLSVerifyBackend@log limitBytes@log pretty previous@log sinceSeconds@log stream@log tailLines@log timestamps@log',
  'pods/portforward': 'ports@portforward',
  'pods/proxy': 'path@pod',
  'services/proxy': 'path@service',
}

export const listParameters =
  'allowWatchBookmarks continue fieldSelector labelSelector limit resourceVersion resourceVersionMatch sendInitialEvents shardSelector timeoutSeconds watch'
export const deleteParameters =
  'dryRun gracePeriodSeconds ignoreStoreReadErrorWithClusterBreakingPotential orphanDependents propagationPolicy'
export const deleteCollectionParameters = `continue dryRun fieldSelector gracePeriodSeconds
  ignoreStoreReadErrorWithClusterBreakingPotential labelSelector limit orphanDependents propagationPolicy
  resourceVersion resourceVersionMatch sendInitialEvents shardSelector timeoutSeconds`
