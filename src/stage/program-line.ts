/**
 * The line between a stage and the child that it makes in a guest's pid namespace. Only the stage
 * talks to the manager: the guest may stop the child, read its memory and copy its descriptors, and
 * says what it likes through them then. So the stage passes on a known few messages, and takes
 * their texts for text.
 */
import { ERROR_TABLE } from '../errors/error-table.ts';
import type { ErrorDetails } from '../errors/tslxc-error.ts';
import { POLL, SIG } from '../kernel/constants.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { LineBuffer } from '../util/line-buffer.ts';
import type { FromStage, StageChannel, ToStage } from './channel.ts';

/** Longest text of an error that is passed on, characters. */
const LONGEST = 4096;

export class ProgramLine {
  readonly #kernel: Kernel;
  readonly #channel: StageChannel;
  readonly #line: number;
  readonly #pid: number;
  readonly #chunk = Buffer.alloc(4096);
  readonly #buffer = new LineBuffer();

  /** @param line our end of a socket pair @param pid the child's */
  constructor(kernel: Kernel, channel: StageChannel, line: number, pid: number) {
    this.#kernel = kernel;
    this.#channel = channel;
    this.#line = line;
    this.#pid = pid;
  }

  /**
   * Lets the child go on, and passes on what it says until it is its program. If the manager hangs
   * up before, it is killed.
   */
  begin(): void {
    this.#say({ type: 'go' });
    const watched = [this.#line, this.#channel.fd].map((fd) => ({ fd, events: POLL.IN }));
    for (;;) {
      const ready = this.#kernel.poll(watched, -1);
      if (ready.some(({ fd }) => fd === this.#channel.fd)) {
        this.#kernel.kill(this.#pid, SIG.KILL);
        return;
      }
      const length = this.#kernel.recv(this.#line, this.#chunk);
      if (length === 0) return;
      for (const text of this.#buffer.push(this.#chunk.subarray(0, length)))
        this.#hear(JSON.parse(text) as FromStage);
    }
  }

  #say(message: ToStage): void {
    this.#kernel.send(this.#line, Buffer.from(`${JSON.stringify(message)}\n`));
  }

  #hear(message: FromStage): void {
    if (message.type === 'listener') {
      this.#channel.send({ type: 'listener', fd: Number(message.fd) });
      this.#channel.expect('taken');
      this.#say({ type: 'taken' });
    } else if (message.type === 'error') this.#channel.fail(asText(message.error));
    else throw new Error(`${message.type} is no message of a child`);
  }
}

/** An error of which every part is what it has to be. */
function asText(error: ErrorDetails): ErrorDetails {
  const text = (value: unknown) => (typeof value === 'string' ? value.slice(0, LONGEST) : undefined);
  return {
    code: Object.hasOwn(ERROR_TABLE, error.code) ? error.code : 'EXEC_FAILED',
    message: text(error.message) ?? '',
    errno: text(error.errno),
    step: text(error.step),
    hint: text(error.hint),
    file: text(error.file),
    line: typeof error.line === 'number' ? error.line : undefined,
  };
}
