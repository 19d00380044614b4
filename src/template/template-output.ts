/**
 * What a template prints: told as it comes, but for the words that become the reason of a failure.
 */

export type Stream = 'stdout' | 'stderr';

/** Receivers of a template's output. */
export interface OutputReceivers {
  /** Called for a line `==> text`, which announces a larger step. */
  readonly onStep?: ((text: string) => void) | undefined;
  /** Called for any other line. */
  readonly onLine?: ((text: string, stream: Stream) => void) | undefined;
}

/** Output lines that are kept for an error. */
const TAIL = 20;
/**
 * How long the last line of stderr waits for an end that would make it the reason, milliseconds.
 */
const HOLD_MS = 200;
const STEP = /^==> *(.*)$/;

/** Why a template failed, in its own words. */
export interface Reason {
  readonly words: string | undefined;
  /** The output that was held back, as text. It explains the words. */
  readonly details: string | undefined;
}

/**
 * Passes lines on. A line of stderr that begins with the template's own name says why there will be
 * no container, and indented lines behind it explain it: they are held back until the template ends
 * or goes on. Any other line of stderr is held back for a moment only.
 */
export class TemplateOutput {
  readonly #own: string;
  readonly #receivers: OutputReceivers;
  readonly #tail: { text: string; stream: Stream }[] = [];
  #held: string[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** @param script the file name of the template's script, with which it begins its own errors */
  constructor(script: string, receivers: OutputReceivers) {
    this.#own = `${script}: `;
    this.#receivers = receivers;
  }

  line(text: string, stream: Stream): void {
    this.#keep(text, stream);
    const step = stream === 'stdout' ? STEP.exec(text) : null;
    if (step) this.#receivers.onStep?.(step[1]!);
    else if (stream === 'stdout') this.#receivers.onLine?.(text, stream);
    else this.#hold(text);
  }

  /** The template has ended well: nothing is held back any longer. */
  release(): void {
    clearTimeout(this.#timer);
    for (const text of this.#held.splice(0)) this.#receivers.onLine?.(text, 'stderr');
  }

  /** The template has failed. Lines that become part of the reason are told to no receiver. */
  reason(): Reason {
    const [first, ...explanation] = this.#held;
    const isOwn = first?.startsWith(this.#own) ?? false;
    const line = isOwn ? first! : this.#lastWords();
    if (isOwn || first === line) this.#held = [];
    this.release();
    const untold = this.#receivers.onLine ? (isOwn ? explanation : []) : this.#tailBut(line);
    return {
      words: line?.startsWith(this.#own) ? line.slice(this.#own.length) : line?.trim(),
      details: untold.length > 0 ? untold.map((text) => text.replace(/^ {1,4}/, '')).join('\n') : undefined,
    };
  }

  #hold(text: string): void {
    const explains = this.#held[0]?.startsWith(this.#own) && /^\s/.test(text);
    if (!explains) this.release();
    this.#held.push(text);
    clearTimeout(this.#timer);
    if (!this.#held[0]!.startsWith(this.#own)) this.#timer = setTimeout(() => this.release(), HOLD_MS);
  }

  #keep(text: string, stream: Stream): void {
    this.#tail.push({ text, stream });
    // Each stream keeps its share, so that output on one does not displace the reason on the other.
    const same = this.#tail.filter((line) => line.stream === stream);
    if (same.length > TAIL) this.#tail.splice(this.#tail.indexOf(same[0]!), 1);
  }

  /** The last line that contains a letter, preferably from stderr. */
  #lastWords(): string | undefined {
    const meaningful = this.#tail.filter(({ text }) => /\p{L}/u.test(text) && !STEP.test(text));
    return (meaningful.findLast(({ stream }) => stream === 'stderr') ?? meaningful.at(-1))?.text;
  }

  #tailBut(line: string | undefined): string[] {
    return this.#tail.map(({ text }) => text).filter((text) => text !== line && !STEP.test(text));
  }
}
