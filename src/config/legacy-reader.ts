import { TslxcError } from '../errors/tslxc-error.ts';
import { modernName, type NicCounter, rootfsWithBackend } from './legacy-keys.ts';
import type { ConfigWarning, FaultListener, RawSetting } from './setting.ts';

interface LegacyReaderParts {
  /** Number for the next interface: one more than the highest so far. */
  readonly nextNic: () => number;
  readonly fault: FaultListener;
  readonly warn: (warning: ConfigWarning) => void;
}

/** Turns legacy settings into today's while a configuration is read; warns once for each file. */
export class LegacyReader {
  readonly #parts: LegacyReaderParts;
  readonly #nics: NicCounter;
  readonly #warned = new Set<string>();
  #backend = '';
  #rootfs: RawSetting | undefined;

  constructor(parts: LegacyReaderParts) {
    this.#parts = parts;
    this.#nics = { current: undefined, next: parts.nextNic };
  }

  /** The setting in today's words; undefined when there is nothing to apply. */
  translate(raw: RawSetting): RawSetting | undefined {
    const name = modernName(raw.key, this.#nics);
    if (!name) return raw;
    this.#warnOnce(raw);
    switch (name.kind) {
      case 'renamed':
        return { ...raw, key: name.key };
      case 'dropped':
        return undefined;
      case 'orphan':
        this.#parts.fault(orphan(raw));
        return undefined;
      case 'rootfs':
        this.#rootfs = raw;
        return this.#rootfsPath();
      case 'backend':
        this.#backend = raw.text;
        return this.#rootfsPath();
    }
  }

  /** The two halves of today's lxc.rootfs.path come in any order. */
  #rootfsPath(): RawSetting | undefined {
    const raw = this.#rootfs;
    if (!raw) return undefined;
    return { ...raw, key: 'lxc.rootfs.path', text: rootfsWithBackend(this.#backend, raw.text) };
  }

  #warnOnce(raw: RawSetting): void {
    const { file, line } = raw.origin;
    if (this.#warned.has(file)) return;
    this.#warned.add(file);
    const message = `${raw.key} is a name that LXC dropped with 3.0; it and others like it in this file still work`;
    const hint = "tslxc-update-config writes them in today's words";
    this.#parts.warn({ message, hint, file, line, oldName: true });
  }
}

function orphan(raw: RawSetting): TslxcError {
  return new TslxcError({
    code: 'CONFIG_CONFLICT',
    message: `${raw.key} comes before any lxc.network.type, which opens an interface`,
    ...raw.origin,
    column: raw.keyColumn,
    hint: 'put lxc.network.type = veth above it, or use lxc.net.0.… names',
  });
}
