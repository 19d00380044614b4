/**
 * A command on a terminal of its own, as if a person sat there. The pty is ours; util-linux' setsid makes its slave the
 * command's controlling terminal, so that Ctrl-C, SIGWINCH and /dev/tty are as in life.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, constants, openSync, readlinkSync } from 'node:fs';
import { ReadStream } from 'node:tty';
import { linuxKernel } from '../../../src/kernel/linux.ts';
import { BASE_ENV } from './run-command.ts';
import { seconds } from './slow.ts';

const kernel = linuxKernel();

export interface TerminalOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly rows?: number;
  readonly columns?: number;
}

export class Terminal {
  readonly child: ChildProcess;
  /** Name of the slave, for instance `/dev/pts/7`. */
  readonly name: string;
  readonly #master: ReadStream;
  readonly #fd: number;
  #output = '';
  #from = 0;
  readonly #listeners = new Set<() => void>();
  /** Settles when the command has ended and all its output is here. */
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  #hasEnded = false;

  constructor(file: string, args: readonly string[], options: TerminalOptions = {}) {
    this.#fd = openSync('/dev/ptmx', constants.O_RDWR | constants.O_NOCTTY);
    const slave = kernel.openPtyPeer(this.#fd);
    this.name = readlinkSync(`/proc/self/fd/${slave}`);
    kernel.setWindowSize(this.#fd, { rows: options.rows ?? 24, columns: options.columns ?? 80 });
    this.child = spawn('setsid', ['-c', '-w', file, ...args], {
      stdio: [slave, slave, slave],
      env: { ...BASE_ENV, TERM: 'xterm', ...options.env },
      cwd: '/',
    });
    closeSync(slave);
    this.#master = new ReadStream(this.#fd);
    const closed = new Promise<void>((done) => {
      this.#master.on('error', () => done());
      this.#master.on('close', () => done());
    });
    this.#master.on('data', (chunk: Buffer) => {
      this.#output += chunk.toString('latin1');
      for (const listener of [...this.#listeners]) listener();
    });
    this.ended = new Promise((done) => {
      this.child.once('exit', (code, signal) => {
        void Promise.race([closed, new Promise((later) => setTimeout(later, 500))]).then(() => {
          this.#hasEnded = true;
          for (const listener of [...this.#listeners]) listener();
          done({ code, signal });
        });
      });
    });
  }

  /** Everything that was shown. */
  get output(): string {
    return this.#output;
  }

  write(text: string): void {
    this.#master.write(text);
  }

  /** Types a line. */
  line(text: string): void {
    this.write(`${text}\r`);
  }

  /**
   * Waits until the text has been shown since the last time this was asked, and returns what was shown up to then.
   * @throws Error with all that was shown
   */
  async until(wanted: string | RegExp, limit = seconds(20)): Promise<string> {
    const found = () => {
      const text = this.#output.slice(this.#from);
      const match = typeof wanted === 'string' ? text.indexOf(wanted) : text.search(wanted);
      if (match < 0) return undefined;
      const length = typeof wanted === 'string' ? wanted.length : wanted.exec(text)![0].length;
      this.#from += match + length;
      return text.slice(0, match + length);
    };
    const first = found();
    if (first !== undefined) return first;
    return await new Promise<string>((done, reject) => {
      const finish = (settle: () => void) => {
        clearTimeout(timer);
        this.#listeners.delete(look);
        settle();
      };
      const fail = (why: string) =>
        finish(() => reject(new Error(`${wanted} was not shown (${why}): ${JSON.stringify(this.#output)}`)));
      const look = () => {
        const text = found();
        if (text !== undefined) finish(() => done(text));
        else if (this.#hasEnded) fail('the command has ended');
      };
      const timer = setTimeout(() => fail(`${limit} ms`), limit);
      this.#listeners.add(look);
    });
  }

  resize(rows: number, columns: number): void {
    kernel.setWindowSize(this.#fd, { rows, columns });
  }

  /** Logs in at a busybox getty as root. */
  async login(): Promise<void> {
    await this.until('login: ');
    this.line('root');
    await this.until('assword: ');
    this.line('root');
    await this.until(/[#$] /);
  }

  /** Runs a shell command at a prompt; what it printed. */
  async shell(command: string): Promise<string> {
    // The echo of the line must not look like the marks.
    this.line(`echo "<"'<'; ${command}; echo ">"'>'`);
    await this.until('<<\r\n');
    const text = await this.until('>>\r\n');
    return text.slice(0, -4).replaceAll('\r', '').trim();
  }

  /** The line is cut: the command's terminal is gone. */
  hangUp(): void {
    this.#master.destroy();
  }

  close(): void {
    if (!this.#hasEnded) this.child.kill('SIGKILL');
    this.#master.destroy();
  }
}
