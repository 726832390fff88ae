/** Ends one part of what was started; all are called in reverse order. */
export type Closer = (options: { removePods: boolean }) => Promise<void>
