import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import type { ConsolePlan } from '../../container/plan/terminal-plan.ts';
import type { StartHost } from '../../container/start/start-host.ts';
import type { TerminalDescriptors } from '../../container/start/start-terminals.ts';
import { TslxcError, toTslxcError } from '../../errors/tslxc-error.ts';
import { O } from '../../kernel/constants.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import type { WindowSize } from '../../kernel/structs.ts';
import { ConsoleHub } from '../../terminal/console-hub.ts';
import { ConsoleLog } from '../../terminal/console-log.ts';
import { type ConsolePeer, openConsolePeer } from '../../terminal/console-peer.ts';
import { RingBuffer } from '../../terminal/ring-buffer.ts';

/**
 * The manager's ends of a container's terminals: the console, always read, and the ttys, lent to
 * one client each.
 */
export class ContainerTerminals {
  readonly #kernel: Kernel;
  #hub: ConsoleHub | undefined;
  #log: ConsoleLog | undefined;
  #ring: RingBuffer | undefined;
  #peer: ConsolePeer | undefined;
  #descriptors: TerminalDescriptors | undefined;
  #console: ConsolePlan | undefined;
  /** Who has a tty, by its number. */
  readonly #holders = new Map<number, object>();
  /**
   * Console streams of clients that stay through a reboot (`tslxc-start -F`, `tslxc-console -t 0`).
   */
  readonly #streams = new Set<Socket>();
  #hungUp = false;

  /** The console's log cannot be written. */
  onTrouble: (error: TslxcError) => void = () => {};
  /** Gets all that the console prints. */
  onOutput: (bytes: Buffer) => void = () => {};

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /**
   * Takes over the terminals of an earlier manager's run. A log that cannot be opened is told, and
   * the console goes on.
   */
  adopt(descriptors: TerminalDescriptors, console: ConsolePlan): void {
    try {
      this.open(descriptors, console);
    } catch (error) {
      const { log: _, ...rest } = console;
      this.onTrouble(toTslxcError(error, 'CONFIG_VALUE'));
      this.open(descriptors, rest);
    }
  }

  open(descriptors: TerminalDescriptors, console: ConsolePlan): void {
    this.#descriptors = descriptors;
    this.#console = console;
    if (descriptors.console < 0) return;
    // A reboot goes on in the same ring: what the last boot said is worth reading.
    if (this.#ring?.capacity !== console.ring) this.#ring = new RingBuffer(console.ring);
    this.#log = this.#openLog(console);
    this.#hub = new ConsoleHub({
      kernel: this.#kernel,
      master: descriptors.console,
      ring: this.#ring,
      onOutput: (bytes) => this.onOutput(bytes),
      log: this.#log,
    });
    for (const stream of this.#streams) this.#hub.attach({ output: stream, input: stream });
    if (console.path !== undefined) this.#connect(this.#hub, console.path);
  }

