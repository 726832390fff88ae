import type { ApiResponse } from '@kapell/openapi/wire/transport'
import { measuredTransport } from './measured-transport.ts'
import { createMetrics } from './metrics.ts'

describe('measuredTransport', () => {
  it('counts answers by code and failures as such', async () => {
    const metrics = createMetrics()
    const answer = {
      status: 201,
      headers: {},
      bytes: () => Promise.resolve(new Uint8Array(100)),
    } as unknown as ApiResponse
    const transport = measuredTransport(
      ({ path }) => (path === '/down' ? Promise.reject(new Error('reset')) : Promise.resolve(answer)),
      metrics,
    )
    const created = await transport({ method: 'POST', path: '/up', body: new Uint8Array(300) })
    expect(await created.bytes()).toHaveLength(100)
    await expect(transport({ method: 'GET', path: '/down' })).rejects.toThrow('reset')
    const text = metrics.render()
    expect(text).toContain('rest_client_requests_total{code="201",host="in-process",method="POST"} 1')
    expect(text).toContain('rest_client_requests_total{code="<error>",host="in-process",method="GET"} 1')
    expect(text).toContain('rest_client_request_size_bytes_bucket{host="in-process",verb="POST",le="512"} 1')
    expect(text).toContain('rest_client_response_size_bytes_sum{host="in-process",verb="POST"} 100')
    expect(text).toContain('rest_client_request_duration_seconds_count{host="in-process",verb="GET"} 1')
  })
})
