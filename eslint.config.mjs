import tseslint from 'typescript-eslint'
import boundaries from 'eslint-plugin-boundaries'

/** Who may import whom, kept as data (ARCHITECTURE.md, "Import direction"). */
const elements = [
  { type: 'machinery', pattern: 'controllers/machinery' },
  ...['openapi', 'apiserver', 'controllers', 'scheduler', 'node-agent', 'cli', 'test'].map((type) => ({
    type,
    pattern: type,
  })),
]
const mayImport = {
  openapi: [],
  machinery: ['openapi'],
  apiserver: ['openapi'],
  controllers: ['openapi', 'machinery'],
  scheduler: ['openapi', 'machinery'],
  'node-agent': ['openapi', 'machinery'],
  cli: ['openapi', 'machinery', 'apiserver', 'controllers', 'scheduler', 'node-agent'],
  test: ['openapi', 'machinery', 'apiserver', 'controllers', 'scheduler', 'node-agent', 'cli'],
}

export default tseslint.config(
  { ignores: ['**/node_modules/**', 'openapi/src/generated/**', '**/gen/**', '.kapell/**', 'test/.work/**'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.base],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { boundaries },
    settings: {
      'boundaries/elements': elements,
      'import/resolver': { [import.meta.dirname + '/test/lint-resolver.cjs']: {} },
    },
    rules: {
      'boundaries/dependencies': [
        'error',
        {
          default: 'disallow',
          policies: Object.entries(mayImport).map(([from, to]) => ({
            from: { element: { type: from } },
            allow: { to: { element: { types: { anyOf: [from, ...to] } } } },
          })),
        },
      ],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'off',
      'no-restricted-exports': ['error', { restrictDefaultExports: { direct: true } }],
      'max-lines': ['error', { max: 500 }],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': 'error',
    },
  },
  {
    files: ['cli/**/*.ts', 'test/**/*.ts', 'openapi/src/generate.ts'],
    rules: { 'no-console': 'off' },
  },
)
