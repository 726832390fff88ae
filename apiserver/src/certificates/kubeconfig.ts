import type { KeyPair } from './issue.ts'

/** A kubeconfig with everything inside, as YAML. */
export function kubeconfig(options: {
  cluster: string
  user: string
  server: string
  caCertificate: string
  client: KeyPair
}): string {
  const base64 = (text: string): string => Buffer.from(text).toString('base64')
  return `apiVersion: v1
kind: Config
clusters:
- name: ${options.cluster}
  cluster:
    certificate-authority-data: ${base64(options.caCertificate)}
    server: ${options.server}
users:
- name: ${options.user}
  user:
    client-certificate-data: ${base64(options.client.certificate)}
    client-key-data: ${base64(options.client.key)}
contexts:
- name: ${options.cluster}
  context:
    cluster: ${options.cluster}
    user: ${options.user}
current-context: ${options.cluster}
preferences: {}
`
}
