import { ipv6Number, ipv6Text } from '@kapell/controllers/machinery/ipv6-number'
import { ipv4, ipv6 } from './family.ts'

it.each([
  ['10.1.2.3/16', '10.1.0.0/16', undefined],
  ['0.0.0.0/0', '0.0.0.0/0', undefined],
  ['255.255.255.255/32', '255.255.255.255/32', undefined],
  ['10.0.0.0/33', undefined, undefined],
  ['10.0.0.0', undefined, undefined],
  ['255.255.255.255/1', '128.0.0.0/1', undefined],
  ['1.2.3.4/8; drop', undefined, undefined],
  ['fd00:1::5/64', undefined, 'fd00:1::/64'],
  ['::/0', undefined, '::/0'],
  ['2001:DB8::ff00:42/120', undefined, '2001:db8::ff00:0/120'],
  ['::ffff:1.2.3.4/128', undefined, '::ffff:102:304/128'],
  ['fd00::1/129', undefined, undefined],
  ['fe80::1%eth0/64', undefined, undefined],
  ['rubbish', undefined, undefined],
])('the range %s is %s or %s', (text, v4, v6) => {
  expect([ipv4.block(text), ipv6.block(text)]).toEqual([v4, v6])
})

it.each(['::', '::1', 'fd00::1', '2001:db8:1:2:3:4:5:6', 'fd00:0:0:1::2'])('%s is read and written', (address) => {
  expect(ipv6Text(ipv6Number(address))).toBe(address)
})
