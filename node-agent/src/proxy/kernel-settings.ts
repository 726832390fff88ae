import { mkdir, readFile, readlink, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setSysctl } from '../runtime/host.ts'

/** How settings are read and written, and where it stands what they were; for tests. */
export interface SettingsPlace {
  read(name: string): Promise<string | undefined>
  write(name: string, value: string): Promise<boolean>
  /** A directory that does not outlive the machine's start, as settings do not. */
  dir: string
  /** Of the network that they are of. */
  namespace(): Promise<string>
}

const machine: SettingsPlace = {
  read: async (name) =>
    (await readFile(`/proc/sys/${name.replaceAll('.', '/')}`, 'utf8').catch(() => undefined))?.trim(),
  write: setSysctl,
  dir: '/run/kapell',
  namespace: async () => (await readlink('/proc/self/ns/net')).replace(/\D/g, ''),
}

/** "net.ipv4.conf.all.route_localnet" in the namespace 4026531840 is kept in "route_localnet-4026531840". */
const markerOf = async (name: string, place: SettingsPlace): Promise<string> =>
  join(place.dir, `${name.slice(name.lastIndexOf('.') + 1)}-${await place.namespace()}`)

/** Changes a kernel setting, and notes what it was, also for a later run, should this one be killed. Answers whether it is so now. */
export async function takeSetting(name: string, value: string, place: SettingsPlace = machine): Promise<boolean> {
  const before = await place.read(name)
  if (before === value) return true
  if (before === undefined) return false
  const marker = await markerOf(name, place)
  await mkdir(place.dir, { recursive: true }).catch(() => undefined)
  await writeFile(marker, before, { flag: 'wx' }).catch(() => undefined)
  if (await place.write(name, value)) return true
  await rm(marker, { force: true })
  return false
}

/** Makes it what it was, if it was us who changed it. */
export async function giveSettingBack(name: string, place: SettingsPlace = machine): Promise<void> {
  const marker = await markerOf(name, place)
  const before = await readFile(marker, 'utf8').catch(() => undefined)
  if (before === undefined) return
  await place.write(name, before === '' ? '0' : before)
  await rm(marker, { force: true })
}
