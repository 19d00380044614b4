import { TslxcError } from '../errors/tslxc-error.ts';
import { includedFiles, readFault } from './config-files.ts';
import { splitLine } from './config-line.ts';
import type { ConfigTexts } from './config-texts.ts';
import { resolveInclude } from './include-path.ts';
import { LegacyReader } from './legacy-reader.ts';
import { nearestKey } from './nearest-key.ts';
import type { ConfigWarning, FaultListener, Origin, RawSetting } from './setting.ts';
import type { SettingStore } from './setting-store.ts';
import { unknownKey } from './unknown-key.ts';

/** What settings given with `-s KEY=VALUE` are said to come from. */
export const COMMAND_LINE = 'command line';
/** Includes within includes; a chain this long is a mistake even when it is not a loop. */
const DEEPEST_INCLUDE = 32;

/**
 * How many lines that are not LXC's are compared with its keys: the file may be another program's
 * altogether.
 */
const MOST_SLIPS = 20;

interface ReaderParts {
  readonly store: SettingStore;
  readonly texts: ConfigTexts;
  readonly shareDir: string;
  /** Where relative includes of the command line start. */
  readonly cwd: string;
  readonly fault: FaultListener;
  readonly warn: (warning: ConfigWarning) => void;
  /** Lines to pass over, as `FILE:LINE`. */
  readonly without?: ReadonlySet<string>;
}

/**
 * Feeds files, with their includes, and then the command line's settings to a store, line by line.
 */
export class SettingsReader {
  readonly #parts: ReaderParts;
  readonly #legacy: LegacyReader;
  #slips = 0;
  /** Real paths of the files that are being read, outermost first. */
  readonly #open: string[] = [];

  constructor(parts: ReaderParts) {
    const { store, fault, warn } = parts;
    const nextNic = () => store.nextNic;
    this.#parts = parts;
    this.#legacy = new LegacyReader({ nextNic, fault, warn });
  }

  /** @param from the line that includes the file; none for the outermost one */
  readFile(file: string, from?: Origin): void {
    const { texts } = this.#parts;
    let lines: ReturnType<typeof texts.lines>;
    let real: string;
    try {
      lines = texts.lines(file);
      real = texts.realPath(file);
    } catch (error) {
      this.#parts.fault(readFault(file, error, from));
      return;
    }
    if (from && !this.#mayOpen(real, from)) return;
    this.#open.push(real);
    for (const [index, { text, intact }] of lines.entries()) {
      if (intact) this.#readLine(text, file, index + 1);
      else this.#refuseEncoding(text, file, index + 1);
    }
    this.#open.pop();
  }

  /** @param define `KEY=VALUE`, by the same rules as a line of a file */
  readDefine(define: string, position: number): void {
    const kind = splitLine(define).kind;
    if (kind === 'setting' || kind === 'broken') {
      this.#readLine(define, COMMAND_LINE, position);
      return;
    }
    // In a file a line like this is another program's; as an option it can only be a mistake.
    const key = define.split('=', 1)[0]?.trim() ?? '';
    this.#parts.fault(unknownKey(key, { file: COMMAND_LINE, line: position, column: 1 }));
  }

  #readLine(text: string, file: string, line: number): void {
    if (this.#parts.without?.has(`${file}:${line}`)) return;
    const parsed = splitLine(text);
    if (parsed.kind === 'broken') {
      const column = parsed.offset + 1;
      const hint = 'a line is KEY = VALUE; one that starts with # is a comment';
      this.#parts.fault(
        new TslxcError({ code: 'CONFIG_SYNTAX', message: parsed.why, file, line, column, hint }),
      );
    }
    if (parsed.kind === 'foreign') this.#warnOfSlip(text, file, line);
    if (parsed.kind !== 'setting') return;
    const origin = { file, line, column: parsed.valueStart + 1 };
    const raw = { key: parsed.key, text: parsed.value, origin, keyColumn: parsed.keyStart + 1 };
    const modern = this.#legacy.translate(raw);
    if (modern?.key === 'lxc.include') this.#include(modern);
    else if (modern) this.#parts.store.apply(modern);
  }

  /**
   * LXC passes over lines that do not begin with `lxc.`, and so do we; but one that is nearly a key
   * was meant as one.
   */
  #warnOfSlip(text: string, file: string, line: number): void {
    const key = /^\s*([A-Za-z][\w.-]*)\s*=/.exec(text)?.[1];
    if (key === undefined || this.#slips++ >= MOST_SLIPS) return;
    const nearest = nearestKey(key);
    if (nearest === undefined) return;
    const message = `"${key}" does not begin with "lxc.", so the line has no effect`;
    this.#parts.warn({ message, hint: `did you mean ${nearest}?`, file, line });
  }

  /**
   * Paths and names with such bytes in them could not be handed to the kernel as they were written.
   */
  #refuseEncoding(text: string, file: string, line: number): void {
    const kind = splitLine(text).kind;
    if (kind !== 'setting' && kind !== 'broken') return;
    const column = text.search(/[^\0-\x7f]/) + 1;
    const hint = 'save the file as UTF-8';
    this.#parts.fault(
      new TslxcError({ code: 'CONFIG_SYNTAX', message: 'the line is not UTF-8', file, line, column, hint }),
    );
  }

  #include(raw: RawSetting): void {
    if (raw.text === '') return;
    const fromFolder =
      raw.origin.file === COMMAND_LINE ? this.#parts.cwd : this.#parts.texts.folderOf(raw.origin.file);
    const slash = raw.text.endsWith('/') ? '/' : '';
    const path = resolveInclude(raw.text, fromFolder, this.#parts.shareDir) + slash;
    try {
      for (const file of includedFiles(path)) this.readFile(file, raw.origin);
    } catch (error) {
      this.#parts.fault(readFault(path, error, raw.origin));
    }
  }

  #mayOpen(real: string, from: Origin): boolean {
    const loops = this.#open.includes(real);
    if (!loops && this.#open.length < DEEPEST_INCLUDE) return true;
    const message = loops
      ? `${real} includes itself`
      : `includes are nested more than ${DEEPEST_INCLUDE} deep`;
    this.#parts.fault(new TslxcError({ code: 'CONFIG_READ', message, ...from, hint: 'remove this include' }));
    return false;
  }
}
