import { accessRows } from './rows/access.ts'
import { applyRows } from './rows/apply.ts'
import { changeRows } from './rows/changes.ts'
import { generatorRows } from './rows/generators.ts'
import { readRows } from './rows/reads.ts'
import { workloadRows } from './rows/workloads.ts'
import { startPlane, tableOf, type Plane, type Row } from './table.ts'

/** The rows that need no node, asked by the kubectl of two minor versions before. */
describe.each<[string, Row[]]>([
  ['apply', applyRows],
  ['changes', changeRows],
  ['generators', generatorRows],
  ['reads', readRows],
  ['workloads', workloadRows],
  ['access', accessRows],
])('%s', (name, rows) => {
  let plane: Plane
  beforeAll(async () => {
    plane = await startPlane(`kubectl-older-${name}`, 'v34')
  })
  afterAll(() => plane.close())

  tableOf(() => plane, rows, 'v34')
})
