/**
 * Loads what the commands load, and starts nothing: node then writes the compiled code to its cache as it ends. For the
 * start script, the first time.
 */
export async function precompile(): Promise<number> {
  await Promise.all([
    import('./up.ts'),
    import('./node.ts'),
    import('./simulated-nodes.ts'),
    import('./kubeconfig.ts'),
    import('./kubectl.ts'),
    import('@kapell/apiserver/storage/embedded/store'),
    import('@kapell/controllers/index'),
    import('@kapell/scheduler/main'),
  ])
  return 0
}
