import { startPlane, tableOf, type Plane } from './table.ts'
import { generatorRows } from './rows/generators.ts'

let plane: Plane
beforeAll(async () => {
  plane = await startPlane('kubectl-generators')
})
afterAll(() => plane.close())

tableOf(() => plane, generatorRows)
