import { setTimeout as delay } from 'node:timers/promises';
import { TslxcError } from '../errors/tslxc-error.ts';
import type { ExitStatus } from '../kernel/kernel.ts';
import type { ManagerClient } from '../manager/wire/client.ts';

/** Signals that a user sends to the command and means for the program. */
const FORWARDED = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1, SIGQUIT: 3, SIGUSR1: 10, SIGUSR2: 12 } as const;
type Forwarded = keyof typeof FORWARDED;

/** Signals by which a user ends a command. */
const ENDING: ReadonlySet<Forwarded> = new Set(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']);

/** Time for the program to begin when a signal waits, milliseconds. */
const MOMENT = 500;

/** How often a signal is forwarded before it ends the command itself. */
const PATIENCE = 3;

/** A program inside, and the connection to its manager. */
export interface SignalTarget {
  readonly manager: ManagerClient;
  readonly pid: number;
}

/**
 * Forwards signals to a program inside. A signal that arrives before the program runs ends the
 * command.
 */
export class SignalForwarder {
  /** Rejects when the program cannot be reached, or when the user repeats a signal. */
  readonly givenUp: Promise<never>;
  /**
   * Settles when a signal asks to end before the program runs; the signal then ends the command.
   */
  readonly calledOff: Promise<ExitStatus>;
  #callOff!: (status: ExitStatus) => void;
  #begun = false;
  readonly #target: Promise<SignalTarget>;
  #listeners: { readonly name: Forwarded; readonly listener: () => void }[];
  #giveUp!: (error: Error) => void;
  #begin!: (target: SignalTarget) => void;
  #sent = 0;

  /**
   * @param pty whether the program has a pty: the user's terminal then sends signals by itself
   *   (Ctrl-C is a byte), and only signals of other processes are forwarded
   * @param instead replacements for some signals
   */
  constructor(pty: boolean, instead: Partial<Record<Forwarded, number>> = {}) {
    this.givenUp = new Promise((_, reject) => {
      this.#giveUp = reject;
    });
    this.givenUp.catch(() => {});
    this.calledOff = new Promise((resolve) => {
      this.#callOff = resolve;
    });
    this.#target = new Promise((resolve) => {
      this.#begin = resolve;
    });
    this.#listeners = (Object.keys(FORWARDED) as Forwarded[])
      .filter((name) => !pty || name.startsWith('SIGUSR'))
      .map((name) => ({ name, listener: () => void this.#forward(name, instead[name] ?? FORWARDED[name]) }));
    for (const { name, listener } of this.#listeners) process.on(name, listener);
  }

  /** Called when the program runs. */
  begin(target: SignalTarget): void {
    this.#begun = true;
    this.#begin(target);
  }

  /** The program may have begun before the answer that says so arrives. */
  async #beginsSoon(): Promise<boolean> {
    if (!this.#begun) await Promise.race([this.#target, delay(MOMENT, undefined, { ref: false })]);
    return this.#begun;
  }

  async #forward(name: Forwarded, signal: number): Promise<void> {
    if (ENDING.has(name) && !(await this.#beginsSoon())) {
      this.#callOff({ code: null, signal: FORWARDED[name] });
      return;
    }
    if (++this.#sent > PATIENCE) {
      const message = `${name} again: the program is left to itself`;
      this.#giveUp(new TslxcError({ code: 'EXEC_FAILED', message }));
      return;
    }
    try {
      const { manager, pid } = await this.#target;
      await manager.request('signal', { pid, signal });
    } catch (error) {
      this.#giveUp(error as Error);
    }
  }

  stop(): void {
    for (const { name, listener } of this.#listeners) process.off(name, listener);
    this.#listeners = [];
  }
}
