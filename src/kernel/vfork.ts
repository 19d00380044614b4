/**
 * A child by vfork(2) that goes on in JavaScript: it has our memory itself (CLONE_VM), and we sleep in the kernel
 * (CLONE_VFORK) until it has become a program. Nothing is copied and nothing compiled anew, so that it costs half a
 * millisecond where a forked Node costs five.
 *
 * The rule of vfork(2) is that a child must not return from where it was made, as the caller is going to do so. Here it
 * does not: the child is made on a stack of its own (of ucontext's, getcontext(3)) and begins with a callback into
 * JavaScript. For V8 and koffi that is a function which C has called while we wait for C: they see one thread that
 * calls, and returns. So everything has been put back where it was by the time that the child executes the program,
 * which therefore is done by contexts too, with no JavaScript:
 *
 *     us      swapcontext -> clone3 ............................................. -> swapcontext returns
 *     child                  clone3 -> callback: work -> settle -> execve (-> unsettle -> callback: tells why it failed)
 *
 * A child that ends in its work leaves the memory as it was in the middle of something. Nothing can be done with it any
 * more: so what comes after clone3 for us is _exit(2), but for the moment between settle and unsettle. Only for a process
 * with one thread that can be replaced, and for work that leaves nothing behind in variables that is true of the child
 * alone. Of what the kernel keeps, only what belongs to memory is shared: /proc/PID/coredump_filter, PR_SET_DUMPABLE.
 */
import { type Bound, bindCallback, bindLibrary, type Calls, type KernelError, lastError } from './binding.ts';
import { CLONE, STACK_POINTER_IN_CONTEXT, SYS } from './constants.ts';
import { type PointerArray, pointerArray } from './pointer-array.ts';
import { fn } from './signatures.ts';
import { cloneArguments } from './structs.ts';

/** The C library of musl has none of them. */
const FUNCTIONS = {
  getcontext: fn('getcontext', 'int', 'buffer'),
  // Eight arguments, also where fewer are wanted: see `#prepare`.
  makecontext: fn(
    'makecontext',
    'void',
    ...(['buffer', 'long', 'int'] as const),
    ...(['long', 'long', 'long', 'long', 'long', 'long', 'long', 'long'] as const),
  ),
  swapcontext: fn('swapcontext', 'int', 'buffer', 'buffer'),
  addressOfSymbol: fn('dlsym', 'long', 'long', 'string'),
} as const;

type Contexts = Bound<typeof FUNCTIONS>;
type Arguments = readonly [
  ...(Parameters<Contexts['makecontext']> extends [unknown, unknown, unknown, ...infer Rest] ? Rest : never),
];

/** Room for a `ucontext_t`: 968 bytes on x86-64, 4,560 on arm64. */
const CONTEXT = 8192;
/** Its first members, the same on both: flags, link, stack (address, flags, size). */
const LINK = 8;
const STACK = { address: 16, size: 32 };
/** For functions of C's, bytes. */
const SMALL_STACK = 65_536;
/** Below koffi's frames at the time of the call, which go on being used, bytes. */
const ROOM_FOR_FRAMES = 16_384;

/** What a child becomes. */
export interface Executable {
  readonly path: string;
  readonly args: readonly string[];
  readonly env: readonly string[];
}

interface Run {
  readonly caller: number;
  readonly work: (pid: number) => Executable | undefined;
  readonly failed: (error: unknown) => void;
  /** What C has pointers to, referenced so that no garbage collection takes it. */
  readonly clone: Buffer;
  strings?: readonly [path: Buffer, args: PointerArray, env: PointerArray];
  begun: boolean;
  refused?: KernelError;
}

export class Vfork {
  readonly #calls: Calls;
  readonly #contexts: Contexts;
  readonly #pid = Buffer.alloc(4);
  readonly #probe = Buffer.alloc(CONTEXT);
  readonly #enter: number;
  readonly #symbols: Record<'execve' | '_exit' | 'syscall' | 'memcpy', number>;
  /** The clone, and what comes after it, for whoever gets there: `callback` for the child, then for us `lost` or `ours`. */
  readonly #clone = Buffer.alloc(CONTEXT);
  readonly #onward = Buffer.alloc(CONTEXT);
  readonly #ours = Buffer.alloc(CONTEXT);
  readonly #lost = Buffer.alloc(CONTEXT);
  /** The callback, and what comes after that: `settle` and then `become` or `leave`; for us, without a child, `ours`. */
  readonly #callback = Buffer.alloc(CONTEXT);
  readonly #next = Buffer.alloc(CONTEXT);
  readonly #settle = Buffer.alloc(CONTEXT);
  readonly #become = Buffer.alloc(CONTEXT);
  readonly #leave = Buffer.alloc(CONTEXT);
  readonly #unsettle = Buffer.alloc(CONTEXT);
  /** One for each that may be waiting: makecontext(3) writes to it. */
  readonly #stacks = new Map<Buffer, Buffer>();
  #run: Run | undefined;

  /** @returns undefined where the C library can not do it */
  static over(calls: Calls): Vfork | undefined {
    const contexts = bindLibrary(null, FUNCTIONS);
    return contexts && STACK_POINTER_IN_CONTEXT !== undefined ? new Vfork(calls, contexts) : undefined;
  }

