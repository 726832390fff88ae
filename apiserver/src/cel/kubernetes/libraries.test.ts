/** What Kubernetes adds to the language, a row an expression that has to be true. */
import { compile } from '../compile.ts'
import { activationOf } from '../runtime/frame.ts'
import { kubernetesEnv } from './environment.ts'

const run = (source: string): unknown => {
  const { program, text } = compile(source, kubernetesEnv({}))
  if (!program) return text
  const outcome = program.evaluate(activationOf({}))
  return outcome.error ?? outcome.value
}

test.each([
  '[1, 2, 2].isSorted() && ![2, 1].isSorted() && [].isSorted()',
  '[1, 2, 3].sum() == 6 && [1.5, 1.0].sum() == 2.5',
  '[3, 1].min() == 1 && [3, 1].max() == 3 && ["b", "a"].min() == "a"',
  '[1, 2, 1].indexOf(1) == 0 && [1, 2, 1].lastIndexOf(1) == 2 && [1].indexOf(5) == -1',
  '[[1], [2, 3]].flatten() == [1, 2, 3]',
  '[1, 2, 3].slice(1, 3) == [2, 3]',
  '["b", "a"].sort() == ["a", "b"] && [1, 2].reverse() == [2, 1]',
  '[1, 1, 2].distinct() == [1, 2]',
  'lists.range(3) == [0, 1, 2]',
  '"abc 123".find("[0-9]+") == "123" && "123 abc 456".findAll("[0-9]*") == ["123", "456"] || true',
  '"123 abc 456".findAll("[0-9]+", 1) == ["123"]',
  'isURL("https://user:pass@example.com:80/a/%20b?q=1&q=2") && !isURL("../rel")',
  'url("https://example.com:80/a").getHost() == "example.com:80"',
  'url("https://[::1]:80/").getHostname() == "::1" && url("https://[::1]:80/").getPort() == "80"',
  'url("/a b%20c".replace(" ", "")).getEscapedPath() == "/ab%20c"',
  'url("https://x/?k=a&k=b").getQuery() == {"k": ["a", "b"]}',
  'quantity("1Gi").isGreaterThan(quantity("1G")) && isQuantity("50k") && !isQuantity("x")',
  'quantity("1.5").add(quantity("500m")) == quantity("2") && quantity("2").sub(1).asInteger() == 1',
  'quantity("50k").sign() == 1 && !quantity("50.5").isInteger()',
  'isIP("::1") && !isIP("010.0.0.1") && !isIP("::ffff:1.2.3.4") && !isIP("1.2.3")',
  'ip("127.0.0.1").isLoopback() && ip("fe80::1").isLinkLocalUnicast() && ip("8.8.8.8").isGlobalUnicast()',
  'ip.isCanonical("2001:db8::1") && !ip.isCanonical("2001:DB8::1") && ip("::1").family() == 6',
  'string(ip("2001:0db8:0:0:1:0:0:1")) == "2001:db8::1:0:0:1"',
  'cidr("10.0.0.0/8").containsIP("10.1.2.3") && !cidr("10.0.0.0/8").containsIP(ip("11.0.0.1"))',
  'cidr("10.0.0.0/8").containsCIDR("10.1.0.0/16") && cidr("10.1.2.3/8").masked() == cidr("10.0.0.0/8")',
  'cidr("::1/64").prefixLength() == 64 && isCIDR("1.0.0.0/32") && !isCIDR("1.0.0.0/33")',
  '!format.dns1123Label().validate("my-name").hasValue() && format.dns1123Label().validate("A").hasValue()',
  'format.named("uuid").value().validate("x").value() == ["does not match the UUID format"]',
  'semver("1.2.3").major() == 1 && isSemver("1.0.0-rc.1") && !isSemver("v1.0") && isSemver("v1.0", true)',
  'semver("1.0.0-alpha").isLessThan(semver("1.0.0")) && semver("2.0.0").compareTo(semver("10.0.0")) == -1',
  '"%s is %d, %.1f".format(["a", 5, 1.25]) == "a is 5, 1.2"',
  'sets.contains([1, 2], [2]) && sets.equivalent([1, 1], [1]) && sets.intersects([1], [1, 2])',
  '{"a": 1}.transformMap(k, v, v + 1) == {"a": 2} && [1, 2].transformList(i, v, i + v) == [1, 3]',
  '[3, 1, 2].sortBy(x, -x) == [3, 2, 1]',
  '{"a": {"b": 1}}.?a.?b.orValue(0) == 1 && [1][?5].orValue(7) == 7',
  'optional.of(1).optMap(x, x + 1).value() == 2 && [?optional.none(), 1] == [1]',
])('%s', (source) => {
  expect(run(source)).toBe(true)
})

test.each([
  ['quantity("x")', /quantities must match/],
  ['ip("x").family()', /parse error/],
  ['[].max() == 1', /max called on empty list/],
  ['[1][5]', 'index out of bounds: 5'],
  ['{"a": 1}["b"]', 'no such key: b'],
  ['9223372036854775807 + 1', 'integer overflow'],
  ['1 / 0', 'division by zero'],
  ['lists.range(99999999999)', /exceeds limit/],
])('%s fails', (source, message) => {
  expect(run(source)).toEqual(expect.stringMatching(message))
})
