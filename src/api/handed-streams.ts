/** The caller's own streams, for a program without a console. */
import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { linuxKernel } from '../kernel/linux.ts';
import type { StartRequest } from '../manager/wire/protocol.ts';

/**
 * Descriptors of this process that become 0, 1 and 2 of the program. A terminal never enters a
 * container: for output the program gets a pipe that is copied to the terminal, for input nothing.
 */
export class HandedStreams {
  readonly fds: NonNullable<StartRequest['stdio']>;
  readonly #pipes: { readonly from: number; readonly into: number; readonly to: () => Writable }[] = [];

  /**
   * @param terminals which of 0, 1 and 2 are terminals
   * @param screens the streams of 1 and 2, made only if used
   */
  constructor(
    terminals: readonly number[],
    screens: { readonly 1: () => Writable; readonly 2: () => Writable },
  ) {
    const output = (fd: 1 | 2) => (terminals.includes(fd) ? this.#pipe(screens[fd]) : fd);
    this.fds = [terminals.includes(0) ? null : 0, output(1), output(2)];
  }

  #pipe(to: () => Writable): number {
    const [from, into] = linuxKernel().pipe();
    this.#pipes.push({ from, into, to });
    return into;
  }

  /**
   * Copies the program's output; settles when its last writer has ended. Called after the program
   * got its descriptors.
   */
  async shown(): Promise<void> {
    await Promise.all(
      this.#pipes.splice(0).map(({ from, into, to }) => {
        closeSync(into);
        const stream = new Socket({ fd: from, readable: true, writable: false });
        stream.pipe(to(), { end: false });
        return new Promise((resolve) => stream.on('close', resolve));
      }),
    );
  }

  /** Closes the descriptors of a program that did not start. */
  close(): void {
    for (const { from, into } of this.#pipes.splice(0)) {
      closeSync(from);
      closeSync(into);
    }
  }
}
