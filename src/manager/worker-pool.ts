import { availableParallelism } from 'node:os';
import type { StageLog, StageProcess } from '../container/start-services.ts';
import type { StageSocket } from './stage-socket.ts';

/** Starts that are at work at a time, as many as autostart has under way; more get a stage of their own each. */
const MOST = Math.max(8, availableParallelism() * 2);
/** Kept for a start that may come. */
const STANDBY = 1;
/** How long more than that are kept, milliseconds. */
const LINGER = 30_000;
/** How long after one is gone another one is made, milliseconds: not in the middle of what comes of that. */
const QUIET = 100;
/** So many that ended before they were able to work, and there can be none on this machine. */
const ENOUGH_FAILURES = 3;

/** Processes that start one container after another (src/stage/worker.ts), and are kept for the next. */
export class WorkerPool {
  readonly #make: (onEnd: () => void) => StageSocket;
  #idle: StageSocket[] = [];
  #busy = new Set<StageSocket>();
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #replacing: NodeJS.Timeout | undefined;

  /** @param make asks the fork server for one more; `onEnd` is called when it is gone */
  constructor(make: (onEnd: () => void) => StageSocket) {
    this.#make = make;
  }

  /** Has one made before the first start asks for it. */
  async warm(): Promise<void> {
    if (this.#idle.length + this.#busy.size > 0 || this.#failures >= ENOUGH_FAILURES) return;
    const worker = this.#add();
    this.#idle.push(worker);
    await worker.begun;
  }

  /** One that is idle, or a new one; undefined where there are enough, or can be none. */
  take(onLog: StageLog): StageProcess | undefined {
    const worker = this.#idle.pop() ?? (this.#mayMake() ? this.#add() : undefined);
    if (!worker) return undefined;
    const pool = this.#busy;
    pool.add(worker);
    worker.begin(onLog, () => {
      // Let go meanwhile: it is a child of a keeper that is none any more.
      if (!pool.delete(worker)) worker.end();
      else this.#rest(worker);
    });
    return worker;
  }

  /** Lets all of them go; those that are at work, when they have done. */
  forget(): void {
    for (const worker of this.#idle.splice(0)) worker.end();
    this.#busy = new Set();
    clearTimeout(this.#timer);
    clearTimeout(this.#replacing);
  }

  #mayMake(): boolean {
    return this.#busy.size < MOST && this.#failures < ENOUGH_FAILURES;
  }

  #add(): StageSocket {
    const worker: StageSocket = this.#make(() => this.#lose(worker));
    return worker;
  }

  #lose(worker: StageSocket): void {
    // One that was never forked says nothing of those that are.
    if (worker.pid >= 0 && !worker.isAble) this.#failures++;
    this.#busy.delete(worker);
    this.#idle = this.#idle.filter((one) => one !== worker);
    clearTimeout(this.#replacing);
    this.#replacing = setTimeout(() => void this.warm().catch(() => {}), QUIET).unref();
  }

  #rest(worker: StageSocket): void {
    this.#failures = 0;
    this.#idle.push(worker);
    clearTimeout(this.#timer);
    if (this.#idle.length > STANDBY)
      this.#timer = setTimeout(() => {
        for (const one of this.#idle.splice(STANDBY)) one.end();
      }, LINGER).unref();
  }
}
