import type { AdmissionPlugin } from './admission.ts'

/** The plug-ins in the order they run. */
export const admissionPlugins: readonly AdmissionPlugin[] = []
