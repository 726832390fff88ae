/** `+ - * / % -`, exact and with overflow told. Source: cel-spec's language definition, "Overflow". */
import { CelError } from '../runtime/errors.ts'
import { CelUint, Duration, int, minInt, Timestamp } from '../values/scalars.ts'
import { declare } from './declare.ts'

function divisor(value: bigint, what: 'division' | 'modulus'): bigint {
  if (value === 0n) throw new CelError(what === 'division' ? 'division by zero' : 'modulus by zero')
  return value
}
const uint = (value: bigint): CelUint => CelUint.checked(value)

export const arithmetic = declare({
  '_+_(int, int): int': (a: bigint, b: bigint) => int(a + b),
  '_-_(int, int): int': (a: bigint, b: bigint) => int(a - b),
  '_*_(int, int): int': (a: bigint, b: bigint) => int(a * b),
  '_/_(int, int): int': (a: bigint, b: bigint) => int(a / divisor(b, 'division')),
  '_%_(int, int): int': (a: bigint, b: bigint) => {
    if (a === minInt && b === -1n) throw new CelError('integer overflow')
    return a % divisor(b, 'modulus')
  },
  '-_(int): int': (a: bigint) => int(-a),
  '_+_(uint, uint): uint': (a: CelUint, b: CelUint) => uint(a.value + b.value),
  '_-_(uint, uint): uint': (a: CelUint, b: CelUint) => uint(a.value - b.value),
  '_*_(uint, uint): uint': (a: CelUint, b: CelUint) => uint(a.value * b.value),
  '_/_(uint, uint): uint': (a: CelUint, b: CelUint) => uint(a.value / divisor(b.value, 'division')),
  '_%_(uint, uint): uint': (a: CelUint, b: CelUint) => uint(a.value % divisor(b.value, 'modulus')),
  '_+_(double, double): double': (a: number, b: number) => a + b,
  '_-_(double, double): double': (a: number, b: number) => a - b,
  '_*_(double, double): double': (a: number, b: number) => a * b,
  '_/_(double, double): double': (a: number, b: number) => a / b,
  '-_(double): double': (a: number) => -a,
  '_+_(timestamp, duration): timestamp': (a: Timestamp, b: Duration) => new Timestamp(a.nanos + b.nanos),
  '_+_(duration, timestamp): timestamp': (a: Duration, b: Timestamp) => new Timestamp(a.nanos + b.nanos),
  '_+_(duration, duration): duration': (a: Duration, b: Duration) => new Duration(a.nanos + b.nanos),
  '_-_(timestamp, timestamp): duration': (a: Timestamp, b: Timestamp) => new Duration(a.nanos - b.nanos),
  '_-_(timestamp, duration): timestamp': (a: Timestamp, b: Duration) => new Timestamp(a.nanos - b.nanos),
  '_-_(duration, duration): duration': (a: Duration, b: Duration) => new Duration(a.nanos - b.nanos),
  '-_(duration): duration': (a: Duration) => new Duration(-a.nanos),
})
