import { rowText, type Bench } from './harness.ts'
import { apiBench } from './api.ts'
import { apiserverBench } from './apiserver.ts'
import { clusterBench } from './cluster.ts'
import { schedulerBench } from './scheduling/index.ts'
import { memoryBench } from './memory.ts'
import { networkBench } from './network.ts'
import { nodeBench } from './node.ts'
import { scaleBench } from './scale.ts'
import { storeBench } from './store.ts'

/** `npm run bench` runs all, `npm run bench -- NAME …` some. Ratios count: they compare within one run. */
const benches: readonly Bench[] = [
  storeBench,
  apiBench,
  apiserverBench,
  clusterBench,
  schedulerBench,
  scaleBench,
  memoryBench,
  networkBench,
  nodeBench,
]

const names = process.argv.slice(2)
const unknown = names.filter((name) => !benches.some((bench) => bench.name === name))
if (unknown.length > 0 || names.includes('--help')) {
  console.log(`usage: npm run bench -- [NAME …]\n`)
  for (const { name, about } of benches) console.log(`  ${name.padEnd(12)} ${about}`)
  process.exit(unknown.every((name) => name === '--help') ? 0 : 1)
}
for (const bench of benches) {
  if (names.length > 0 && !names.includes(bench.name)) continue
  console.log(`\n${bench.name}: ${bench.about}`)
  await bench.run((row) => console.log(rowText(row)))
}
process.exit(0)
