/**
 * The resident process: runs commands for callers of bin/tslxc, which is a shell script and hands them over where it
 * can. Starting a Node for each of them costs ten times what most have to do. The manager starts this process, and it
 * ends with the manager; its commands are clients of the manager like any other.
 *
 *     caller                                       resident
 *     (makes SLOT.lock, opens the slot's pipe)
 *     run SLOT PID WORDS             ->
 *                                    <-            accepted           it is being done
 *                                    <-            no                 do it yourself (also after accepted: nothing was done)
 *     signal SLOT SIGINT             ->                               any number of times
 *                                    <-            exit STATUS        or: signal SIGINT, it died of that
 */
import { Socket } from 'node:net';
import { join } from 'node:path';
import type { Kernel } from '../../kernel/kernel.ts';
import { linuxKernel } from '../../kernel/linux.ts';
import { buildId } from '../../manager/build-id.ts';
import { NoManager } from '../../manager/client.ts';
import { runPaths } from '../../manager/run-paths.ts';
import { LineBuffer } from '../../util/line-buffer.ts';
import { dispatch } from '../run/dispatch.ts';
import { type Caller, holdsPipe, readCaller } from './caller.ts';
import { CallerIo, type CallerSignal, isCallerSignal } from './caller-io.ts';
import { isResidentCommand, loadResidentCommands } from './resident-commands.ts';
import { SLOTS, Slots } from './slots.ts';

/** How often it is looked whether callers of commands at work are still there, milliseconds. */
const LOOK = 500;
/** How often slots are looked for that were taken by nobody, milliseconds. */
const SWEEP = 10_000;

/** A command at work. */
interface Running {
  readonly caller: Caller;
  readonly io: CallerIo;
  /** Aborted at its end: its connections to the manager are closed then. */
  readonly over: AbortController;
  /** The caller was killed, and the command has been told. */
  orphaned: boolean;
  /** Tells the caller how it ended, once. */
  end(words: string): void;
}

class Resident {
  readonly #kernel: Kernel;
  readonly #slots: Slots;
  readonly #running = new Map<number, Running>();
  #looking: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(kernel: Kernel, slots: Slots) {
    this.#kernel = kernel;
    this.#slots = slots;
    setInterval(() => slots.sweep((slot) => this.#running.has(slot)), SWEEP).unref();
  }

  hear(line: string): void {
    const [verb, slot, ...rest] = line.split(' ');
    const number = Number(slot);
    if (!Number.isInteger(number) || number < 0 || number >= SLOTS) return;
    if (verb === 'run' && !this.#running.has(number))
      void this.#run(number, Number(rest[0]), Number(rest[1]));
    const [signal = ''] = rest;
    if (verb === 'signal' && isCallerSignal(signal)) this.#interrupt(number, signal);
  }

  async #run(slot: number, pid: number, words: number): Promise<void> {
    // From an earlier resident process's slot, or another pid namespace: it is not this slot's caller, and hears nothing.
    if (!holdsPipe(pid, this.#slots.pipe(slot))) return this.#slots.disown(slot, pid);
    const caller = this.#closed ? undefined : readCaller(this.#kernel, pid, words);
    const over = new AbortController();
    const io = caller && this.#ioFor(caller, over.signal);
    const mine = caller && io && this.#enter(slot, { caller, io, over });
    if (!mine || !(await isResidentCommand(caller.argv))) {
      if (mine) mine.end('no');
      else this.#refuse(slot);
      return;
    }
    if (this.#running.get(slot) !== mine) return;
    this.#slots.say(slot, 'accepted');
    const end = await dispatch(caller.argv, io).then(
      (status) => `exit ${status}`,
      (error: Error) => {
        // Our manager was killed: the caller starts another one, which has a resident process of its own.
        if (error instanceof NoManager) return 'no';
        io.printError(`tslxc: ${error.stack}\n`);
        return 'exit 1';
      },
    );
    await io.flushed();
    mine.end(end);
  }

  #refuse(slot: number): void {
    this.#slots.say(slot, 'no');
    this.#slots.free(slot);
  }

  #ioFor(caller: Caller, signal: AbortSignal): CallerIo | undefined {
    try {
      return new CallerIo(this.#kernel, caller, signal);
    } catch {
      this.#kernel.close(caller.pidfd);
      return undefined;
    }
  }

  #enter(slot: number, { caller, io, over }: Pick<Running, 'caller' | 'io' | 'over'>): Running {
    const running: Running = {
      caller,
      io,
      over,
      orphaned: false,
      end: (words) => {
        if (this.#running.get(slot) !== running) return;
        this.#running.delete(slot);
        // As when the process dies that does a command: to the manager its client has gone.
        over.abort();
        this.#slots.say(slot, words);
        this.#slots.free(slot);
        io.close();
        this.#kernel.close(caller.pidfd);
        this.#endIfIdle();
      },
    };
    io.onBroken = (status) => running.end(`exit ${status}`);
    this.#running.set(slot, running);
    this.#looking ??= setInterval(() => this.#look(), LOOK);
    return running;
  }

  /** A command that does not listen ends for its caller; what it has asked the manager for takes its course. */
  #interrupt(slot: number, signal: CallerSignal): void {
    const running = this.#running.get(slot);
    if (running && !running.io.interrupt(signal)) running.end(`signal ${signal}`);
  }

  #look(): void {
    if (this.#running.size === 0) {
      clearInterval(this.#looking);
      this.#looking = undefined;
    }
    for (const [slot, running] of this.#running)
      try {
        if (!running.orphaned) this.#kernel.pidfdSignal(running.caller.pidfd, 0);
      } catch {
        running.orphaned = true;
        this.#interrupt(slot, 'SIGHUP');
      }
  }

  /** The manager has gone: what is at work comes to its end, and nothing is begun. */
  close(): void {
    this.#closed = true;
    this.#slots.close();
    this.#endIfIdle();
  }

  #endIfIdle(): void {
    if (this.#closed && this.#running.size === 0) process.exit(0);
  }
}

async function main(): Promise<void> {
  process.title = 'tslxc-resident';
  process.chdir('/');
  const kernel = linuxKernel();
  await loadResidentCommands();
  const slots = new Slots(kernel, join(runPaths().directory, `resident-${buildId()}`));
  const resident = new Resident(kernel, slots);
  const lines = new LineBuffer();
  new Socket({ fd: slots.requests, readable: true, writable: false }).on('data', (chunk: Buffer) => {
    for (const line of lines.push(chunk)) resident.hear(line);
  });
  // The manager holds the other end.
  process.stdin.on('end', () => resident.close()).resume();
}

main().catch((error: Error) => {
  process.stderr.write(`tslxc-resident: ${error.stack}\n`);
  process.exit(1);
});
