import { startPlane, tableOf, type Plane } from './table.ts'
import { nodeRows } from './rows/nodes.ts'

let plane: Plane
beforeAll(async () => {
  plane = await startPlane('kubectl-nodes')
})
afterAll(() => plane.close())

tableOf(() => plane, nodeRows)
