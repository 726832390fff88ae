import { chosenProtocol } from './web-socket.ts'

const tunnel = 'SPDY/3.1+portforward.k8s.io'

it.each([
  [undefined, [tunnel], ''],
  ['', [tunnel], ''],
  [tunnel, [tunnel, 'v4.channel.k8s.io'], tunnel],
  [`v4.channel.k8s.io ,${tunnel}`, [tunnel, 'v4.channel.k8s.io'], tunnel],
  ['v4.channel.k8s.io', [tunnel, 'v4.channel.k8s.io'], 'v4.channel.k8s.io'],
  ['SPDY/3.1', [tunnel], ''],
])('of %j we, who speak %j, take %j', (offer, spoken, chosen) => {
  expect(chosenProtocol(offer, spoken)).toBe(chosen)
})
