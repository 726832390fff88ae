import { startPlane, tableOf, type Plane } from './table.ts'
import { workloadRows } from './rows/workloads.ts'

let plane: Plane
beforeAll(async () => {
  plane = await startPlane('kubectl-workloads')
})
afterAll(() => plane.close())

tableOf(() => plane, workloadRows)
