import { startPlane, tableOf, type Plane } from './table.ts'
import { applyRows } from './rows/apply.ts'

let plane: Plane
beforeAll(async () => {
  plane = await startPlane('kubectl-apply')
})
afterAll(() => plane.close())

tableOf(() => plane, applyRows)
