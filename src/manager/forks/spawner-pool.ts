import { availableParallelism } from 'node:os';
import type { StageLog, StageProcess } from '../../container/start/start-host.ts';
import type { SpawnerEvents, StageSocket } from './stage-socket.ts';

/**
 * Starts that are at work at a time, as many as autostart has under way; more get a stage of their
 * own each.
 */
const MOST = Math.max(8, availableParallelism() * 2);
/** Kept for a start that may come. */
const STANDBY = 1;
/** How long more than that are kept, milliseconds. */
const LINGER = 30_000;
/**
 * How long after one is gone another one is made, milliseconds: not in the middle of what comes of
 * that; and twice as long after each that was not able to work, to a limit.
 */
const PAUSE = { first: 100, most: 60_000 };

/**
 * Processes that start one container after another (src/stage/spawner.ts), and are kept for the
 * next.
 */
export class SpawnerPool {
  readonly #make: (events: SpawnerEvents) => StageSocket;
  readonly #busy = new Set<StageSocket>();
  #idle: StageSocket[] = [];
  /** Known by the last that tried: whether there can be spawners on this machine. */
  #areAble = false;
  #pause = PAUSE.first;
  #lingering: NodeJS.Timeout | undefined;
  #replacing: NodeJS.Timeout | undefined;

  /** @param make asks the fork server for one more */
  constructor(make: (events: SpawnerEvents) => StageSocket) {
    this.#make = make;
  }

  /** Has one made before the first start asks for it. */
  warm(): void {
    if (this.#idle.length + this.#busy.size === 0) this.#idle.push(this.#add());
  }

  /**
   * An idle spawner, or a new one; undefined if the limit is reached or spawners are impossible.
   */
  take(onLog: StageLog): StageProcess | undefined {
    if (!this.#areAble) return undefined;
    const spawner = this.#idle.pop() ?? (this.#busy.size < MOST ? this.#add() : undefined);
    if (!spawner) return undefined;
    this.#busy.add(spawner);
    spawner.begin(onLog, () => {
      // Disowned while it was busy: its keeper is gone, so it must not be reused.
      if (!this.#busy.delete(spawner)) spawner.end();
      else this.#rest(spawner);
    });
    return spawner;
  }

  /**
   * Lets all of them go; those that are at work, when they have done. @returns pids of those that
   * are going
   */
  forget(): number[] {
    const going = this.#idle.splice(0);
    for (const spawner of going) spawner.end();
    this.#busy.clear();
    clearTimeout(this.#lingering);
    clearTimeout(this.#replacing);
    return going.map(({ pid }) => pid);
  }

  #add(): StageSocket {
    const spawner: StageSocket = this.#make({
      able: () => {
        this.#areAble = true;
        this.#pause = PAUSE.first;
      },
      gone: (asked) => this.#lose(spawner, asked),
    });
    return spawner;
  }

  #lose(spawner: StageSocket, asked: boolean): void {
    const known = this.#busy.delete(spawner) || this.#idle.includes(spawner);
    this.#idle = this.#idle.filter((one) => one !== spawner);
    if (!known) return;
    if (!asked && !spawner.isAble) {
      this.#areAble = false;
      this.#pause = Math.min(2 * this.#pause, PAUSE.most);
    }
    clearTimeout(this.#replacing);
    this.#replacing = setTimeout(() => this.warm(), this.#pause).unref();
  }

  #rest(spawner: StageSocket): void {
    this.#idle.push(spawner);
    clearTimeout(this.#lingering);
    if (this.#idle.length > STANDBY)
      this.#lingering = setTimeout(() => {
        for (const one of this.#idle.splice(STANDBY)) one.end();
      }, LINGER).unref();
  }
}
