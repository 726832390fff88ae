const path = require('node:path')
const { createRequire } = require('node:module')
/** Tells the import-direction rule where '@kapell/...' and relative imports lead: through each package's own exports. */
exports.interfaceVersion = 2
exports.resolve = (source, file) => {
  if (source.startsWith('node:')) return { found: true, path: null }
  try {
    if (source.startsWith('.')) return { found: true, path: path.resolve(path.dirname(file), source) }
    return { found: true, path: createRequire(file).resolve(source) }
  } catch {
    return { found: false }
  }
}
