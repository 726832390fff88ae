/** The first SIGINT or SIGTERM asks for an orderly stop, a second one while stopping ends at once. */
export function stopSignal(command: string): { signal: AbortSignal; asked: Promise<void>; stopping: () => void } {
  const controller = new AbortController()
  let isStopping = false
  const asked = new Promise<void>((resolve) => {
    const onSignal = (): void => {
      if (isStopping) {
        process.stderr.write(`Stopping at once; "${command}" with the same data directory cleans up what is left.\n`)
        process.exit(130)
      }
      isStopping = true
      process.stdout.write('\nStopping (Ctrl-C again to stop at once)…\n')
      controller.abort()
      resolve()
    }
    process.on('SIGINT', onSignal)
    process.on('SIGTERM', onSignal)
  })
  return { signal: controller.signal, asked, stopping: () => (isStopping = true) }
}
