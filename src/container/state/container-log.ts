import { dirname } from 'node:path';
import type { ContainerSpec } from '../../config/container-spec.ts';
import { LOG_LEVELS, type LogLevel } from '../../config/values/log.ts';
import type { TslxcError } from '../../errors/tslxc-error.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { writeWithoutWaiting } from '../../util/files.ts';
import { makeDirectories } from '../../util/make-directories.ts';
import { plain } from '../../util/plain.ts';
import { type ContainerRef, defaultLogFile } from './paths.ts';
import { sendToSyslog } from './syslog.ts';

/** Where a container's log is, and the least level that is written. */
export interface LogPlan {
  readonly file: string;
  readonly level: LogLevel;
  /** Facility of the system log that gets the same (`lxc.log.syslog`). */
  readonly syslog?: string;
}

export function planLog(ref: ContainerRef, config: ContainerSpec): LogPlan {
  const syslog = config.get('lxc.log.syslog')?.value;
  return {
    file: config.get('lxc.log.file')?.value || defaultLogFile(ref),
    level: config.get('lxc.log.level')?.value ?? 'ERROR',
    ...(syslog === undefined ? {} : { syslog }),
  };
}

/**
 * The container's log: one line an event with container, time, level, and what was done to what
 * end. Below the level of `lxc.log.level` (ERROR unless set) nothing is written. The file is opened
 * for each line, so that it can be moved away at any time; a log that cannot be written never
 * stops a container.
 */
export class ContainerLog {
  readonly #file: string;
  readonly #name: string;
  readonly #least: number;
  readonly #kernel: Kernel;
  readonly #syslog: string | undefined;

  constructor(kernel: Kernel, ref: ContainerRef, { file, level, syslog }: LogPlan) {
    this.#kernel = kernel;
    this.#syslog = syslog;
    this.#file = file;
    this.#name = ref.name;
    this.#least = LOG_LEVELS.indexOf(level);
  }

  write(level: LogLevel, text: string): void {
    if (LOG_LEVELS.indexOf(level) < this.#least) return;
    const line = plain(text.replaceAll('\n', ' | '));
    if (this.#syslog !== undefined) sendToSyslog(this.#kernel, this.#syslog, level, `${this.#name}: ${line}`);
    const time = new Date().toISOString().replace(/[-:TZ]/g, '');
    try {
      makeDirectories(dirname(this.#file));
      const text = `tslxc ${this.#name} ${time} ${level.padEnd(8)} ${line}\n`;
      writeWithoutWaiting(this.#file, text, 'append', 0o640);
    } catch {
      // A full or read-only disk, or a named pipe that nothing reads.
    }
  }

  /** An error with its step and its place in the config. */
  error(level: LogLevel, { step, message, file, line }: TslxcError): void {
    const place = file === undefined ? '' : ` (${file}${line === undefined ? '' : `:${line}`})`;
    this.write(level, `${step ? `${step}: ` : ''}${message}${place}`);
  }
}