  private constructor(calls: Calls, contexts: Contexts) {
    this.#calls = calls;
    this.#contexts = contexts;
    this.#enter = bindCallback(() => this.#entered());
    const symbol = (name: string) => contexts.addressOfSymbol(0, name);
    this.#symbols = {
      execve: symbol('execve'),
      _exit: symbol('_exit'),
      syscall: symbol('syscall'),
      memcpy: symbol('memcpy'),
    };
  }

  /**
   * Makes a child, which does `work` and then becomes what that returns, or ends. Returns the child's pid when it has. If it
   * ends in its work, this process does, too.
   * @param work gets that pid, as we see it
   * @param failed that can not be executed, and the child is asked what to do now: to end
   * @param cgroup descriptor of the v2 cgroup that the child is born in
   * @throws KernelError if the kernel makes no child
   */
  run(work: Run['work'], failed: Run['failed'], cgroup?: number): number {
    const flags = CLONE.VM | CLONE.VFORK | CLONE.PARENT | CLONE.PARENT_SETTID;
    const clone = cloneArguments(flags, this.#address(this.#pid), cgroup);
    const run: Run = { caller: this.#calls.getpid(), work, failed, clone, begun: false };
    this.#run = run;
    const { syscall, _exit } = this.#symbols;
    this.#prepare(this.#callback, this.#next, this.#enter, [], this.#callbackStack());
    this.#prepare(this.#clone, this.#onward, syscall, [SYS.clone3, this.#address(clone), clone.length]);
    this.#prepare(this.#lost, undefined, _exit, [1]);
    this.#onward.set(this.#callback);
    this.#contexts.swapcontext(this.#ours, this.#clone);
    if (run.refused) throw run.refused;
    return this.#pid.readInt32LE(0);
  }

  /** For the child, after clone3 and again after an execve that was refused; for us, if there is no child. */
  #entered(): void {
    const run = this.#run!;
    try {
      if (this.#calls.getpid() === run.caller) {
        run.refused = lastError('clone3');
        this.#next.set(this.#ours);
      } else if (run.begun) run.failed(lastError('execve'));
      else this.#work(run);
    } catch {
      // Not even this could be told; and nothing may be thrown into C.
      this.#calls.exit(1);
    }
  }

  #work(run: Run): void {
    run.begun = true;
    this.#onward.set(this.#lost);
    const executable = run.work(this.#pid.readInt32LE(0));
    try {
      const last = executable ? this.#execution(run, executable) : this.#end();
      this.#prepare(this.#settle, last, this.#symbols.memcpy, this.#copy(this.#onward, this.#ours));
      this.#next.set(this.#settle);
    } catch (error) {
      run.failed(error);
    }
  }

  /** Arguments of memcpy: done by C alone, when the callback has returned. */
  #copy(to: Buffer, from: Buffer): readonly number[] {
    return [this.#address(to), this.#address(from), CONTEXT];
  }

  #execution(run: Run, { path, args, env }: Executable): Buffer {
    run.strings = [Buffer.from(`${path}\0`), pointerArray(this.#calls, args), pointerArray(this.#calls, env)];
    const [file, argv, envp] = run.strings;
    const pointers = [this.#address(file), this.#address(argv.array), this.#address(envp.array)];
    const { memcpy, execve } = this.#symbols;
    this.#prepare(this.#unsettle, this.#callback, memcpy, this.#copy(this.#onward, this.#lost));
    this.#prepare(this.#become, this.#unsettle, execve, pointers);
    return this.#become;
  }

  #end(): Buffer {
    this.#prepare(this.#leave, undefined, this.#symbols._exit, [0]);
    return this.#leave;
  }

  /**
   * A context that calls a function of C's and then goes on to `link`. Two processes go through that of the clone, the second
   * of which has to find what the first did: on x86-64 the way to `link` overwrites the word below its address on the
   * stack, which is the function's return address, unless there are arguments on the stack. Hence eight of them.
   */
  #prepare(
    context: Buffer,
    link: Buffer | undefined,
    symbol: number,
    args: readonly number[],
    stack = this.#stackOf(context),
  ): void {
    this.#contexts.getcontext(context);
    context.writeBigUInt64LE(BigInt(link ? this.#address(link) : 0), LINK);
    context.writeBigUInt64LE(BigInt(stack.address), STACK.address);
    context.writeBigUInt64LE(BigInt(stack.size), STACK.size);
    const eight = Array.from({ length: 8 }, (_, i) => args[i] ?? 0);
    this.#contexts.makecontext(context, symbol, eight.length, ...(eight as unknown as Arguments));
  }

  #stackOf(context: Buffer): { address: number; size: number } {
    let memory = this.#stacks.get(context);
    if (!memory) {
      memory = Buffer.alloc(SMALL_STACK);
      this.#stacks.set(context, memory);
    }
    return { address: this.#address(memory), size: memory.length };
  }

  /** A part of the stack that koffi calls C on: a callback that comes on another one it takes for a foreign thread's. */
  #callbackStack(): { address: number; size: number } {
    this.#contexts.getcontext(this.#probe);
    const now = Number(this.#probe.readBigUInt64LE(STACK_POINTER_IN_CONTEXT!));
    const top = now - ROOM_FOR_FRAMES - ((now - ROOM_FOR_FRAMES) % 16);
    return { address: top - SMALL_STACK, size: SMALL_STACK };
  }

  #address(memory: Buffer): number {
    return this.#calls.addressOf(memory, memory, 0);
  }
}
