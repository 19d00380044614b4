import { TslxcError } from '../errors/tslxc-error.ts';

/** Ctrl-A, LXC's default. */
export const DEFAULT_ESCAPE = 0x01;
const QUIT = 'q'.charCodeAt(0);

/**
 * The argument of `-e`: `^a` or `a` for Ctrl-A, in either case. LXC computes nonsense from anything
 * that is not one lower-case letter; that is refused here.
 */
export function parseEscape(argument: string): number {
  const letter = /^\^?([A-Za-z])$/.exec(argument)?.[1];
  if (letter === undefined)
    throw new TslxcError({
      code: 'USAGE',
      message: `escape prefix '${argument}' is not a letter`,
      hint: 'write ^a or a for Ctrl-A, ^b or b for Ctrl-B, and so on',
    });
  return letter.toUpperCase().charCodeAt(0) - 0x40;
}

/** How the prefix is shown to a human: `Ctrl+a`, as in LXC's banner. */
export function describeEscape(prefix: number): string {
  return `Ctrl+${String.fromCharCode(prefix + 0x60)}`;
}

export interface EscapeOutcome {
  /** What goes to the container. */
  readonly forward: Buffer;
  /** The user asked to leave; what followed in the same chunk is not forwarded. */
  readonly detach: boolean;
}

const NOTHING = Buffer.alloc(0);

/**
 * Looks for the escape sequence in what the user types: prefix then `q` leaves, prefix twice sends
 * it once, prefix and anything else sends both. It remembers a prefix that ended a chunk.
 */
export class EscapeFilter {
  readonly #prefix: number;
  #held = false;

  constructor(prefix: number = DEFAULT_ESCAPE) {
    this.#prefix = prefix;
  }

  feed(bytes: Uint8Array): EscapeOutcome {
    // Nearly every chunk has no prefix in it: hand it on as it is.
    if (!this.#held && !bytes.includes(this.#prefix))
      return { forward: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), detach: false };
    // One byte longer than the input: a prefix that was held back may have to go out, too.
    const forward = Buffer.alloc(bytes.length + 1);
    let length = 0;
    for (const byte of bytes) {
      if (!this.#held) {
        if (byte === this.#prefix) this.#held = true;
        else forward[length++] = byte;
        continue;
      }
      this.#held = false;
      if (byte === QUIT) return { forward: forward.subarray(0, length), detach: true };
      forward[length++] = this.#prefix;
      if (byte !== this.#prefix) forward[length++] = byte;
    }
    return { forward: forward.subarray(0, length), detach: false };
  }

  /** The input has ended: a prefix that was held back was no sequence. */
  end(): Buffer {
    if (!this.#held) return NOTHING;
    this.#held = false;
    return Buffer.from([this.#prefix]);
  }
}
