const common = {
  rootDir: import.meta.dirname,
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/test/transform.cjs' },
  moduleFileExtensions: ['ts', 'js', 'mjs', 'cjs', 'json', 'node'],
  modulePathIgnorePatterns: ['<rootDir>/.kapell', '<rootDir>/test/.work'],
}
const project = (displayName, testMatch) => ({ ...common, displayName, testMatch })

export default {
  rootDir: import.meta.dirname,
  reporters: ['<rootDir>/test/reporter.cjs'],
  workerIdleMemoryLimit: '600MB',
  // A bound against hanging, not a measure: machines are slow and busy.
  testTimeout: 60_000,
  forceExit: true,
  projects: [
    project('unit', [
      '<rootDir>/{openapi,apiserver,controllers,scheduler,node-agent,cli}/**/*.test.ts',
      '<rootDir>/test/suites/**/*.test.ts',
    ]),
    project('parity', ['<rootDir>/test/parity/**/*.test.ts']),
    project('integration', ['<rootDir>/test/integration/**/*.test.ts']),
    project('e2e', ['<rootDir>/test/e2e/**/*.test.ts']),
  ],
}
