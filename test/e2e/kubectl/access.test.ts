import { startPlane, tableOf, type Plane } from './table.ts'
import { accessRows } from './rows/access.ts'

let plane: Plane
beforeAll(async () => {
  plane = await startPlane('kubectl-access')
})
afterAll(() => plane.close())

tableOf(() => plane, accessRows)
