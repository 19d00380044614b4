/**
 * Facts about a host, read without changing it: the kernel's configuration and modules, programs,
 * namespaces.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** Directories that an ordinary user's PATH often lacks. */
const PLACES = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

const VALUES: Readonly<Record<string, Presence>> = { y: 'built in', m: 'loadable' };

export type Presence = 'built in' | 'loaded' | 'loadable' | 'absent' | 'unknown';

function read(file: string): string | undefined {
  try {
    const bytes = readFileSync(file);
    return (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
  } catch {
    return undefined;
  }
}

export class HostView {
  /** File of the kernel's configuration; undefined if there is none. */
  readonly configFile: string | undefined;
  /** The configuration is that of another kernel than the running one. */
  readonly #another: boolean;
  readonly #config: string | undefined;
  readonly #modules: string;
  readonly #builtin: string;

  /** @param configFile configuration of a kernel to look at instead of the running one's */
  constructor(configFile?: string) {
    this.#another = configFile !== undefined;
    const modules = `/lib/modules/${release()}`;
    const files = configFile
      ? [configFile]
      : ['/proc/config.gz', `/boot/config-${release()}`, `${modules}/config`, `${modules}/build/.config`];
    this.configFile = files.find((file) => existsSync(file));
    this.#config = this.configFile && read(this.configFile);
    this.#modules = read(`${modules}/modules.dep`) ?? '';
    this.#builtin = read(`${modules}/modules.builtin`) ?? '';
  }

  /**
   * A part of the kernel, by its module and its CONFIG_ option. A loaded or listed module is
   * present, regardless of the configuration.
   */
  part(module: string, option: string): Presence {
    if (this.#another) return VALUES[this.#value(option) ?? ''] ?? 'absent';
    if (existsSync(`/sys/module/${module}`)) return 'loaded';
    const file = new RegExp(`/${module.replaceAll('_', '[_-]')}\\.ko`, 'm');
    if (file.test(this.#builtin)) return 'built in';
    if (this.#value(option) === 'y') return 'built in';
    if (file.test(this.#modules)) return 'loadable';
    if (this.#config) return 'absent';
    return this.#modules || this.#builtin ? 'absent' : 'unknown';
  }

  #value(option: string): string | undefined {
    return new RegExp(`^CONFIG_${option}=([ym])$`, 'm').exec(this.#config ?? '')?.[1];
  }

  /** An option without a module; undefined if the configuration is unknown. */
  option(name: string): boolean | undefined {
    return this.#config === undefined ? undefined : this.#value(name) !== undefined;
  }

  filesystem(type: string): boolean {
    return new RegExp(`\\t${type}$`, 'm').test(read('/proc/filesystems') ?? '');
  }

  /** Path of a program. */
  program(name: string): string | undefined {
    return PLACES.map((place) => join(place, name)).find((path) => {
      try {
        return statSync(path).isFile() && (statSync(path).mode & 0o111) !== 0;
      } catch {
        return false;
      }
    });
  }

  /** Whether the kernel has namespaces of the kind (a name in /proc/PID/ns), and allows some. */
  namespace(kind: string): boolean {
    const limit = read(`/proc/sys/user/max_${kind}_namespaces`);
    return existsSync(`/proc/self/ns/${kind}`) && Number(limit ?? 1) > 0;
  }

  /** The content of a file; empty if the file cannot be read. */
  text(file: string): string {
    return read(file) ?? '';
  }

  /** First line of a file, trimmed. */
  line(file: string): string | undefined {
    return read(file)?.split('\n')[0]?.trim();
  }
}
