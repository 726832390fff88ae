import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { giveSettingBack, takeSetting, type SettingsPlace } from './kernel-settings.ts'

const dir = mkdtempSync(join(tmpdir(), 'kapell-settings-'))
const values = new Map([
  ['net.x.close_wait', '60'],
  ['net.x.fixed', '1'],
])
const place: SettingsPlace = {
  read: (name) => Promise.resolve(values.get(name)),
  write: (name, value) => {
    if (name === 'net.x.fixed') return Promise.resolve(false)
    values.set(name, value)
    return Promise.resolve(true)
  },
  dir,
  namespace: () => Promise.resolve('7'),
}
afterAll(() => rmSync(dir, { recursive: true }))

it('makes a setting what it was, also when a run in between was killed', async () => {
  expect(await takeSetting('net.x.close_wait', '3600', place)).toBe(true)
  expect(readdirSync(dir)).toEqual(['close_wait-7'])
  // The one that was killed left it; somebody else changed it since.
  values.set('net.x.close_wait', '90')
  expect(await takeSetting('net.x.close_wait', '3600', place)).toBe(true)
  expect(values.get('net.x.close_wait')).toBe('3600')
  await giveSettingBack('net.x.close_wait', place)
  expect([values.get('net.x.close_wait'), readdirSync(dir)]).toEqual(['60', []])
})

it('leaves alone what was so before, what cannot be changed, and what is not there', async () => {
  expect(await takeSetting('net.x.close_wait', '60', place)).toBe(true)
  expect(await takeSetting('net.x.fixed', '2', place)).toBe(false)
  expect(await takeSetting('net.x.missing', '2', place)).toBe(false)
  expect(readdirSync(dir)).toEqual([])
  values.set('net.x.close_wait', '61')
  await giveSettingBack('net.x.close_wait', place)
  expect(values.get('net.x.close_wait')).toBe('61')
})
