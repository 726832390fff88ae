const { appendFileSync } = require('node:fs')

/**
 * Prints failures as they happen and a running count; hands each file's counts, a line of JSON a file, to whoever
 * started the run.
 */
module.exports = class Reporter {
  onRunStart(results) {
    this.total = results.numTotalTestSuites
    this.startedAt = Date.now()
  }
  onTestResult(test, result, all) {
    const name = test.path.replace(process.cwd() + '/', '')
    if (result.failureMessage) console.log(`\n✗ ${name}\n${result.failureMessage}`)
    if (process.env.KAPELL_TEST_LOG) for (const line of result.console ?? []) console.log(line.message)
    const done = all.numPassedTestSuites + all.numFailedTestSuites + all.numPendingTestSuites
    const seconds = Math.round((Date.now() - this.startedAt) / 1000)
    const took = ((result.perfStats.end - result.perfStats.start) / 1000).toFixed(1)
    console.log(`${done}/${this.total} files, ${seconds} s: ${name} (${result.numPassingTests} tests, ${took} s)`)
    // A file that does not load ran no test: it counts as one failure.
    const failed = result.numFailingTests + (result.testExecError && result.numFailingTests === 0 ? 1 : 0)
    const skipped = result.numPendingTests + result.numTodoTests
    const file = process.env.KAPELL_TEST_RESULTS
    const counts = { file: name, passed: result.numPassingTests, failed, skipped }
    if (file) appendFileSync(file, `${JSON.stringify(counts)}\n`)
  }
  onRunComplete(_, results) {
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites
    const skipped = results.numPendingTests + results.numTodoTests
    console.log(`${results.numPassedTests} passed, ${failed} failed, ${skipped} skipped`)
  }
}
