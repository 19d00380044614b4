/**
 * Node's event loop in a child of the certified fork. The child has a copy of the loop, but epoll,
 * the wake-up descriptor and the signal pipe of libuv are the parent's: uv_loop_fork makes new
 * ones. Thread pool, timers, sockets, signals and `child_process` work afterwards. The parent must
 * have no handle of its own open and must not be inside of epoll's part of its loop.
 *
 * Node's own way to end does not work: it waits for its platform's threads, which the child does
 * not have, for ever. So every way to the end leads to _exit(2): process.exit(), an exception that
 * is not caught, a loop with nothing left to do.
 */
import { type Bound, bindLibrary } from './binding.ts';
import { fn } from './signatures.ts';

const FUNCTIONS = {
  defaultLoop: fn('uv_default_loop', 'long'),
  loopFork: fn('uv_loop_fork', 'status', 'long'),
} as const;

let libuv: Bound<typeof FUNCTIONS> | undefined;

/**
 * Binds libuv, which is part of Node's program or loaded by it. To be called before the fork:
 * binding allocates.
 */
export function bindEventLoop(): void {
  libuv ??= bindLibrary(null, FUNCTIONS);
  if (!libuv) throw new Error('this Node does not export uv_loop_fork');
}

/** What process.exit() calls in the end: Node leaves it to be replaced. */
type Host = { reallyExit(code: number): never };

/**
 * Only in a child of fork, before anything asynchronous. Afterwards `process.pid` is the child's
 * own.
 */
export function takeOverEventLoop(pid: number, exit: (status: number) => never): void {
  bindEventLoop();
  const status = libuv!.loopFork(libuv!.defaultLoop());
  if (status !== 0) throw new Error(`uv_loop_fork: ${status}`);
  Object.defineProperty(process, 'pid', { value: pid, enumerable: true, configurable: true });
  (process as unknown as Host).reallyExit = exit;
  process.setUncaughtExceptionCaptureCallback((error) => {
    process.stderr.write(`${error?.stack ?? error}\n`);
    process.exit(1);
  });
  process.once('beforeExit', (code) => process.exit(code));
}
