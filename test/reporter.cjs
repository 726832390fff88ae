const { appendFileSync } = require('node:fs')

/** Prints failures as they happen and a running count; hands the totals to whoever started the run. */
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
  }
  onRunComplete(_, results) {
    // A file that does not load ran no test: it counts as one failure.
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites
    const skipped = results.numPendingTests + results.numTodoTests
    console.log(`${results.numPassedTests} passed, ${failed} failed, ${skipped} skipped`)
    const file = process.env.KAPELL_TEST_TOTALS
    if (file) appendFileSync(file, `${JSON.stringify({ passed: results.numPassedTests, failed, skipped })}\n`)
  }
}
