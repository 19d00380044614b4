/** `-o FILE` and `-l LEVEL`: what the command met, line by line, in LXC's layout. */
import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { TslxcError, toTslxcError } from '../../errors/tslxc-error.ts';
import { plain } from '../../util/plain.ts';
import { standardStream } from '../../util/standard-stream.ts';
import { LOG_PRIORITIES } from '../parse/common-options.ts';
import { usage } from '../parse/getopt.ts';
import type { Io } from './io.ts';

export type LogPriority = (typeof LOG_PRIORITIES)[number];

export interface Log {
  write(level: LogPriority, message: string): Promise<void>;
  error(thrown: unknown, severity: 'error' | 'warning'): Promise<void>;
}

/**
 * With neither option given nothing is written. `-l` alone logs to the container's own log file.
 */
export function openLog(
  program: string,
  name: string | undefined,
  values: Readonly<Record<string, unknown>>,
  io: Io,
  lxcpath: () => Promise<string>,
): Log {
  const { logfile, logpriority } = values as { logfile?: string; logpriority?: string };
  const threshold = level(logpriority ?? 'ERROR');
  // LXC's word for no log at all, at every level.
  const on =
    logfile !== 'none' && (logfile !== undefined || (logpriority !== undefined && name !== undefined));
  let file: string | undefined;

  const stream = standardStream(logfile ?? '');

  async function write(priority: LogPriority, message: string): Promise<void> {
    if (!on || LOG_PRIORITIES.indexOf(priority) > threshold) return;
    const head = `${program} ${name ?? '-'} ${timestamp(new Date())} ${priority.padEnd(8)}`;
    const line = `${head} ${plain(message.replaceAll('\n', ' '))}\n`;
    // By the path it would be a stream of the process that does the command, which may be the
    // resident one.
    if (stream !== undefined) return stream === 1 ? io.print(line) : io.printError(line);
    file ??= logfile ? resolve(io.cwd, logfile) : await defaultFile(name!, await lxcpath());
    try {
      mkdirSync(dirname(file), { recursive: true });
      appendFileSync(file, line, { mode: 0o640 });
    } catch (error) {
      throw toTslxcError(error, 'STORAGE', { message: `cannot write the log file ${file}` });
    }
  }
  return {
    write,
    async error(thrown, severity) {
      const error = toTslxcError(thrown);
      const place = error.file ? `${error.file}:${error.line ?? 1}: ` : '';
      const step = error instanceof TslxcError && error.step ? ` (step ${error.step})` : '';
      if (error.code === 'INTERNAL' && thrown instanceof Error) await write('DEBUG', thrown.stack ?? '');
      await write(severity === 'error' ? 'ERROR' : 'WARN', `${error.code} - ${place}${error.message}${step}`);
    },
  };
}

async function defaultFile(name: string, lxcpath: string): Promise<string> {
  const { defaultLogFile } = await import('../../container/state/paths.ts');
  return defaultLogFile({ name, lxcpath });
}

function level(text: string): number {
  // Numbers count from the least important level, as in lxc.log.level.
  const found = /^[0-8]$/.test(text)
    ? LOG_PRIORITIES.length - 1 - Number(text)
    : LOG_PRIORITIES.indexOf(text.toUpperCase() as LogPriority);
  if (found < 0) throw usage(`'${text}' is not a log level`, `levels are ${LOG_PRIORITIES.join(', ')}`);
  return found;
}

/** `YYYYMMDDHHMMSS.mmm`, UTC as in LXC's and the container's own lines. */
function timestamp(now: Date): string {
  return now.toISOString().replace(/[-:TZ]/g, '');
}
