/** Prints failures as they happen, a running count, and the one closing line that CI reads. */
module.exports = class Reporter {
  onRunStart(results) {
    this.total = results.numTotalTestSuites
    this.startedAt = Date.now()
  }
  onTestResult(test, result, all) {
    const name = test.path.replace(process.cwd() + '/', '')
    if (result.failureMessage) console.log(`\n✗ ${name}\n${result.failureMessage}`)
    for (const line of result.console ?? []) if (process.env.KAPELL_TEST_LOG) console.log(line.message)
    const done = all.numPassedTestSuites + all.numFailedTestSuites + all.numPendingTestSuites
    const seconds = Math.round((Date.now() - this.startedAt) / 1000)
    const took = ((result.perfStats.end - result.perfStats.start) / 1000).toFixed(1)
    console.log(`${done}/${this.total} files, ${seconds} s: ${name} (${result.numPassingTests} tests, ${took} s)`)
  }
  onRunComplete(_, results) {
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites
    const skipped = results.numPendingTests + results.numTodoTests
    console.log(`\n${results.numPassedTests} passed, ${failed} failed, ${skipped} skipped`)
  }
}
