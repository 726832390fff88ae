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
