import { Socket } from 'node:net';
import type { StageLog, StageProcess } from '../../container/start/start-host.ts';
import type { FromStage, ToStage } from '../../stage/channel.ts';
import { JsonLines } from '../wire/rpc.ts';

/** What a pool wants to hear of a spawner. */
export interface SpawnerEvents {
  able(): void;
  /** `asked`: we have hung up. */
  gone(asked: boolean): void;
}

/**
 * The manager's end of a stage's channel. A spawner's serves for one start after another: see
 * `begin`.
 */
export class StageSocket implements StageProcess {
  pid = -1;
  readonly begun: Promise<void>;
  readonly #lines: JsonLines;
  readonly #events: SpawnerEvents | undefined;
  #queue: (FromStage | null)[] = [];
  #wake: (() => void) | undefined;
  #onLog: StageLog;
  #onIdle: (() => void) | undefined;
  /** The spawner passed its self-test: vfork works on this host. */
  isAble = false;
  /** A spawner's: nothing of the present start has been asked of it, or all has been done. */
  #isFree = true;

  constructor(fd: number, pid: Promise<number>, onLog: StageLog, events?: SpawnerEvents) {
    this.#onLog = onLog;
    this.#events = events;
    this.begun = pid.then((known) => {
      this.pid = known;
    });
    // Callers that do not wait for the promise notice the failure by the end of the stream.
    this.begun.catch(() => this.#lines.socket.destroy());
    let ended = false;
    const socket = new Socket({ fd, readable: true, writable: true }).once('end', () => {
      ended = true;
    });
    this.#lines = new JsonLines(
      socket,
      (message: FromStage) => this.#hear(message),
      () => {
        this.#push(null);
        events?.gone(!ended);
      },
    );
  }

  get isSpawner(): boolean {
    return this.#events !== undefined;
  }

  /**
   * From here on it is about another start. `onIdle`: that is over, and the spawner is there for
   * the next one.
   */
  begin(onLog: StageLog, onIdle: () => void): void {
    this.#onLog = onLog;
    this.#onIdle = onIdle;
    this.#queue = [];
  }

  #hear(message: FromStage): void {
    if (message.type === 'log') this.#onLog(message.text, message.level);
    else if (message.type === 'able') {
      // The one that was forked has handed over to a child of its own.
      this.pid = message.pid;
      this.isAble = true;
      this.#events?.able();
    } else if (message.type === 'executed') {
      this.#isFree = true;
      this.#push(null);
    } else this.#push(message);
  }

  #push(message: FromStage | null): void {
    this.#queue.push(message);
    this.#wake?.();
  }

  send(...messages: readonly ToStage[]): void {
    this.#isFree = false;
    this.#lines.send(...messages);
  }

  async next(): Promise<FromStage | null> {
    while (this.#queue.length === 0)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    // The end stays in the queue: every later call sees it too.
    return this.#queue[0] === null ? null : this.#queue.shift()!;
  }

  close(): void {
    if (this.#isFree && this.#onIdle && !this.#lines.socket.destroyed) this.#onIdle();
    else this.end();
  }

  /** Settles also when the stage could go on. */
  end(): void {
    this.#lines.socket.destroy();
  }
}
