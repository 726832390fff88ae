import { createPrivateKey } from 'node:crypto'
import type { KeyPair } from './issue.ts'

/**
 * A key as "EC PRIVATE KEY" (SEC 1), as every client library reads it: fabric8's takes the algorithm from that label, and
 * an unlabelled PKCS #8 key for RSA.
 */
function labelled(key: string): string {
  const parsed = createPrivateKey(key)
  return parsed.asymmetricKeyType === 'ec' ? parsed.export({ type: 'sec1', format: 'pem' }).toString() : key
}

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
    client-key-data: ${base64(labelled(options.client.key))}
contexts:
- name: ${options.cluster}
  context:
    cluster: ${options.cluster}
    user: ${options.user}
current-context: ${options.cluster}
preferences: {}
`
}
