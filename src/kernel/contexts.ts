/**
 * Chains of C functions that are called one after the other without JavaScript in between:
 * makecontext(3) of glibc.
 */
import { type Bound, bindLibrary, type Calls } from './binding.ts';
import { STACK_POINTER_IN_CONTEXT } from './constants.ts';
import { fn } from './signatures.ts';

/** The C library of musl has none of them. */
const FUNCTIONS = {
  getcontext: fn('getcontext', 'int', 'buffer'),
  // Eight arguments, also where fewer are wanted: see `prepare`.
  makecontext: fn(
    'makecontext',
    'void',
    ...(['buffer', 'long', 'int'] as const),
    ...(['long', 'long', 'long', 'long', 'long', 'long', 'long', 'long'] as const),
  ),
  swapcontext: fn('swapcontext', 'int', 'buffer', 'buffer'),
  addressOfSymbol: fn('dlsym', 'long', 'long', 'string'),
} as const;

type ContextFunctions = Bound<typeof FUNCTIONS>;
type Arguments = readonly [
  ...(Parameters<ContextFunctions['makecontext']> extends [unknown, unknown, unknown, ...infer Rest]
    ? Rest
    : never),
];

/** Room for a `ucontext_t`, bytes: 968 are used on x86-64, 4,560 on arm64. */
export const CONTEXT = 8192;
/** Its first members, the same on both: flags, link, stack (address, flags, size). */
const LINK = 8;
const STACK = { address: 16, size: 32 };
/** For functions of C's, bytes. */
export const SMALL_STACK = 65_536;

export interface Stack {
  readonly address: number;
  readonly size: number;
}

export class Contexts {
  readonly #calls: Calls;
  readonly #functions: ContextFunctions;
  readonly #probe = Buffer.alloc(CONTEXT);
  /** A stack for each context that may be waiting: makecontext(3) writes to it. */
  readonly #stacks = new Map<Buffer, Buffer>();

  /** @returns undefined where the C library has no contexts */
  static over(calls: Calls): Contexts | undefined {
    const functions = bindLibrary(null, FUNCTIONS);
    return functions && STACK_POINTER_IN_CONTEXT !== undefined ? new Contexts(calls, functions) : undefined;
  }

  private constructor(calls: Calls, functions: ContextFunctions) {
    this.#calls = calls;
    this.#functions = functions;
  }

  /** The address of a C function. */
  symbol(name: string): number {
    return this.#functions.addressOfSymbol(0, name);
  }

  /**
   * Saves where this process is in `saved`, and goes to `context`. Returns when something goes to
   * `saved`.
   */
  swap(saved: Buffer, context: Buffer): void {
    this.#functions.swapcontext(saved, context);
  }

  /**
   * A context that calls a C function and then goes on to `link`. Two processes may go through one
   * context, the second of which has to find what the first did: on x86-64 the way to `link`
   * overwrites the word below its address on the stack, which is the function's return address,
   * unless there are arguments on the stack. Hence eight of them.
   */
  prepare(
    context: Buffer,
    link: Buffer | undefined,
    symbol: number,
    args: readonly number[],
    stack = this.#stackOf(context),
  ): void {
    this.#functions.getcontext(context);
    context.writeBigUInt64LE(BigInt(link ? this.address(link) : 0), LINK);
    context.writeBigUInt64LE(BigInt(stack.address), STACK.address);
    context.writeBigUInt64LE(BigInt(stack.size), STACK.size);
    const eight = Array.from({ length: 8 }, (_, i) => args[i] ?? 0);
    this.#functions.makecontext(context, symbol, eight.length, ...(eight as unknown as Arguments));
  }

  #stackOf(context: Buffer): Stack {
    let memory = this.#stacks.get(context);
    if (!memory) {
      memory = Buffer.alloc(SMALL_STACK);
      this.#stacks.set(context, memory);
    }
    return { address: this.address(memory), size: memory.length };
  }

  /** Where the stack is on which C functions are called now. */
  stackPointer(): number {
    this.#functions.getcontext(this.#probe);
    return Number(this.#probe.readBigUInt64LE(STACK_POINTER_IN_CONTEXT!));
  }

  address(memory: Buffer): number {
    return this.#calls.addressOf(memory, memory, 0);
  }
}
