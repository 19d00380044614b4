import { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { StageLog, StageProcess } from '../../container/start/start-host.ts';
import { identify } from '../../container/state/runtime-record.ts';
import { TslxcError } from '../../errors/tslxc-error.ts';
import { O } from '../../kernel/constants.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import type { StageKind } from '../../stage/order.ts';
import { JsonLines } from '../wire/rpc.ts';
import type { Forked, ForkReply, ForkRequest } from './fork-server.ts';
import { SpawnerPool } from './spawner-pool.ts';
import { type SpawnerEvents, StageSocket } from './stage-socket.ts';

const STREAM = 1;

/** The keeper, as far as the fork client needs it: forks a server, and answers with its pid. */
interface ForkServerMaker {
  forkServer(control: number): Promise<number>;
}

/**
 * The manager's line to its fork server; a new one is forked by the keeper when the old one has
 * died.
 */
export class ForkClient {
  readonly #kernel: Kernel;
  #keeper: Promise<ForkServerMaker>;
  readonly #waiting = new Map<number, { resolve(pid: number): void; reject(error: Error): void }>();
  #server: Promise<JsonLines> | undefined;
  /** The same, once it is there. */
  #lines: JsonLines | undefined;
  readonly #spawners = new SpawnerPool((events) => this.#fork('spawner', () => {}, events));
  #next = 1;
  #pid = -1;

  constructor(kernel: Kernel, keeper: Promise<ForkServerMaker>) {
    this.#kernel = kernel;
    this.#keeper = keeper;
  }

  /** Has the fork server, its spare and a spawner made before the first start asks for them. */
  async warm(): Promise<void> {
    await this.#reach();
    this.#spawners.warm();
  }

  #reach(): Promise<JsonLines> {
    if (!this.#server) {
      const launched = this.#launch(() => {
        if (this.#server === launched) this.#forget();
      });
      this.#server = launched;
      const known = (lines: JsonLines) => {
        if (this.#server === launched) this.#lines = lines;
      };
      launched.then(known, () => {});
    }
    return this.#server;
  }

  #forget(): void {
    this.#server = undefined;
    this.#lines = undefined;
  }

  async #launch(onEnd: () => void): Promise<JsonLines> {
    const [ours, theirs] = this.#kernel.socketpair(STREAM | O.CLOEXEC);
    this.#pid = await (await this.#keeper).forkServer(theirs);
    this.#kernel.close(theirs);
    return new JsonLines(
      new Socket({ fd: ours, readable: true, writable: true }),
      (reply: ForkReply) => {
        const waiting = this.#waiting.get(reply.id);
        this.#waiting.delete(reply.id);
        if ('pid' in reply) waiting?.resolve(reply.pid);
        else waiting?.reject(new TslxcError({ code: 'START_FAILED', message: reply.error, step: 'fork' }));
      },
      () => {
        onEnd();
        for (const { reject } of this.#waiting.values()) reject(died());
        this.#waiting.clear();
      },
    );
  }

  /** Children of the old keeper's fork server would become init's: it is hung up on. */
  useKeeper(keeper: Promise<ForkServerMaker>): void {
    this.#keeper = keeper;
    this.#spawners.forget();
    const old = this.#server;
    this.#forget();
    void old?.then(({ socket }) => socket.destroy()).catch(() => {});
  }

  /** Hangs up, and waits (a second at most) until the server and the spawners have ended. */
  async end(): Promise<void> {
    const going = this.#spawners.forget();
    const server = await this.#server?.catch(() => undefined);
    server?.socket.destroy();
    const stays = () => [this.#pid, ...going].some((pid) => pid > 0 && identify(pid));
    for (let i = 0; i < 200 && stays(); i++) await delay(5);
  }

  /** A stage, which waits for its plan. Asked for at once: the caller's work goes on beside it. */
  stage(kind: StageKind, shared: boolean, onLog: StageLog): StageProcess {
    return (shared ? this.#spawners.take(onLog) : undefined) ?? this.#fork(kind, onLog);
  }

  #fork(kind: Forked, onLog: StageLog, events?: SpawnerEvents): StageSocket {
    const [ours, theirs] = this.#kernel.socketpair(STREAM | O.CLOEXEC);
    const wanted = { id: this.#next++, channel: theirs, kind };
    const pid = this.#lines
      ? this.#ask(this.#lines, wanted)
      : this.#reach().then((it) => this.#ask(it, wanted));
    const closed = pid.finally(() => this.#kernel.close(theirs));
    return new StageSocket(ours, closed, onLog, events);
  }

  #ask(server: JsonLines, wanted: ForkRequest): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(wanted.id, { resolve, reject });
      server.send(wanted);
    });
  }
}

function died(): TslxcError {
  return new TslxcError({
    code: 'HELPER_DIED',
    message: 'the fork server was killed',
    hint: 'try again: a new one is made, and what was half done is removed',
  });
}
