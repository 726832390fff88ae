import { elfExecutable } from './elf.ts'

/**
 * The program of the pause image, the first process of every pod: it blocks all signals and waits for one at a time.
 * SIGTERM and SIGINT end it; at SIGCHLD it reaps, since with a shared process namespace it is everyone's parent.
 * Waiting for blocked signals needs no handlers, and works although the kernel hides signals without a handler from
 * process 1. System call numbers: Linux, x86-64 and generic (arm64).
 */
export function pauseProgram(machine: 'x64' | 'arm64'): Uint8Array {
  return elfExecutable(machine, machine === 'x64' ? pauseX64() : pauseArm64())
}

/** Machine code as written: bytes, labels ("name:") and one-byte jumps to labels. */
type Line = number[] | string | { jump: number; to: string }

function pauseX64(): Uint8Array {
  const lines: Line[] = [
    [0x6a, 0xff], // push -1: the set of all signals
    [0x48, 0x89, 0xe6], // mov rsi, rsp
    [0x31, 0xff], // xor edi, edi: SIG_BLOCK
    [0x31, 0xd2], // xor edx, edx
    [0x6a, 8, 0x41, 0x5a], // r10 = 8: size of the set
    [0x6a, 14, 0x58], // rax = rt_sigprocmask
    [0x0f, 0x05], // syscall
    'wait:',
    [0x48, 0x89, 0xe7], // mov rdi, rsp
    [0x31, 0xf6], // xor esi, esi
    [0x31, 0xd2], // xor edx, edx: no time limit
    [0x6a, 8, 0x41, 0x5a], // r10 = 8
    [0xb8, 128, 0, 0, 0], // eax = rt_sigtimedwait
    [0x0f, 0x05],
    [0x83, 0xf8, 15], // SIGTERM?
    { jump: 0x74, to: 'exit' },
    [0x83, 0xf8, 2], // SIGINT?
    { jump: 0x74, to: 'exit' },
    [0x83, 0xf8, 17], // not SIGCHLD?
    { jump: 0x75, to: 'wait' },
    'reap:',
    [0x6a, 0xff, 0x5f], // rdi = -1: any child
    [0x31, 0xf6], // xor esi, esi
    [0x6a, 1, 0x5a], // rdx = WNOHANG
    [0x45, 0x31, 0xd2], // xor r10d, r10d
    [0x6a, 61, 0x58], // rax = wait4
    [0x0f, 0x05],
    [0x85, 0xc0], // test eax, eax
    { jump: 0x7f, to: 'reap' }, // one was reaped: look for more
    { jump: 0xeb, to: 'wait' },
    'exit:',
    [0x31, 0xff], // xor edi, edi
    [0x6a, 60, 0x58], // rax = exit
    [0x0f, 0x05],
  ]
  const sizeOf = (line: Line) => (typeof line === 'string' ? 0 : Array.isArray(line) ? line.length : 2)
  const labels = labelOffsets(lines, sizeOf)
  let at = 0
  return Uint8Array.from(
    lines.flatMap((line) => {
      at += sizeOf(line)
      if (typeof line === 'string') return []
      return Array.isArray(line) ? line : [line.jump, (labels.get(line.to)! - at) & 0xff]
    }),
  )
}

/** arm64 code: whole instructions, labels, and jumps whose offset field is given by its position. */
type Word = number | string | { jump: number; shift: number; bits: number; to: string }

function pauseArm64(): Uint8Array {
  const mov = (register: number, value: number) => (0xd2800000 | (value << 5) | register) >>> 0
  const compare = (value: number) => 0x7100001f | (value << 10) // cmp w0, #value
  const branchIf = (condition: number, to: string): Word => ({ jump: 0x54000000 | condition, shift: 5, bits: 19, to })
  const [equal, notEqual, greater] = [0, 1, 12]
  const stackPointerTo = (register: number) => 0x910003e0 | register
  const systemCall = 0xd4000001
  const words: Word[] = [
    0x92800009, // mov x9, #-1: the set of all signals
    0xf81f0fe9, // str x9, [sp, #-16]!
    mov(0, 0), // SIG_BLOCK
    stackPointerTo(1),
    mov(2, 0),
    mov(3, 8),
    mov(8, 135), // rt_sigprocmask
    systemCall,
    'wait:',
    stackPointerTo(0),
    mov(1, 0),
    mov(2, 0),
    mov(3, 8),
    mov(8, 137), // rt_sigtimedwait
    systemCall,
    compare(15),
    branchIf(equal, 'exit'),
    compare(2),
    branchIf(equal, 'exit'),
    compare(17),
    branchIf(notEqual, 'wait'),
    'reap:',
    0x92800000, // mov x0, #-1
    mov(1, 0),
    mov(2, 1), // WNOHANG
    mov(3, 0),
    mov(8, 260), // wait4
    systemCall,
    compare(0),
    branchIf(greater, 'reap'),
    { jump: 0x14000000, shift: 0, bits: 26, to: 'wait' },
    'exit:',
    mov(0, 0),
    mov(8, 93), // exit
    systemCall,
  ]
  const sizeOf = (word: Word) => (typeof word === 'string' ? 0 : 1)
  const labels = labelOffsets(words, sizeOf)
  const out: number[] = []
  for (const word of words) {
    if (typeof word === 'string') continue
    if (typeof word === 'number') out.push(word >>> 0)
    else {
      const offset = (labels.get(word.to)! - out.length) & (2 ** word.bits - 1)
      out.push((word.jump | (offset << word.shift)) >>> 0)
    }
  }
  const bytes = new Uint8Array(out.length * 4)
  const view = new DataView(bytes.buffer)
  out.forEach((word, at) => view.setUint32(at * 4, word, true))
  return bytes
}

function labelOffsets<T>(lines: readonly T[], sizeOf: (line: T) => number): Map<string, number> {
  const labels = new Map<string, number>()
  let at = 0
  for (const line of lines) {
    if (typeof line === 'string') labels.set(line.replace(/:$/, ''), at)
    at += sizeOf(line)
  }
  return labels
}
