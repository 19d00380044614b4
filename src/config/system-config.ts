import { homedir } from 'node:os';
import { decodeConfig, readConfigBytes, readFault } from './config-files.ts';
import { SYSTEM_KEYS, type SystemKey, type SystemUser } from './system-keys.ts';

/** What tslxc.conf says, with the defaults for what it does not say. */
export class SystemConfig {
  /** The file that was looked for; it need not exist. */
  readonly file: string;
  readonly #values: ReadonlyMap<SystemKey, string>;
  readonly #user: SystemUser;

  constructor(file: string, values: ReadonlyMap<SystemKey, string>, user: SystemUser) {
    this.file = file;
    this.#values = values;
    this.#user = user;
  }

  /** Undefined when the key is neither set nor has a default. */
  get(key: SystemKey): string | undefined {
    return this.#values.get(key) ?? SYSTEM_KEYS[key].default(this.#user);
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

/**
 * The values of a system file. It looks like an ini file, but a reader of those would find another meaning in it:
 * there the last line of a key wins and not the first, values end at `;` and `#`, quotes go, and `true` is no text.
 * LXC takes the first line of a key as it stands, and ignores lines that it does not know.
 */
export function parseSystemConfig(text: string): Map<SystemKey, string> {
  const values = new Map<SystemKey, string>();
  for (const line of text.split('\n')) {
    const [, key = '', value = ''] = /^\s*([^#=\s][^=]*?)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (Object.hasOwn(SYSTEM_KEYS, key) && !values.has(key as SystemKey)) values.set(key as SystemKey, value);
  }
  for (const [key, value] of values) if (value === '') values.delete(key);
  return values;
}

export interface SystemConfigOptions {
  readonly user?: SystemUser | undefined;
  /** Instead of /etc/tslxc/tslxc.conf or the user's ~/.config/tslxc/tslxc.conf. */
  readonly file?: string | undefined;
}

/** Reads the system file; it is no fault when there is none. Throws CONFIG_READ. */
export function loadSystemConfig(options: SystemConfigOptions = {}): SystemConfig {
  const user = options.user ?? { uid: process.geteuid?.() ?? 0, home: process.env.HOME || homedir() };
  const file =
    options.file ?? (user.uid === 0 ? '/etc/tslxc/tslxc.conf' : `${user.home}/.config/tslxc/tslxc.conf`);
  return new SystemConfig(file, parseSystemConfig(readText(file)), user);
}

function readText(file: string): string {
  try {
    return decodeConfig(readConfigBytes(file)).text;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw readFault(file, error, undefined);
  }
}
