const nothing = (): void => undefined

/** A log that nobody reads. */
export const silentLog = { debug: nothing, info: nothing, warn: nothing, error: nothing }
