/**
 * A fork for processes with one thread that have no use for libuv's handlers. As in fork.ts the
 * heap of V8 has to be made forkable; here madvise(2) and clone3(2) follow each other without
 * JavaScript in between, so that V8 can map nothing that the child would lack. No look at
 * /proc/self/maps tells whether it did: a stage that stands in a guest's mount namespace has no
 * /proc that it could trust (rule R2), and keeps no descriptor of the host's (rule R3).
 *
 * The C library's fork(3) runs handlers of libuv, which close descriptors by the numbers that libuv
 * once had. A process that has closed them may have other files there.
 */
import { type Calls, type KernelError, lastError } from './binding.ts';
import { CLONE, MADV_DOFORK, SYS } from './constants.ts';
import { CONTEXT, Contexts } from './contexts.ts';
import { cloneArguments } from './structs.ts';

export class SilentFork {
  readonly #calls: Calls;
  readonly #range: readonly [start: number, length: number];
  /** The child's pid: written to the parent's memory, and to the child's. */
  readonly #told = { parent: Buffer.alloc(4), child: Buffer.alloc(4) };
  readonly #clone: Buffer;
  readonly #contexts: Contexts | undefined;
  readonly #returned = Buffer.alloc(CONTEXT);
  readonly #allow = Buffer.alloc(CONTEXT);
  readonly #make = Buffer.alloc(CONTEXT);

  /**
   * @param range of addresses that all mappings lie in, but for those of the kernel's own at the
   *   end
   */
  constructor(calls: Calls, range: readonly [start: number, length: number]) {
    this.#calls = calls;
    this.#range = range;
    const address = (memory: Buffer) => calls.addressOf(memory, memory, 0);
    const { parent, child } = this.#told;
    // As fork(2): a copy of everything, which ends with SIGCHLD.
    const flags = CLONE.PARENT_SETTID | CLONE.CHILD_SETTID;
    this.#clone = cloneArguments(flags, address(parent), undefined, address(child));
    this.#contexts = Contexts.over(calls);
  }

  /** @returns 0 in the child, the child's pid in the parent @throws KernelError */
  fork(): number {
    const { parent, child } = this.#told;
    for (const told of [parent, child]) told.writeInt32LE(0);
    if (this.#contexts) this.#cloneByContexts(this.#contexts);
    else this.#cloneByCalls();
    if (child.readInt32LE() !== 0) return 0;
    if (parent.readInt32LE() === 0) throw lastError('clone3');
    return parent.readInt32LE();
  }

  #cloneByContexts(contexts: Contexts): void {
    const [start, length] = this.#range;
    const clone = [SYS.clone3, contexts.address(this.#clone), this.#clone.length];
    contexts.prepare(this.#make, this.#returned, contexts.symbol('syscall'), clone);
    contexts.prepare(this.#allow, this.#make, contexts.symbol('madvise'), [start, length, MADV_DOFORK]);
    contexts.swap(this.#returned, this.#allow);
  }

  /**
   * With the C library of musl. V8 seldom maps anything between two calls; a child that lacks a
   * page ends with SIGSEGV.
   */
  #cloneByCalls(): void {
    try {
      this.#calls.madvise(...this.#range, MADV_DOFORK);
    } catch (error) {
      // There are holes.
      if ((error as KernelError).code !== 'ENOMEM') throw error;
    }
    this.#calls.clone3(SYS.clone3, this.#clone, this.#clone.length);
  }
}