  #openLog({ log: path, size, rotate }: ConsolePlan): ConsoleLog | undefined {
    if (path === undefined) return undefined;
    return new ConsoleLog({ path, size, rotate, onError: (error) => this.onTrouble(error) });
  }

  /**
   * Joins the console and what `lxc.console.path` names. Trouble with it does not stop a container
   * that runs.
   */
  #connect(hub: ConsoleHub, path: string): void {
    try {
      this.#peer = openConsolePeer(this.#kernel, path, (error) => this.onTrouble(error));
      hub.attach(this.#peer);
    } catch (error) {
      this.onTrouble(toTslxcError(error, 'CONFIG_VALUE', { message: `lxc.console.path ${path}` }));
    }
  }

  /** What the container's console is, as planned. */
  get console(): Pick<ConsolePlan, 'none' | 'stream'> {
    return this.#console ?? {};
  }

  /** What the console printed last, as far as it is kept. */
  get consoleLog(): Buffer {
    return this.#ring?.read() ?? Buffer.alloc(0);
  }

  clearConsoleLog(): void {
    this.#ring?.clear();
  }

  /** Descriptor of the container's own devpts, or -1. */
  get devpts(): number {
    return this.#descriptors?.devpts ?? -1;
  }

  /**
   * A two-way stream of the console: the descriptor of the client's end. The client copies it and
   * tells us; then `close(2)` ours. `replay`: begin with what was shown last.
   */
  consoleStream(replay: boolean): number {
    const [ours, theirs] = this.#kernel.socketpair(1 | O.CLOEXEC);
    const stream = new Socket({ fd: ours, readable: true, writable: true });
    stream.on('error', () => {});
    stream.on('close', () => this.#streams.delete(stream));
    this.#streams.add(stream);
    if (this.#hub) this.#hub.attach({ output: stream, input: stream }, { replay });
    // A program that ended at once: what it said is still to be seen.
    else if (replay && this.#ring?.length) stream.write(this.#ring.read());
    if (this.#hungUp) this.hangUp();
    return theirs;
  }

  /**
   * Gives the keeper copies of all descriptors, which outlive this manager.
   * @param prefix of the labels under which the keeper holds the copies
   * @param log of the console, which the keeper writes while no manager runs
   */
  async keepIn(host: Pick<StartHost, 'keep'>, prefix: string, log: ConsolePlan['log']): Promise<void> {
    if (!this.#descriptors) return;
    const { devpts, console, ttys } = this.#descriptors;
    const all = [
      ['devpts', devpts],
      ['console', console],
      ...ttys.map((fd, i) => [`tty${i + 1}`, fd] as const),
    ] as const;
    const held = all
      .filter(([, fd]) => fd >= 0)
      .map(([name, fd]) => ({
        label: `${prefix}${name}`,
        fd,
        drain: name === 'console' ? { log } : undefined,
      }));
    for (const copy of await host.keep(process.pid, held)) closeSync(copy);
  }

  get hasConsole(): boolean {
    return this.#hub !== undefined;
  }

  resizeConsole(size: WindowSize): void {
    this.#hub?.resize(size);
  }

  /**
   * Lends a tty to a client: -1 the first that is free.
   * @throws TslxcError TTY_UNAVAILABLE when it is lent, all are, or there is none of that number
   */
  lend(wanted: number, holder: object): { tty: number; master: number } {
    const ttys = this.#descriptors?.ttys ?? [];
    const unavailable = (message: string, hint: string) =>
      new TslxcError({ code: 'TTY_UNAVAILABLE', message, hint });
    if (wanted > ttys.length)
      throw unavailable(
        `there is no tty ${wanted}: the container has ${ttys.length}`,
        'lxc.tty.max sets how many there are; -t 0 is the console',
      );
    const tty = wanted > 0 ? wanted : ttys.findIndex((_, i) => !this.#holders.has(i + 1)) + 1;
    if (tty === 0)
      throw unavailable(
        ttys.length === 0
          ? 'the container has no ttys'
          : `all ttys are busy (${ttys.length} of ${ttys.length})`,
        ttys.length === 0
          ? 'set lxc.tty.max, or use -t 0 for the console'
          : 'leave one of the other consoles (Ctrl-a q), or use -t 0',
      );
    if (this.#holders.has(tty))
      throw unavailable(
        `tty ${tty} is in use by another console`,
        'leave that console (Ctrl-a q), or take another tty',
      );
    const master = ttys[tty - 1]!;
    if (master < 0)
      throw unavailable(
        `the terminal of tty ${tty} was lost with its keeper`,
        'restart the container to get it back',
      );
    this.#holders.set(tty, holder);
    return { tty, master };
  }

  giveBack(holder: object): void {
    for (const [tty, who] of this.#holders) if (who === holder) this.#holders.delete(tty);
  }

  /** The container has ended: its terminals go; clients of the console stay for a reboot. */
  close(): void {
    this.#hub?.close();
    this.#hub = undefined;
    this.#log?.close();
    this.#log = undefined;
    this.#peer?.close();
    this.#peer = undefined;
    for (const fd of [...(this.#descriptors?.ttys ?? []), this.devpts]) if (fd >= 0) closeSync(fd);
    this.#descriptors = undefined;
  }

  /** Closes all terminals for good and detaches the console's clients. */
  hangUp(): void {
    this.#hungUp = true;
    for (const stream of this.#streams) stream.end();
    this.#streams.clear();
  }
}
