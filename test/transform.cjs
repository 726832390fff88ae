const { stripTypeScriptTypes } = require('node:module')
const { createHash } = require('node:crypto')
/** Jest runs the very sources Node runs: types are stripped, nothing else is changed. */
module.exports = {
  process: (source) => ({ code: stripTypeScriptTypes(source, { mode: 'strip' }) }),
  getCacheKey: (source, path) => createHash('sha1').update(process.version).update(path).update(source).digest('hex'),
}
