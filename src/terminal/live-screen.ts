import type { Kernel } from '../kernel/kernel.ts';
import { enterRawMode } from './raw-mode.ts';

const ESCAPE = '\x1b';
/** The other screen without a cursor, so that what was there before is back afterwards. */
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
  /** The window has another size: draw anew. */
  onResize(): void;
  /** Nobody can press a key any more: the window was closed. */
  onEnd(): void;
}

/** A whole terminal that is drawn again and again, with keys read one by one. */
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

  /** Lines from the top; the first `heading` ones stand out. */
  draw(lines: readonly string[], heading: number): void {
    const { columns } = this.size;
    const text = lines.map((line, i) =>
      i < heading ? `${REVERSED}${line.padEnd(columns)}${PLAIN}` : `${line}${CLEAR_LINE}`,
    );
    this.#output.write(`${HOME}${text.join('\r\n')}${CLEAR_BELOW}`);
  }

  /** The terminal is as it was. */
  close(): void {
    this.#close();
  }
}
