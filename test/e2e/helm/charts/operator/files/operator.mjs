import { readFileSync } from 'node:fs'
const dir = '/var/run/secrets/kubernetes.io/serviceaccount'
const api = `https://${process.env.KUBERNETES_SERVICE_HOST}:${process.env.KUBERNETES_SERVICE_PORT}`
const base = `${api}/apis/operator.example.com/v1`
const headers = () => ({ authorization: `Bearer ${readFileSync(`${dir}/token`, 'utf8')}` })
for (;;) {
  try {
    const list = await (await fetch(`${base}/greetings`, { headers: headers() })).json()
    for (const item of list.items.filter((one) => one.status?.said !== `hello ${one.spec.whom}`))
      await fetch(`${base}/namespaces/${item.metadata.namespace}/greetings/${item.metadata.name}/status`, {
        method: 'PATCH',
        headers: { ...headers(), 'content-type': 'application/merge-patch+json' },
        body: JSON.stringify({ status: { said: `hello ${item.spec.whom}` } }),
      })
  } catch (error) {
    console.error(String(error), error.cause)
  }
  await new Promise((resolve) => setTimeout(resolve, 300))
}
