import { availableParallelism } from 'node:os';
import type { StageLog, StageProcess } from '../container/start/start-services.ts';
import type { StageSocket, WorkerEvents } from './stage-socket.ts';

/** Starts that are at work at a time, as many as autostart has under way; more get a stage of their own each. */
const MOST = Math.max(8, availableParallelism() * 2);
/** Kept for a start that may come. */
const STANDBY = 1;
/** How long more than that are kept, milliseconds. */
const LINGER = 30_000;
/**
 * How long after one is gone another one is made, milliseconds: not in the middle of what comes of that; and twice as long
 * after each that was not able to work, to a limit.
 */
const PAUSE = { first: 100, most: 60_000 };

/** Processes that start one container after another (src/stage/worker.ts), and are kept for the next. */
export class WorkerPool {
  readonly #make: (events: WorkerEvents) => StageSocket;
  readonly #busy = new Set<StageSocket>();
  #idle: StageSocket[] = [];
  /** Known by the last that tried: whether there can be workers on this machine. */
  #areAble = false;
  #pause = PAUSE.first;
  #lingering: NodeJS.Timeout | undefined;
  #replacing: NodeJS.Timeout | undefined;

  /** @param make asks the fork server for one more */
  constructor(make: (events: WorkerEvents) => StageSocket) {
    this.#make = make;
  }

  /** Has one made before the first start asks for it. */
  warm(): void {
    if (this.#idle.length + this.#busy.size === 0) this.#idle.push(this.#add());
  }

  /** One that is idle, or a new one; undefined where there are enough, or may be none. */
  take(onLog: StageLog): StageProcess | undefined {
    if (!this.#areAble) return undefined;
    const worker = this.#idle.pop() ?? (this.#busy.size < MOST ? this.#add() : undefined);
    if (!worker) return undefined;
    this.#busy.add(worker);
    worker.begin(onLog, () => {
      // Let go meanwhile: it is a child of a keeper that is none any more.
      if (!this.#busy.delete(worker)) worker.end();
      else this.#rest(worker);
    });
    return worker;
  }

  /** Lets all of them go; those that are at work, when they have done. @returns pids of those that are going */
  forget(): number[] {
    const going = this.#idle.splice(0);
    for (const worker of going) worker.end();
    this.#busy.clear();
    clearTimeout(this.#lingering);
    clearTimeout(this.#replacing);
    return going.map(({ pid }) => pid);
  }

  #add(): StageSocket {
    const worker: StageSocket = this.#make({
      able: () => {
        this.#areAble = true;
        this.#pause = PAUSE.first;
      },
      gone: (asked) => this.#lose(worker, asked),
    });
    return worker;
  }

  #lose(worker: StageSocket, asked: boolean): void {
    const known = this.#busy.delete(worker) || this.#idle.includes(worker);
    this.#idle = this.#idle.filter((one) => one !== worker);
    if (!known) return;
    if (!asked && !worker.isAble) {
      this.#areAble = false;
      this.#pause = Math.min(2 * this.#pause, PAUSE.most);
    }
    clearTimeout(this.#replacing);
    this.#replacing = setTimeout(() => this.warm(), this.#pause).unref();
  }

  #rest(worker: StageSocket): void {
    this.#idle.push(worker);
    clearTimeout(this.#lingering);
    if (this.#idle.length > STANDBY)
      this.#lingering = setTimeout(() => {
        for (const one of this.#idle.splice(STANDBY)) one.end();
      }, LINGER).unref();
  }
}
