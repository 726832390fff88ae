import { VolumeCapability_AccessMode_Mode as Mode } from './gen/csi_pb.ts'

/** A volume's access modes as the one that drivers are told: the most that is asked for. */
export function accessMode(modes: readonly string[]): Mode {
  if (modes.includes('ReadWriteMany')) return Mode.MULTI_NODE_MULTI_WRITER
  if (modes.includes('ReadOnlyMany') && modes.includes('ReadWriteOnce')) return Mode.SINGLE_NODE_WRITER
  if (modes.includes('ReadOnlyMany')) return Mode.MULTI_NODE_READER_ONLY
  return Mode.SINGLE_NODE_WRITER
}
