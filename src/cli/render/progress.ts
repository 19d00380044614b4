/**
 * Long work as it goes: a live list of steps on a terminal, plain lines in a pipe, nothing with -q.
 * listr2 is only known here, and loaded for terminals only.
 */
import { plain } from '../../util/plain.ts';
import type { Io } from '../run/io.ts';

/** What the work tells. */
export interface Progress {
  /** A big step begins, and with it the one before has ended. */
  step(text: string): void;
  /** A line of output of a program that does the work. */
  line(text: string, stream?: 'stdout' | 'stderr'): void;
  /**
   * How far the step has come, in the place of what was said of it before. Seen on a terminal only.
   */
  status(text: string): void;
}

export interface ProgressOptions {
  readonly quiet: boolean;
  /** Without a terminal nothing is told: for commands that are silent in LXC. */
  readonly terminalOnly?: boolean;
}

/** Does the work; its error, if any, comes through after the display is closed. */
export async function withProgress<Result>(
  io: Io,
  options: ProgressOptions,
  work: (progress: Progress) => Promise<Result>,
): Promise<Result> {
  if (options.quiet) return await work({ step() {}, line() {}, status() {} });
  if (canRedraw(io)) return await liveProgress(io, work);
  if (options.terminalOnly) return await work({ step() {}, line() {}, status() {} });
  return await work({
    step: (text) => io.print(`${text}\n`),
    line: (text, stream) => (stream === 'stderr' ? io.printError(`${text}\n`) : io.print(`${text}\n`)),
    status() {},
  });
}

/** A terminal that says how wide it is; some (serial lines, `script` in a job) do not. */
function canRedraw(io: Io): boolean {
  return io.stdoutIsTTY && io.stderrIsTTY && io.env.TERM !== 'dumb' && (io.stdout.columns ?? 0) > 20;
}

/** How many of the last lines of a program's output stay visible below its step. */
const LINES_SHOWN = 4;
/** How many are worth a look when it failed. */
const LINES_OF_FAILURE = 20;

function asLines(lines: readonly string[] = []): string {
  return lines.map((line) => `${line}\n`).join('');
}

/**
 * Shows a list with a single task for each step: listr2 wants to know its tasks beforehand, and the
 * steps are not known then.
 */
async function liveProgress<Result>(io: Io, work: (progress: Progress) => Promise<Result>): Promise<Result> {
  const { Listr } = await import('listr2');
  let current:
    | { end(error?: Error): void; line(text: string): void; status(text: string): void; lines: string[] }
    | undefined;
  let shown: Promise<void> = Promise.resolve();

  const progress: Progress = {
    step(told) {
      const text = plain(told);
      current?.end();
      let end = (_?: Error) => {};
      const ended = new Promise<void>((resolve, reject) => {
        end = (error) => (error ? reject(error) : resolve());
      });
      // A step that was never shown has no one to wait for its failure.
      ended.catch(() => {});
      const lines: string[] = [];
      let show = (_: string) => {};
      current = {
        lines,
        end,
        line(line) {
          lines.push(line);
          show(lines.slice(-LINES_SHOWN).join('\n'));
        },
        status: (words) => show(words),
      };
      shown = shown.then(async () => {
        const list = new Listr(
          [
            {
              title: text,
              task: (_, task) => {
                show = (output) => {
                  task.output = output;
                };
                if (lines.length > 0) show(lines.slice(-LINES_SHOWN).join('\n'));
                return ended;
              },
              rendererOptions: { bottomBar: false, persistentOutput: false },
            },
          ],
          {
            exitOnError: true,
            registerSignalListeners: false,
            rendererOptions: { showErrorMessage: false, collapseErrors: false },
            ...(io.env.NO_COLOR ? { color: false } : {}),
          } as never,
        );
        await list.run().catch(() => {}); // told by the caller, with its hint
      });
    },
    line: (text) => current?.line(plain(text)),
    status: (text) => current?.status(plain(text)),
  };

  try {
    const result = await work(progress);
    current?.end();
    await shown;
    // What a program says at the end is meant to be read: a password, a next step.
    io.print(asLines(current?.lines));
    return result;
  } catch (error) {
    current?.end(error instanceof Error ? error : new Error(String(error)));
    await shown;
    io.printError(asLines(current?.lines.slice(-LINES_OF_FAILURE)));
    throw error;
  }
}
