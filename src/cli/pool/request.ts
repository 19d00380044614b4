/**
 * A request process: a child of the zygote that waits, takes one request at a time and does it as a
 * client that was started for it would: with a whole Node, in the caller's surroundings, on the
 * caller's descriptors.
 */
import { closeSync, writeSync } from 'node:fs';
import { constants } from 'node:os';
import type { Kernel } from '../../kernel/kernel.ts';
import { thisProcess } from '../../manager/process/read-only-host.ts';
import { ownDirectory, type RequestContext } from '../../util/request-context.ts';
import { calledBy } from '../parse/called-as.ts';
import { dispatch } from '../run/dispatch.ts';
import { type Io, isTerminal, processIo } from '../run/io.ts';
import { toldFailure } from '../run/told-failure.ts';
import { type Caller, ownPlace, readCaller } from './caller.ts';
import { holdsPipe, openSlot } from './meeting.ts';
import { leaveStreams, NotMine, takeSurroundings } from './surroundings.ts';
import { Traces } from './traces.ts';
import { type Line, SAID } from './zygote.ts';

/**
 * Where these do not run in the foreground of the caller's terminal, the caller stops for it, which
 * it has to do itself.
 */
const ON_THE_TERMINAL = new Set(['attach', 'console', 'execute', 'start', 'top']);
/** Commands that work among the caller's processes and in its session: shells with job control. */
const NEVER = new Set(['unshare', 'usernsexec']);

/** A request ends with its process, or is over. */
const NEVER_ABORTED = new AbortController().signal;

export class RequestProcess {
  readonly #kernel: Kernel;
  readonly #socket: number;
  readonly #meeting: string;
  readonly #traces = new Traces();
  readonly #place = ownPlace();
  readonly #credentials = { uid: process.geteuid!(), gid: process.getegid!() };
  /** Where the caller hears of its command; -1: there is none. */
  #pipe = -1;

  /** @param meeting where callers and pool meet */
  constructor(kernel: Kernel, { socket }: Line, meeting: string) {
    this.#kernel = kernel;
    this.#socket = socket;
    this.#meeting = meeting;
    thisProcess.mayChangeRoot = true;
    this.#tellSignals();
    this.#tellExit();
  }

  /** Waits for a request, without an event loop. Returns when the command is under way. */
  serve(): void {
    const request = Buffer.alloc(128);
    for (;;) {
      this.#tell(SAID.ready);
      const length = this.#kernel.recv(this.#socket, request);
      // The zygote has gone.
      if (length === 0) this.#kernel.exit(0);
      const [slot, pid, words] = request.toString('latin1', 0, length).split(' ').map(Number);
      this.#pipe = openSlot(this.#meeting, slot!);
      const caller = holdsPipe(pid!, this.#pipe)
        ? readCaller(this.#kernel, pid!, words!, this.#place)
        : undefined;
      if (caller && isMine(caller)) {
        this.#begin(caller);
        return;
      }
      if (caller) closeSync(caller.pidfd);
      this.#say('no');
    }
  }

  #begin(caller: Caller): void {
    let isChanged: boolean;
    try {
      isChanged = takeSurroundings(this.#kernel, caller);
    } catch (error) {
      // The caller meets the same by itself, and tells it better.
      if (!(error instanceof NotMine)) process.stderr.write(`tslxc-request: ${(error as Error).stack}\n`);
      this.#say('no');
      this.#kernel.exit(0);
    }
    closeSync(caller.pidfd);
    writeSync(this.#pipe, `accepted ${process.pid}\n`);
    dispatch(caller.argv, this.#ioFor(caller, isChanged)).then(
      (code) => (isChanged ? process.exit(code) : this.#end(code)),
      (error) => {
        processIo().printError(toldFailure(error));
        process.exit(1);
      },
    );
  }

  /** This process's own streams and surroundings, which are the caller's by now. */
  #ioFor({ pid, env, umask }: Caller, isChanged: boolean): Io {
    const context: RequestContext = {
      pid,
      credentials: this.#credentials,
      cwd: ownDirectory(),
      env,
      umask,
      streams: [0, 1, 2],
      inherited: [],
      isInManagersPlace: !isChanged,
      signal: NEVER_ABORTED,
    };
    // Node's own way to the size of a terminal is an object that is made once.
    return Object.defineProperty(processIo(context), 'columns', {
      get: () => (isTerminal(1) && this.#kernel.windowSize(1).columns) || 80,
    });
  }

  /** The command is done. Waits for another one, where nothing is left of this one. */
  async #end(code: number): Promise<void> {
    leaveStreams(this.#kernel);
    this.#tell(SAID.done);
    this.#say(`exit ${code & 0xff}`);
    if (!(await this.#traces.none())) process.exit(0);
    this.serve();
  }

  /** The last word to the caller. */
  #say(line: string): void {
    if (this.#pipe < 0) return;
    try {
      writeSync(this.#pipe, `${line}\n`);
    } catch {
      // The caller has gone.
    }
    closeSync(this.#pipe);
    this.#pipe = -1;
  }

  #tell(word: number): void {
    try {
      this.#kernel.sendNow(this.#socket, Buffer.from([word]));
    } catch {
      // The zygote has gone.
    }
  }

  /** The zygote kills a process that does not hear a signal because it is blocked. */
  #tellSignals(): void {
    const { emit } = process;
    const tell = () => this.#tell(SAID.heard);
    process.emit = function (this: NodeJS.Process, name: string, ...rest: unknown[]) {
      if (name in constants.signals) tell();
      return (emit as (...all: unknown[]) => boolean).call(this, name, ...rest);
    } as typeof process.emit;
  }

  /** The caller is told of the exit status at once, before the kernel takes this process apart. */
  #tellExit(): void {
    const host = process as unknown as { reallyExit(code: number): never };
    const { reallyExit } = host;
    host.reallyExit = (code) => {
      this.#say(`exit ${code & 0xff}`);
      return reallyExit(code);
    };
  }
}

function isMine({ argv, isInForeground }: Caller): boolean {
  const command = calledBy(argv[0] ?? '').name;
  return !NEVER.has(command) && (isInForeground || !ON_THE_TERMINAL.has(command));
}
