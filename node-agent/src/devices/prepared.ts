import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'

/** A claim whose devices are, or were about to be, made ready on this node. */
export interface PreparedClaim {
  namespace: string
  name: string
  uid: string
  drivers: string[]
  /** UIDs of the pods that use it here. */
  pods: string[]
  /** False: its preparation has not ended well. */
  isReady: boolean
  devices: PreparedDevice[]
}

export interface PreparedDevice {
  /** Requests of the claim that it serves; none: all. */
  requests: string[]
  cdiIds: string[]
}

/** What outlives the agent: devices are handed back by whoever comes after. */
export interface PreparedClaims {
  get(uid: string): PreparedClaim | undefined
  ofPod(podUid: string): PreparedClaim[]
  set(claim: PreparedClaim): Promise<void>
  delete(uid: string): Promise<void>
}

export async function openPreparedClaims(file: string): Promise<PreparedClaims> {
  const claims = new Map((await read(file)).map((claim) => [claim.uid, claim]))
  let writing: Promise<void> = Promise.resolve()
  const save = (): Promise<void> => {
    writing = writing.catch(() => {}).then(() => write(file, [...claims.values()]))
    return writing
  }
  return {
    get: (uid) => claims.get(uid),
    ofPod: (podUid) => [...claims.values()].filter(({ pods }) => pods.includes(podUid)),
    set: (claim) => {
      claims.set(claim.uid, claim)
      return save()
    },
    delete: (uid) => {
      claims.delete(uid)
      return save()
    },
  }
}

async function read(file: string): Promise<PreparedClaim[]> {
  try {
    const parsed: unknown = JSON.parse(await readFile(file, 'utf8'))
    return Array.isArray(parsed) ? (parsed as PreparedClaim[]) : []
  } catch {
    return []
  }
}

async function write(file: string, claims: readonly PreparedClaim[]): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  await writeFile(`${file}.new`, JSON.stringify(claims), { mode: 0o600 })
  await rename(`${file}.new`, file)
}
