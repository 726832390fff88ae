/** What we write on sandboxes and containers so that a later agent can adopt them. Source: CRI's well-known labels. */
export const podNameLabel = 'io.kubernetes.pod.name'
export const podNamespaceLabel = 'io.kubernetes.pod.namespace'
export const podUidLabel = 'io.kubernetes.pod.uid'
export const containerNameLabel = 'io.kubernetes.container.name'

export const hashAnnotation = 'io.kubernetes.container.hash'
export const restartCountAnnotation = 'io.kubernetes.container.restartCount'
export const terminationPathAnnotation = 'io.kubernetes.container.terminationMessagePath'
export const terminationPolicyAnnotation = 'io.kubernetes.container.terminationMessagePolicy'
export const podGraceAnnotation = 'io.kubernetes.pod.terminationGracePeriod'
/** Where this container's termination message is kept on the node. */
export const terminationFileAnnotation = 'kapell.io/termination-message-file'
