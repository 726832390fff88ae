interface Request {
  exactly?: Exact
  firstAvailable?: Exact[]
}

interface Exact {
  allocationMode?: string
  count?: number
}

/** One device of the class, unless the request says otherwise. Source: "Dynamic Resource Allocation". */
export function defaultClaimSpec(spec: { devices?: { requests?: Request[] } } | undefined): void {
  for (const request of spec?.devices?.requests ?? []) {
    for (const exact of [request.exactly, ...(request.firstAvailable ?? [])]) {
      if (exact === undefined) continue
      exact.allocationMode ??= 'ExactCount'
      if (exact.allocationMode === 'ExactCount' && (exact.count ?? 0) === 0) exact.count = 1
    }
  }
}
