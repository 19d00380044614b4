import { appendFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { ContainerConfig } from '../config/container-config.ts';
import { LOG_LEVELS, type LogLevel } from '../config/values/log.ts';
import { makeDirectories } from '../kernel/make-directories.ts';
import { type ContainerRef, defaultLogFile } from './paths.ts';

/** Where a container's log is, and the least level that is written. */
export interface LogPlan {
  readonly file: string;
  readonly level: LogLevel;
}

export function planLog(ref: ContainerRef, config: ContainerConfig): LogPlan {
  return {
    file: config.one('lxc.log.file')?.value || defaultLogFile(ref),
    level: config.one('lxc.log.level')?.value ?? 'ERROR',
  };
}

/**
 * The container's log: one line an event with time, container, level and text. Below the level of `lxc.log.level`
 * (ERROR unless set) nothing is written. A log that can not be written never stops a container.
 */
export class ContainerLog {
  readonly #file: string;
  readonly #name: string;
  readonly #least: number;

  constructor(ref: ContainerRef, { file, level }: LogPlan) {
    this.#file = file;
    this.#name = ref.name;
    this.#least = LOG_LEVELS.indexOf(level);
  }

  write(level: LogLevel, text: string): void {
    if (LOG_LEVELS.indexOf(level) < this.#least) return;
    const time = new Date().toISOString().replace(/[-:TZ]/g, '');
    try {
      makeDirectories(dirname(this.#file));
      appendFileSync(
        this.#file,
        `tslxc ${this.#name} ${time} ${level.padEnd(8)} ${text.replaceAll('\n', ' | ')}\n`,
        {
          mode: 0o640,
        },
      );
    } catch {
      // A full or read-only disk.
    }
  }
}
