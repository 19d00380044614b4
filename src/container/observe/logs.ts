/**
 * All that is written down of a container, merged by time: its log, its history, and the kernel's
 * word on victims of OOM.
 */
import { type FSWatcher, mkdirSync, statSync, watch } from 'node:fs';
import { dirname } from 'node:path';
import { oomKillsLogged } from '../../cgroup/container-cgroup.ts';
import { planLog } from '../state/container-log.ts';
import { historyFile, parseHistoryLine } from '../state/history.ts';
import type { LogSource } from '../state/log-sources.ts';
import { type ContainerRef, defaultLogFile } from '../state/paths.ts';
import { liveRecord, sinceBoot } from '../state/runtime-record.ts';
import { configInForce } from './config-of-run.ts';
import { oomLine } from './oom-line.ts';
import { TailedFile } from './tailed-file.ts';

export interface LogLine {
  /** ISO 8601. */
  readonly time: string;
  readonly source: LogSource;
  /** The level of a `log` entry. */
  readonly level?: string;
  /** As it was written: what a container prints may hold escape sequences. */
  readonly text: string;
}

/** `PROGRAM NAME YYYYMMDDHHMMSS.mmm LEVEL    TEXT`, LXC's layout and ours. Times are UTC. */
const LOG_LINE = /^\S+ (\S+) (\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d\.\d{3}) ([A-Z]+) +(.*)$/;

export function parseLogLine(line: string, container: string): LogLine | undefined {
  const match = LOG_LINE.exec(line);
  if (!match || match[1] !== container) return undefined;
  const [, , year, month, day, hour, minute, second, level, text] = match;
  const time = `${year}-${month}-${day}T${hour}:${minute}:${second}Z`;
  return { time, source: 'log', level: level!, text: text! };
}

function fromHistory(line: string): LogLine | undefined {
  const parsed = parseHistoryLine(line);
  return parsed && { ...parsed, time: new Date(parsed.time).toISOString() };
}

const inodeOf = (file: string) => statSync(file, { throwIfNoEntry: false })?.ino;

class Sources {
  readonly logFile: string;
  readonly #ref: ContainerRef;
  readonly #log: TailedFile;
  #history: TailedFile;
  /** Victims that were told of: their lines as keys. */
  readonly #victims = new Set<string>();

  constructor(ref: ContainerRef) {
    this.#ref = ref;
    const { config } = configInForce(ref, liveRecord(ref));
    this.logFile = config ? planLog(ref, config).file : defaultLogFile(ref);
    this.#log = new TailedFile(this.logFile, `${this.logFile}.1`);
    const file = historyFile(ref);
    this.#history = new TailedFile(file, `${file}.1`);
  }

  /** Everything that is kept, once, then new lines. */
  first(): LogLine[] {
    const history = this.#wholeHistory();
    for (const { source, text } of history) if (source === 'kernel') this.#victims.add(text);
    return ordered([...history, ...this.#logLines(), ...this.#kernelLines()]);
  }

  /**
   * What was moved away, and what the tail goes on from; anew where the one became the other
   * meanwhile.
   */
  #wholeHistory(): LogLine[] {
    const file = historyFile(this.#ref);
    const rotated = `${file}.1`;
    for (;;) {
      const inode = inodeOf(rotated);
      const old = new TailedFile(rotated).read();
      this.#history = new TailedFile(file, rotated);
      const lines = [...old, ...this.#history.read()];
      if (inodeOf(rotated) === inode) return lines.flatMap((line) => fromHistory(line) ?? []);
    }
  }

  next(): LogLine[] {
    const history = this.#history.read().flatMap((line) => fromHistory(line) ?? []);
    // The manager writes down at the end what the kernel has said long before.
    const fresh = history.filter(({ source, text }) => source !== 'kernel' || !this.#victims.has(text));
    return ordered([...this.#kernelLines(), ...this.#logLines(), ...fresh]);
  }

  #logLines(): LogLine[] {
    return this.#log.read().flatMap((line) => parseLogLine(line, this.#ref.name) ?? []);
  }

  #kernelLines(): LogLine[] {
    const record = liveRecord(this.#ref);
    if (!record?.cgroup) return [];
    return oomKillsLogged(record.cgroup, sinceBoot(record.init)).flatMap((kill) => {
      const [text, time] = oomLine(kill);
      if (this.#victims.has(text)) return [];
      this.#victims.add(text);
      return { time: new Date(time).toISOString(), source: 'kernel' as const, text };
    });
  }
}

/** Sorts by time. Entries of the same time keep their order. */
function ordered(lines: LogLine[]): LogLine[] {
  return lines.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
}

export function containerLogs(ref: ContainerRef): LogLine[] {
  return new Sources(ref).first();
}

/** The kernel's log does not announce its growth. */
const LOOK_MS = 1000;
/** What comes at once is put in order together. */
const GATHER_MS = 50;

/**
 * Tells all lines that there are, then each new one, until it is aborted. The container need not
 * run.
 */
export async function followLogs(
  ref: ContainerRef,
  onLines: (lines: LogLine[]) => void,
  signal: AbortSignal,
): Promise<void> {
  const sources = new Sources(ref);
  const watchers: FSWatcher[] = [];
  let gathering: NodeJS.Timeout | undefined;
  const look = () => {
    gathering = undefined;
    const lines = sources.next();
    if (lines.length > 0) onLines(lines);
  };
  const soon = () => {
    gathering ??= setTimeout(look, GATHER_MS);
  };
  // The container may never have been started.
  mkdirSync(dirname(historyFile(ref)), { recursive: true, mode: 0o700 });
  for (const directory of new Set([dirname(historyFile(ref)), dirname(sources.logFile)]))
    try {
      watchers.push(watch(directory, soon).on('error', () => {}));
    } catch {
      // The log's folder is not there yet: the timer finds the file.
    }
  const timer = setInterval(look, LOOK_MS);
  try {
    onLines(sources.first());
    await new Promise<void>((done) => {
      if (signal.aborted) done();
      signal.addEventListener('abort', () => done(), { once: true });
    });
  } finally {
    clearInterval(timer);
    clearTimeout(gathering);
    for (const watcher of watchers) watcher.close();
  }
}
