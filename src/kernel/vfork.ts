/**
 * A child by vfork(2) that goes on in JavaScript: it has our memory itself (CLONE_VM), and we sleep
 * in the kernel (CLONE_VFORK) until it has become a program. Nothing is copied and nothing compiled
 * anew, so that it costs half a millisecond where a forked Node costs five.
 *
 * The rule of vfork(2) is that a child must not return from where it was made, as the caller is
 * going to do so. Here it does not: the child is made on a stack of its own (of ucontext's,
 * getcontext(3)) and begins with a callback into JavaScript. For V8 and koffi that is a function
 * which C has called while we wait for C: they see one thread that calls, and returns. So
 * everything has been put back where it was by the time that the child executes the program, which
 * therefore is done by contexts too, with no JavaScript:
 *
 *     us      swapcontext -> clone3 ............................ -> swapcontext returns
 *     child                  clone3 -> callback: work -> settle -> execve
 *                                       (refused: -> unsettle -> callback: tells why)
 *
 * A child that ends in its work leaves the memory as it was in the middle of something. Nothing can
 * be done with it: so what comes after clone3 for us is _exit(2), but for the moment
 * between settle and unsettle. Only for a process with one thread that can be replaced, and for
 * work that leaves nothing behind in variables that is true of the child alone. Of what the kernel
 * keeps, only what belongs to memory is shared: /proc/PID/coredump_filter, PR_SET_DUMPABLE.
 */
import { bindCallback, type Calls, type KernelError, lastError } from './binding.ts';
import { CLONE, SYS } from './constants.ts';
import { CONTEXT, Contexts, SMALL_STACK, type Stack } from './contexts.ts';
import { type PointerArray, pointerArray } from './pointer-array.ts';
import { cloneArguments } from './structs.ts';

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
  readonly #enter: number;
  readonly #symbols: Record<'execve' | '_exit' | 'syscall' | 'memcpy', number>;
  /**
   * The clone, and what comes after it, for the process that gets there: `callback` for the child,
   * then for us `lost` or `ours`.
   */
  readonly #clone = Buffer.alloc(CONTEXT);
  readonly #onward = Buffer.alloc(CONTEXT);
  readonly #ours = Buffer.alloc(CONTEXT);
  readonly #lost = Buffer.alloc(CONTEXT);
  /**
   * The callback, and what comes after that: `settle` and then `become` or `leave`; for us, without
   * a child, `ours`.
   */
  readonly #callback = Buffer.alloc(CONTEXT);
  readonly #next = Buffer.alloc(CONTEXT);
  readonly #settle = Buffer.alloc(CONTEXT);
  readonly #become = Buffer.alloc(CONTEXT);
  readonly #leave = Buffer.alloc(CONTEXT);
  readonly #unsettle = Buffer.alloc(CONTEXT);
  #run: Run | undefined;

  /** @returns undefined where the C library cannot do it */
  static over(calls: Calls): Vfork | undefined {
    const contexts = Contexts.over(calls);
    return contexts && new Vfork(calls, contexts);
  }

  private constructor(calls: Calls, contexts: Contexts) {
    this.#calls = calls;
    this.#contexts = contexts;
    this.#enter = bindCallback(() => this.#entered());
    const symbol = (name: string) => contexts.symbol(name);
    this.#symbols = {
      execve: symbol('execve'),
      _exit: symbol('_exit'),
      syscall: symbol('syscall'),
      memcpy: symbol('memcpy'),
    };
  }

  /**
   * Makes a child, which does `work` and then becomes what that returns, or ends. Returns the
   * child's pid when it has. If it ends in its work, this process does, too.
   * @param work gets that pid, as we see it
   * @param failed that cannot be executed, and the child is asked what to do now: to end
   * @param cgroup descriptor of the v2 cgroup that the child is born in
   * @throws KernelError if the kernel makes no child
   */
  run(work: Run['work'], failed: Run['failed'], cgroup?: number): number {
    const flags = CLONE.VM | CLONE.VFORK | CLONE.PARENT | CLONE.PARENT_SETTID;
    const clone = cloneArguments(flags, this.#contexts.address(this.#pid), cgroup);
    const run: Run = { caller: this.#calls.getpid(), work, failed, clone, begun: false };
    this.#run = run;
    const { syscall, _exit } = this.#symbols;
    this.#contexts.prepare(this.#callback, this.#next, this.#enter, [], this.#callbackStack());
    this.#contexts.prepare(this.#clone, this.#onward, syscall, [
      SYS.clone3,
      this.#contexts.address(clone),
      clone.length,
    ]);
    this.#contexts.prepare(this.#lost, undefined, _exit, [1]);
    this.#onward.set(this.#callback);
    this.#contexts.swap(this.#ours, this.#clone);
    if (run.refused) throw run.refused;
    return this.#pid.readInt32LE(0);
  }

  /**
   * For the child, after clone3 and again after an execve that was refused; for us, if there is no
   * child.
   */
  #entered(): void {
    const run = this.#run!;
    try {
      if (this.#calls.getpid() === run.caller) {
        run.refused = lastError('clone3');
        this.#next.set(this.#ours);
      } else if (run.begun) run.failed(lastError('execve'));
      else this.#work(run);
    } catch {
      // The failure cannot be told either, and no exception may pass into C.
      this.#calls.exit(1);
    }
  }

  #work(run: Run): void {
    run.begun = true;
    this.#onward.set(this.#lost);
    const executable = run.work(this.#pid.readInt32LE(0));
    try {
      const last = executable ? this.#execution(run, executable) : this.#end();
      this.#contexts.prepare(this.#settle, last, this.#symbols.memcpy, this.#copy(this.#onward, this.#ours));
      this.#next.set(this.#settle);
    } catch (error) {
      run.failed(error);
    }
  }

  /** Arguments of memcpy: done by C alone, when the callback has returned. */
  #copy(to: Buffer, from: Buffer): readonly number[] {
    return [this.#contexts.address(to), this.#contexts.address(from), CONTEXT];
  }

  #execution(run: Run, { path, args, env }: Executable): Buffer {
    run.strings = [Buffer.from(`${path}\0`), pointerArray(this.#calls, args), pointerArray(this.#calls, env)];
    const [file, argv, envp] = run.strings;
    const pointers = [
      this.#contexts.address(file),
      this.#contexts.address(argv.array),
      this.#contexts.address(envp.array),
    ];
    const { memcpy, execve } = this.#symbols;
    this.#contexts.prepare(this.#unsettle, this.#callback, memcpy, this.#copy(this.#onward, this.#lost));
    this.#contexts.prepare(this.#become, this.#unsettle, execve, pointers);
    return this.#become;
  }

  #end(): Buffer {
    this.#contexts.prepare(this.#leave, undefined, this.#symbols._exit, [0]);
    return this.#leave;
  }

  /**
   * A part of the stack that koffi calls C on: a callback that comes on another one it takes for a
   * foreign thread's.
   */
  #callbackStack(): Stack {
    const now = this.#contexts.stackPointer();
    const top = now - ROOM_FOR_FRAMES - ((now - ROOM_FOR_FRAMES) % 16);
    return { address: top - SMALL_STACK, size: SMALL_STACK };
  }
}
