import { startPlane, tableOf, type Plane } from './table.ts'
import { readRows } from './rows/reads.ts'

let plane: Plane
beforeAll(async () => {
  plane = await startPlane('kubectl-reads')
})
afterAll(() => plane.close())

tableOf(() => plane, readRows)
