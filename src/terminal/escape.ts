import { TslxcError } from '../errors/tslxc-error.ts';

/** Ctrl-A, LXC's default. */
export const DEFAULT_ESCAPE = 0x01;
const QUIT = 'q'.charCodeAt(0);

/**
 * Parses the argument of `-e`: `^a` or `a` for Ctrl-A, in either case. LXC computes a wrong prefix
 * from anything but one lower-case letter; here such arguments are refused.
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

/** The prefix for people, `Ctrl+a`, as in LXC's banner. */
export function describeEscape(prefix: number): string {
  return `Ctrl+${String.fromCharCode(prefix + 0x60)}`;
}

export interface EscapeOutcome {
  /** Bytes for the container. */
  readonly forward: Buffer;
  /** The user asked to leave. Bytes behind the sequence in the same chunk are not forwarded. */
  readonly detach: boolean;
}

const NOTHING = Buffer.alloc(0);

/**
 * Looks for the escape sequence in the user's input: the prefix and `q` detach, the prefix twice
 * sends the prefix once, the prefix and any other byte send both. A prefix at the end of a chunk is
 * remembered.
 */
export class EscapeFilter {
  readonly #prefix: number;
  #held = false;

  constructor(prefix: number = DEFAULT_ESCAPE) {
    this.#prefix = prefix;
  }

  feed(bytes: Uint8Array): EscapeOutcome {
    // Nearly every chunk has no prefix and is passed on unchanged.
    if (!this.#held && !bytes.includes(this.#prefix))
      return { forward: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), detach: false };
    // A remembered prefix may need one byte more.
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

  /** Ends the input. Returns a remembered prefix, since no sequence followed. */
  end(): Buffer {
    if (!this.#held) return NOTHING;
    this.#held = false;
    return Buffer.from([this.#prefix]);
  }
}
