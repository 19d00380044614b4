/**
 * What a container said and what became of it, line by line with the time: its console, its hooks,
 * its states, victims of the kernel's OOM killer. Kept below the run directory, so until the host's
 * next boot; of each container a bounded part.
 */
import { appendFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { makeDirectories } from '../../util/make-directories.ts';
import type { HistorySource } from './log-sources.ts';
import { type ContainerRef, containerRunDirectory } from './paths.ts';

export interface HistoryLine {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly source: HistorySource;
  /** As it came: the container's own words may hold anything. */
  readonly text: string;
}

/** A full file takes the place of the one before it, so there are at most two. */
const FULL = 128 * 1024;
/** A console line of more bytes is cut into several. */
const LONGEST = 4096;

export function historyFile(ref: ContainerRef): string {
  return join(containerRunDirectory(ref), 'history.log');
}

/** The writer: the manager has one for each container that it supervises. */
export class History {
  readonly #file: string;
  /** What the console has said of a line that is not complete. */
  #begun = '';
  #begunAt = 0;
  #length: number;

  constructor(ref: ContainerRef) {
    this.#file = historyFile(ref);
    try {
      makeDirectories(containerRunDirectory(ref), 0o700);
    } catch {
      // As below.
    }
    this.#length = sizeOf(this.#file);
  }

  console(bytes: Uint8Array): void {
    const now = Date.now();
    if (this.#begun === '') this.#begunAt = now;
    const lines =
      `${this.#begun}${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')}`
        .split('\n')
        .flatMap(inParts);
    this.#begun = lines.pop() ?? '';
    this.#append(
      lines.map((line, i) => ({
        time: i === 0 ? this.#begunAt : now,
        source: 'console' as const,
        text: fromLatin1(line.replace(/\r+$/, '')),
      })),
    );
    this.#begunAt = now;
  }

  /** The console is closed: a line without an end is one all the same. */
  endConsole(): void {
    if (this.#begun !== '') this.add('console', fromLatin1(this.#begun), this.#begunAt);
    this.#begun = '';
  }

  add(source: HistorySource, text: string, time = Date.now()): void {
    this.#append([{ time, source, text }]);
  }

  #append(lines: readonly HistoryLine[]): void {
    if (lines.length === 0) return;
    const text = lines.map(({ time, source, text: words }) => `${JSON.stringify([time, source, words])}\n`);
    try {
      if (this.#length > FULL) {
        renameSync(this.#file, `${this.#file}.1`);
        this.#length = 0;
      }
      const bytes = Buffer.from(text.join(''));
      appendFileSync(this.#file, bytes, { mode: 0o600 });
      this.#length += bytes.length;
    } catch {
      // A full or missing run directory stops no container.
    }
  }
}

function sizeOf(file: string): number {
  try {
    return statSync(file).size;
  } catch {
    return 0;
  }
}

function inParts(line: string): string[] {
  const parts: string[] = [];
  for (let at = 0; at === 0 || at < line.length; at += LONGEST) parts.push(line.slice(at, at + LONGEST));
  return parts;
}

const fromLatin1 = (text: string) => Buffer.from(text, 'latin1').toString('utf8');

export function parseHistoryLine(line: string): HistoryLine | undefined {
  try {
    const [time, source, text] = JSON.parse(line) as [number, HistorySource, string];
    return { time, source, text };
  } catch {
    return undefined;
  }
}

/** A container of the same name begins anew. */
export function removeHistory(ref: ContainerRef): void {
  const file = historyFile(ref);
  for (const path of [file, `${file}.1`]) rmSync(path, { force: true });
}
