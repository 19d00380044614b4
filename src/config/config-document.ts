import { TslxcError } from '../errors/tslxc-error.ts';
import { controlCharacterAt, type SettingLine, splitLine, visible } from './config-line.ts';
import { lookUpKey } from './key-lookup.ts';
import { unknownKey } from './unknown-key.ts';
import { BadValue } from './values/bad-value.ts';

/** A setting of the document and the line that it is on, from 0. */
export interface DocumentSetting extends SettingLine {
  readonly index: number;
}

/**
 * A config file as text to be edited: comments, order, spacing, line ends and includes stay as they
 * are, only lines that are changed change. It is about the file's own lines; what includes bring is
 * not seen.
 */
export class ConfigDocument {
  /** Lines without their newlines; the last one is empty when the file ends with a newline. */
  #lines: string[];

  private constructor(lines: string[]) {
    this.#lines = lines;
  }

  static parse(text: string): ConfigDocument {
    return new ConfigDocument(text.split('\n'));
  }

  toString(): string {
    return this.#lines.join('\n');
  }

  /** The settings in the order of the lines. */
  settings(): DocumentSetting[] {
    return this.#lines.flatMap((line, index) => {
      const parsed = splitLine(line);
      return parsed.kind === 'setting' ? [{ ...parsed, index }] : [];
    });
  }

  /** Text of the last line with the key, or undefined. */
  get(key: string): string | undefined {
    return this.settings().findLast((setting) => setting.key === key)?.value;
  }

  /**
   * Makes `value` what the file says about the key. The key's last line is changed where it stands,
   * unless what follows may overrule it (an include); else a line is added at the end. Other lines
   * of a key that adds up go. Throws CONFIG_UNKNOWN_KEY and CONFIG_VALUE.
   */
  set(key: string, value: string): void {
    checkSetting(key, value);
    const settings = this.settings();
    const mine = settings.filter((setting) => setting.key === key);
    const last = mine.at(-1);
    const target = lookUpKey(key);
    const addsUp = target && 'row' in target && target.row.repeated;
    const overruled =
      last && settings.some(({ index, key: other }) => index > last.index && overrules(other, key));
    const stale = overruled ? mine : addsUp ? mine.slice(0, -1) : [];
    if (last && !overruled) this.#changeValue(last, value);
    this.#removeLines(stale.map(({ index }) => index));
    if (!last || overruled) this.#add(key, value);
  }

  /** Adds a line at the end. Throws CONFIG_UNKNOWN_KEY and CONFIG_VALUE. */
  append(key: string, value: string): void {
    checkSetting(key, value);
    this.#add(key, value);
  }

  /** Removes the key's lines. Returns how many there were. */
  remove(key: string): number {
    const mine = this.settings().filter((setting) => setting.key === key);
    this.#removeLines(mine.map(({ index }) => index));
    return mine.length;
  }

  /**
   * Rewrites the key, and the value if one is given, of one line; for renaming, so the key is not
   * looked at.
   */
  rewriteLine(setting: DocumentSetting, key: string, value = setting.value): void {
    const line = this.#lines[setting.index] ?? '';
    if (value !== setting.value) this.#changeValue(setting, value);
    const rest = (this.#lines[setting.index] ?? '').slice(setting.keyStart + setting.key.length);
    this.#lines[setting.index] = line.slice(0, setting.keyStart) + key + rest;
  }

  removeSettings(settings: readonly DocumentSetting[]): void {
    this.#removeLines(settings.map(({ index }) => index));
  }

  #changeValue({ index, span, value: old }: DocumentSetting, value: string): void {
    if (value === old) return;
    const line = this.#lines[index] ?? '';
    const before = line.slice(0, span.start);
    const gap = before.endsWith('=') && before.at(-2) === ' ' ? ' ' : '';
    this.#lines[index] = before + gap + quoted(value) + line.slice(span.end);
  }

  #add(key: string, value: string): void {
    const ending = this.#lines[0]?.endsWith('\r') ? '\r' : '';
    const last = this.#lines.at(-1) === '' ? this.#lines.pop() : undefined;
    // The file did not end with a newline: its last line gets the line end of the others.
    if (last === undefined && ending) this.#lines[this.#lines.length - 1] += ending;
    this.#lines.push(`${key} = ${quoted(value)}`.trimEnd() + ending, '');
  }

  #removeLines(indices: readonly number[]): void {
    const gone = new Set(indices);
    if (gone.size > 0) this.#lines = this.#lines.filter((_line, index) => !gone.has(index));
  }
}

/** Whether a later line with the key `other` may undo what a line with `key` says. */
function overrules(other: string, key: string): boolean {
  if (other === 'lxc.include') return true;
  // Setting a nic's type forgets the rest of the nic: a type must not be moved below its fields.
  if (key.endsWith('.type')) return false;
  return (
    key.startsWith(`${other}.`) ||
    (key.startsWith('lxc.net.') && other === key.replace(/^(lxc\.net\.\d+)\..*/, '$1.type'))
  );
}

/**
 * Reading trims values and takes one pair of quotes away; so either is put around a value that
 * would lose something.
 */
function quoted(value: string): string {
  const loses = value.trim() !== value || /^(['"]).*\1$/s.test(value);
  return loses ? `"${value}"` : value;
}

/**
 * Refuses what could not be read back as the same setting (a newline would add a line of its own)
 * or be understood.
 */
function checkSetting(key: string, value: string): void {
  const target = lookUpKey(key);
  if (!target) throw unknownKey(key);
  const control = controlCharacterAt(key + value);
  if (control >= 0) {
    const shown = visible((key + value).charAt(control));
    const message = `${key}: the control character ${shown} cannot be in a config file`;
    throw new TslxcError({ code: 'CONFIG_VALUE', message, hint: 'remove it from the value' });
  }
  if (value === '' || !('row' in target)) return;
  const { row } = target;
  try {
    // A bare variable is looked up when the file is read, not now.
    const items = row.repeated && row.split ? row.split(value).map(({ text }) => text) : [value];
    for (const item of items) row.type.parse(item, { env: undefined });
  } catch (error) {
    if (!(error instanceof BadValue)) throw error;
    const message = `${key}: ${error.message}`;
    throw new TslxcError({ code: 'CONFIG_VALUE', message, hint: `valid is ${row.type.valid}` });
  }
}
