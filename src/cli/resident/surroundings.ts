/**
 * Code below this room may look at `process.env` and `process.cwd()`. In the resident process many commands run at a
 * time, each for a caller of its own: here those two answer for the caller on whose behalf the code runs, and so does
 * whoever connects to the manager.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { ManagerClient, type Principal } from '../../manager/client.ts';

export interface Surroundings extends Principal {
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

const current = new AsyncLocalStorage<Surroundings>();

/** To be called once, before the first `within`. */
export function followCallers(): void {
  const { env } = process;
  const cwd = process.cwd.bind(process);
  Object.defineProperty(process, 'env', { get: () => current.getStore()?.env ?? env });
  process.cwd = () => current.getStore()?.cwd ?? cwd();
  ManagerClient.principal = () => current.getStore();
}

export function within<Result>(surroundings: Surroundings, work: () => Result): Result {
  return current.run(surroundings, work);
}
