import { homedir } from 'node:os';
import { TslxcError } from '../errors/tslxc-error.ts';
import { ownVariable } from '../util/own-process.ts';
import { configLines, readConfigBytes, readFault } from './config-files.ts';
import { controlCharacterAt, visible } from './config-line.ts';
import type { Origin } from './setting.ts';
import { SYSTEM_KEYS, type SystemKey, type SystemUser } from './system-keys.ts';
import { BadValue } from './values/bad-value.ts';

/** A value as it stands in the file, and where it starts. */
export interface SystemValue {
  readonly text: string;
  readonly line: number;
  readonly column: number;
  /** False where the line is not UTF-8, and so the text not what was written. */
  readonly intact: boolean;
}

/** What tslxc.conf says, with the defaults for what it does not say. */
export class SystemConfig {
  /** The file that was looked for; it need not exist. */
  readonly file: string;
  readonly #values: ReadonlyMap<SystemKey, SystemValue>;
  readonly #user: SystemUser;

  constructor(file: string, values: ReadonlyMap<SystemKey, SystemValue>, user: SystemUser) {
    this.file = file;
    this.#values = values;
    this.#user = user;
  }

  /**
   * Undefined when the key is neither set nor has a default. A value is looked at when it is asked
   * for: a wrong pool of Ceph does not keep anything from starting.
   * @throws TslxcError CONFIG_VALUE, CONFIG_SYNTAX, with the line
   */
  get(key: SystemKey): string | undefined {
    const value = this.#values.get(key);
    if (!value) return SYSTEM_KEYS[key].default(this.#user);
    checkValue(key, value, this.file);
    return value.text;
  }

  /** The line that sets a key; undefined where none does. */
  origin(key: SystemKey): Origin | undefined {
    const value = this.#values.get(key);
    return value && { file: this.file, line: value.line, column: value.column };
  }

  /** Folder that has the containers in it, without a slash at the end. */
  get lxcpath(): string {
    return (this.get('lxc.lxcpath') ?? '').replace(/(?<=.)\/+$/, '');
  }

  /** File that the config of a new container starts from. */
  get defaultConfig(): string {
    return this.get('lxc.default_config') ?? '';
  }
}

function checkValue(key: SystemKey, value: SystemValue, file: string): void {
  const { text, line, column, intact } = value;
  if (!intact)
    throw new TslxcError({
      code: 'CONFIG_SYNTAX',
      message: 'the line is not UTF-8',
      file,
      line,
      hint: 'save the file as UTF-8',
    });
  const { type } = SYSTEM_KEYS[key];
  try {
    const control = controlCharacterAt(text);
    if (control >= 0)
      throw new BadValue(`the control character ${visible(text.charAt(control))} is not allowed`, control);
    type.parse(text, { env: undefined });
  } catch (error) {
    if (!(error instanceof BadValue)) throw error;
    throw new TslxcError({
      code: 'CONFIG_VALUE',
      message: `${key}: ${error.message}`,
      file,
      line,
      column: column + error.offset,
      hint: `valid is ${type.valid}`,
    });
  }
}

/**
 * The values of a system file, unchecked. It looks like an ini file, but a reader of those would
 * find another meaning in it: there the last line of a key wins and not the first, values end at
 * `;` and `#`, quotes go, and `true` is no text. LXC takes the first line of a key as it stands,
 * and ignores lines that it does not know.
 */
export function parseSystemConfig(bytes: Buffer): Map<SystemKey, SystemValue> {
  const values = new Map<SystemKey, SystemValue>();
  for (const [index, { text: all, intact }] of configLines(bytes).entries()) {
    const [, before = '', key = '', text = ''] = /^(\s*([^#=\s][^=]*?)\s*=\s*)(.*?)\s*$/.exec(all) ?? [];
    if (Object.hasOwn(SYSTEM_KEYS, key) && !values.has(key as SystemKey))
      values.set(key as SystemKey, { text, line: index + 1, column: before.length + 1, intact });
  }
  for (const [key, { text }] of values) if (text === '') values.delete(key);
  return values;
}

export interface SystemConfigOptions {
  readonly user?: SystemUser | undefined;
  /** Instead of /etc/tslxc/tslxc.conf or the user's ~/.config/tslxc/tslxc.conf. */
  readonly file?: string | undefined;
}

/** Reads the system file; it is no fault when there is none. Throws CONFIG_READ. */
export function loadSystemConfig(options: SystemConfigOptions = {}): SystemConfig {
  const user = options.user ?? { uid: process.geteuid?.() ?? 0, home: ownVariable('HOME') || homedir() };
  const file =
    options.file ?? (user.uid === 0 ? '/etc/tslxc/tslxc.conf' : `${user.home}/.config/tslxc/tslxc.conf`);
  return new SystemConfig(file, parseSystemConfig(readBytes(file)), user);
}

function readBytes(file: string): Buffer {
  try {
    return readConfigBytes(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0);
    throw readFault(file, error, undefined);
  }
}
