import type { Kernel } from '../kernel/kernel.ts';
import { enterRawMode } from './raw-mode.ts';

const ESCAPE = '\x1b';
/** Switches to the alternate screen without a cursor, so that the previous content comes back. */
const ENTER = `${ESCAPE}[?1049h${ESCAPE}[?25l`;
const LEAVE = `${ESCAPE}[?25h${ESCAPE}[?1049l`;
const HOME = `${ESCAPE}[H`;
const CLEAR_LINE = `${ESCAPE}[K`;
const CLEAR_BELOW = `${ESCAPE}[J`;
const REVERSED = `${ESCAPE}[1;7m`;
const PLAIN = `${ESCAPE}[0m`;

export interface LiveScreenOptions {
  readonly kernel: Kernel;
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
  onKey(key: string): void;
  /** The window has a new size: the caller draws again. */
  onResize(): void;
  /** The window was closed, so that no key can be pressed. */
  onEnd(): void;
}

/** A whole terminal that is redrawn repeatedly, with keys read one at a time. */
export class LiveScreen {
  readonly #output: NodeJS.WriteStream;
  readonly #close: () => void;

  constructor({ kernel, input, output, onKey, onResize, onEnd }: LiveScreenOptions) {
    this.#output = output;
    const restore = enterRawMode(kernel, 0);
    const onData = (bytes: Buffer) => {
      for (const key of bytes.toString('latin1')) onKey(key);
    };
    input.on('data', onData);
    input.on('end', onEnd);
    input.on('error', onEnd);
    output.on('resize', onResize);
    output.on('error', onEnd);
    output.write(ENTER);
    this.#close = () => {
      input.off('data', onData);
      input.off('end', onEnd);
      input.pause();
      output.off('resize', onResize);
      output.write(LEAVE);
      restore();
    };
  }

  get size(): { readonly rows: number; readonly columns: number } {
    return { rows: this.#output.rows || 24, columns: this.#output.columns || 80 };
  }

  /** Draws lines from the top; the first `heading` lines are highlighted. */
  draw(lines: readonly string[], heading: number): void {
    const { columns } = this.size;
    const text = lines.map((line, i) =>
      i < heading ? `${REVERSED}${line.padEnd(columns)}${PLAIN}` : `${line}${CLEAR_LINE}`,
    );
    this.#output.write(`${HOME}${text.join('\r\n')}${CLEAR_BELOW}`);
  }

  /** Restores the terminal. */
  close(): void {
    this.#close();
  }
}
