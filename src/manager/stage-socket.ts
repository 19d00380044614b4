import { Socket } from 'node:net';
import type { StageLog, StageProcess } from '../container/start-services.ts';
import type { FromStage, ToStage } from '../stage/channel.ts';
import { JsonLines } from './rpc.ts';

/** The manager's end of a stage's channel. A worker's serves for one start after another: see `begin`. */
export class StageSocket implements StageProcess {
  pid = -1;
  readonly begun: Promise<void>;
  readonly #lines: JsonLines;
  #queue: (FromStage | null)[] = [];
  #wake: (() => void) | undefined;
  #onLog: StageLog;
  #onIdle: (() => void) | undefined;
  #executed = false;
  /** It is a worker, and has found that it can be one here. */
  isAble = false;

  /** `onEnd`: the stage is gone. */
  constructor(fd: number, pid: Promise<number>, onLog: StageLog, onEnd: () => void = () => {}) {
    this.#onLog = onLog;
    this.begun = pid.then((known) => {
      this.pid = known;
    });
    // Whoever does not wait for it hears of it by the end of the stream.
    this.begun.catch(() => this.#lines.socket.destroy());
    this.#lines = new JsonLines(
      new Socket({ fd, readable: true, writable: true }),
      (message: FromStage) => this.#hear(message),
      () => {
        this.#push(null);
        onEnd();
      },
    );
  }

  /** From here on it is about another start. `onIdle`: that is over, and the worker is there for the next one. */
  begin(onLog: StageLog, onIdle: () => void): void {
    this.#onLog = onLog;
    this.#onIdle = onIdle;
    this.#queue = [];
    this.#executed = false;
  }

  #hear(message: FromStage): void {
    if (message.type === 'log') this.#onLog(message.text, message.level);
    else if (message.type === 'able') this.isAble = true;
    else if (message.type === 'executed') {
      this.#executed = true;
      this.#push(null);
    } else this.#push(message);
  }

  #push(message: FromStage | null): void {
    this.#queue.push(message);
    this.#wake?.();
  }

  send(...messages: readonly ToStage[]): void {
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
    if (this.#executed && this.#onIdle && !this.#lines.socket.destroyed) this.#onIdle();
    else this.#lines.socket.destroy();
  }

  /** Also where it could go on. */
  end(): void {
    this.#lines.socket.destroy();
  }
}
