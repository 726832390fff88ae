/**
 * The Huffman code of HPACK. Source: RFC 7541, appendix B. The code is canonical, so that the lengths of the codes say
 * all: one letter a symbol, 'a' for five bits, and so on; the end-of-string symbol, all ones, is left out.
 */
const lengths =
  'isxxxxxxxtzxxzxxxxxxxxzxxxxxxxxxbffhibdgffdgdbbbaaabbbbbbbcdkbhfibccccccccccccccccccccccdcdioijbkabababbbaccbbbabcbaabccccckgjixprpprrrsrssssststtrstssssqrsrsstrqprrssqsrrtqrssqqrqsrssprrrsrrsvvporsruvvvwwvtuoqvwwvwtqqvvxwwwptpqrqqsrruuttvsvwvvwwwwwxwwwwwv'

/** Steps by half a byte: from a node of the code's tree to the next one, with the symbol met on the way, or 0 for none. */
interface Steps {
  /** By `node * 16 + half`; the node to go on from, or `dead`. */
  next: Uint16Array
  /** One more than the symbol; the shortest code has five bits, so there is at most one. */
  symbol: Uint16Array
  /** Whether a string may end at this node: what came since the last symbol is less than a byte, and all ones. */
  mayEnd: Uint8Array
}

const dead = 0xffff

type Node = { children: [Node | number | undefined, Node | number | undefined]; number: number }

function buildTree(): Node[] {
  const nodes: Node[] = []
  const newNode = (): Node => {
    const node: Node = { children: [undefined, undefined], number: nodes.length }
    nodes.push(node)
    return node
  }
  const root = newNode()
  const symbols = Array.from({ length: 256 }, (_, symbol) => ({ symbol, bits: lengths.charCodeAt(symbol) - 97 + 5 }))
  symbols.sort((a, b) => a.bits - b.bits || a.symbol - b.symbol)
  let code = 0
  let before = 0
  for (const { symbol, bits } of symbols) {
    code <<= bits - before
    before = bits
    let at = root
    for (let bit = bits - 1; bit > 0; bit--) {
      const side = (code >> bit) & 1
      let child = at.children[side]
      if (typeof child !== 'object') at.children[side] = child = newNode()
      at = child
    }
    at.children[code & 1] = symbol
    code += 1
  }
  return nodes
}

function buildSteps(): Steps {
  const nodes = buildTree()
  const next = new Uint16Array(nodes.length * 16).fill(dead)
  const symbol = new Uint16Array(nodes.length * 16)
  const mayEnd = new Uint8Array(nodes.length)
  const [root] = nodes
  for (const node of nodes) {
    for (let half = 0; half < 16; half++) {
      let at: Node | undefined = node
      for (let bit = 3; bit >= 0 && at !== undefined; bit--) {
        const child: Node | number | undefined = at.children[((half >> bit) & 1) as 0 | 1]
        if (typeof child === 'number') symbol[node.number * 16 + half] = child + 1
        at = typeof child === 'number' ? root : child
      }
      if (at !== undefined) next[node.number * 16 + half] = at.number
    }
  }
  let padding = root
  for (let bits = 0; bits < 8 && padding !== undefined; bits++) {
    mayEnd[padding.number] = 1
    const child: Node | number | undefined = padding.children[1]
    padding = typeof child === 'object' ? child : undefined
  }
  return { next, symbol, mayEnd }
}

let steps: Steps | undefined

/** The string that these bytes stand for, a byte a character; undefined when they stand for none. */
export function decodeHuffman(bytes: Uint8Array, from: number, to: number): string | undefined {
  const { next, symbol, mayEnd } = (steps ??= buildSteps())
  // The shortest code has five bits.
  const out = Buffer.allocUnsafe(((to - from) * 8) / 5 + 1)
  let length = 0
  let node = 0
  for (let i = from; i < to; i++) {
    const byte = bytes[i] ?? 0
    for (let half = byte >> 4, second = false; ; half = byte & 15, second = true) {
      const step = node * 16 + half
      node = next[step] ?? dead
      if (node === dead) return undefined
      const met = symbol[step] ?? 0
      if (met > 0) out[length++] = met - 1
      if (second) break
    }
  }
  return mayEnd[node] === 1 ? out.toString('latin1', 0, length) : undefined
}
