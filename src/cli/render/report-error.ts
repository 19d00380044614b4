/** The one place where an error becomes text. */

import { inWords } from '../../errors/errno-words.ts';
import { type ErrorDetails, TslxcError, toTslxcError } from '../../errors/tslxc-error.ts';
import { plain, plainText } from '../../util/plain.ts';
import type { Io } from '../run/io.ts';

export interface ErrorReport {
  /** `tslxc-start`. */
  readonly program: string;
  readonly quiet?: boolean;
  readonly json?: boolean;
  /** A warning does not fail the command and says so. */
  readonly severity?: 'error' | 'warning';
}

export async function reportError(thrown: unknown, io: Io, report: ErrorReport): Promise<void> {
  if (report.quiet) return;
  const error = toTslxcError(thrown);
  const severity = report.severity ?? 'error';
  if (report.json) {
    io.printError(`${JSON.stringify({ [severity]: errorJson(error) })}\n`);
    return;
  }
  const paint = wantsColour(io, io.stderrIsTTY) ? await painter() : undefined;
  io.printError(errorText(error, report.program, severity, paint));
}

/**
 * `tslxc-start: deb: /var/lib/tslxc/deb/config:12: bridge "br9" does not exist`, then further
 * details. The hint comes last: the user's next step. Errors found in the same run follow in the
 * same form.
 */
export function errorText(
  error: TslxcError,
  program: string,
  severity: 'error' | 'warning' = 'error',
  paint: Painter = PLAIN,
): string {
  // Some messages have to name the file themselves: once is enough.
  const file = error.file && (error.line || !error.message.includes(error.file)) ? error.file : '';
  const place = [file, file && error.line, file && error.line && error.column].filter(Boolean).join(':');
  const prefix = [program, error.container, place, severity === 'warning' ? 'warning' : '']
    .filter(Boolean)
    .map((part) => `${plain(String(part))}: `)
    .join('');
  const lines = [`${paint.prefix(prefix)}${paint[severity](plainText(inWords(error.message)))}`];
  if (error.step) lines.push(`  step: ${plain(error.step)}`);
  for (const cause of causes(error)) lines.push(`  cause: ${indented(plainText(inWords(cause)))}`);
  if (error.errno && !lines.join('\n').includes(error.errno)) lines.push(`  errno: ${error.errno}`);
  const hint = error.hint ?? (error.code === 'INTERNAL' ? BUG : undefined);
  if (hint) lines.push(paint.hint(`  hint: ${plainText(hint)}`));
  const others = error.also.map((other) => errorText(other, program, severity, paint));
  return `${lines.join('\n')}\n${others.join('')}`;
}

const indented = (text: string) => text.trim().replaceAll('\n', '\n    ');

/** Where in the program it happened is for those who mend it. */
const BUG =
  'this is a mistake of tslxc: with `-l DEBUG -o FILE` the command writes where it happened to FILE';

/** The chain below the error, without what the message has already said. */
function causes(error: TslxcError): string[] {
  const found: string[] = [];
  let cause = error.cause;
  for (let depth = 0; cause instanceof Error && depth < 8; depth++, cause = cause.cause) {
    const place = cause instanceof TslxcError && cause.file ? `${cause.file}:${cause.line ?? 1}: ` : '';
    if (!error.message.includes(cause.message.replace(/^it /, ''))) found.push(`${place}${cause.message}`);
  }
  return found;
}

function errorJson(error: TslxcError): ErrorDetails & { causes?: string[] } {
  const below = causes(error);
  return { ...error.toJSON(), ...(below.length > 0 ? { causes: below } : {}) };
}

export interface Painter {
  prefix(text: string): string;
  error(text: string): string;
  warning(text: string): string;
  hint(text: string): string;
}

const same = (text: string) => text;
const PLAIN: Painter = { prefix: same, error: same, warning: same, hint: same };

/**
 * NO_COLOR wins over all, FORCE_COLOR over the lack of a terminal (no-color.org, force-color.org).
 */
export function wantsColour(io: Pick<Io, 'env'>, isTTY: boolean): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = io.env;
  if (NO_COLOR) return false;
  if (FORCE_COLOR) return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  return isTTY && TERM !== 'dumb';
}

async function painter(): Promise<Painter> {
  const { Chalk } = await import('chalk');
  const chalk = new Chalk({ level: 1 });
  return { prefix: chalk.bold, error: chalk.red, warning: chalk.yellow, hint: chalk.cyan };
}
