import { startPlane, tableOf, type Plane } from './table.ts'
import { changeRows } from './rows/changes.ts'

let plane: Plane
beforeAll(async () => {
  plane = await startPlane('kubectl-changes')
})
afterAll(() => plane.close())

tableOf(() => plane, changeRows)
