/**
 * Node's event loop in a child of the certified fork. The child has a copy of the loop, but epoll,
 * the wake-up descriptor and the signal pipe of libuv are the parent's: uv_loop_fork makes new
 * ones. Thread pool, timers, sockets, signals and `child_process` work afterwards. The parent must
 * have no handle of its own open and must not be inside of its loop.
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

/**
 * Only in a child of fork, before anything asynchronous. Afterwards `process.pid` is the child's
 * own.
 */
export function takeOverEventLoop(pid: number): void {
  bindEventLoop();
  const status = libuv!.loopFork(libuv!.defaultLoop());
  if (status !== 0) throw new Error(`uv_loop_fork: ${status}`);
  Object.defineProperty(process, 'pid', { value: pid, enumerable: true, configurable: true });
}
