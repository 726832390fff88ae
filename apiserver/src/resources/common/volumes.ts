const shortModes: Record<string, string> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
}

/** "RWO,RWX": access modes without repeats, in the fixed order that tables use. */
export function accessModesCell(modes: readonly string[] | undefined): string {
  return Object.keys(shortModes)
    .filter((mode) => modes?.includes(mode))
    .map((mode) => shortModes[mode])
    .join(',')
}

const classAnnotation = 'volume.beta.kubernetes.io/storage-class'

/** The storage class of a claim or a volume; the old annotation wins over the field. */
export function storageClassOf(object: {
  metadata?: { annotations?: Record<string, string> }
  spec?: { storageClassName?: string }
}): string {
  return object.metadata?.annotations?.[classAnnotation] ?? object.spec?.storageClassName ?? ''
}

/** Half bytes cannot be had. */
export const isFractional = (value: string): boolean => /^\d+m$/.test(value) && Number(value.slice(0, -1)) % 1000 !== 0

export const fractionWarning = (at: string, value: string): string =>
  `${at}: fractional byte value ${JSON.stringify(value)} is invalid, must be an integer`

/** Warnings about the amounts of storage that a claim asks for. */
export function storageWarnings(
  resources: { requests?: Record<string, string>; limits?: Record<string, string> } | undefined,
  at: string,
): string[] {
  return (['requests', 'limits'] as const).flatMap((field) => {
    const value = resources?.[field]?.['storage']
    return value !== undefined && isFractional(value) ? [fractionWarning(`${at}.${field}[storage]`, value)] : []
  })
}
