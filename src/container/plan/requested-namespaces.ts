/**
 * What a config says about namespaces, and where it says so; lines that contradict each other are
 * found here.
 */
import type { ContainerSpec } from '../../config/container-spec.ts';
import type { Setting } from '../../config/setting.ts';
import type { NamespaceName, NamespaceSource } from '../../config/values/namespace.ts';
import { TslxcError } from '../../errors/tslxc-error.ts';

export interface Place {
  readonly file: string;
  readonly line: number;
}

const place = ({ file, line }: Place): Place => ({ file, line });

export class RequestedNamespaces {
  readonly #config: ContainerSpec;
  readonly #keep: ReadonlyMap<NamespaceName, Place>;
  readonly #clone: ReadonlyMap<NamespaceName, Place>;
  readonly shares: ReadonlyMap<NamespaceName, Setting<NamespaceSource>>;

  constructor(config: ContainerSpec) {
    const places = (key: 'lxc.namespace.keep' | 'lxc.namespace.clone') =>
      new Map(config.getAll(key).map(({ value, origin }) => [value, place(origin)] as const));
    this.#config = config;
    this.#keep = places('lxc.namespace.keep');
    this.#clone = places('lxc.namespace.clone');
    this.shares = new Map(
      config
        .subtree('lxc.namespace.share.')
        .map((setting) => [setting.key.slice('lxc.namespace.share.'.length) as NamespaceName, setting]),
    );
  }

  /** Whether the container is to get one of its own, as far as lists of names go. */
  #listed(name: NamespaceName): boolean {
    return !this.#keep.has(name) && (this.#clone.size === 0 || this.#clone.has(name));
  }

  get #hostNetwork() {
    return this.#config.nics().find(({ type }) => type?.value === 'none');
  }

  get #offset() {
    return timeOffsets(this.#config)[0];
  }

  get #idmap() {
    return this.#config.getAll('lxc.idmap')[0];
  }

  /** The line that says that the container gets no such namespace of its own. */
  placeOf(name: NamespaceName): Place {
    const share = this.shares.get(name);
    const none = name === 'net' ? this.#hostNetwork : undefined;
    return share
      ? place(share.origin)
      : (this.#keep.get(name) ??
          [...this.#clone.values()][0] ??
          (none ? place(none.origin) : { file: this.#config.file, line: 1 }));
  }

  /** Whether the container gets its own namespace, unless it shares another one. */
  isOwn(name: NamespaceName, cgroupNamespaces: boolean): boolean {
    if (!this.#listed(name)) return false;
    if (name === 'user') return this.#idmap !== undefined;
    if (name === 'time') return this.#offset !== undefined || this.#clone.has('time');
    if (name === 'cgroup') return cgroupNamespaces;
    return name !== 'net' || this.#hostNetwork === undefined;
  }

  /** @throws TslxcError CONFIG_CONFLICT */
  check(): void {
    this.#checkMounts();
    this.#checkUsers();
    this.#checkClocks();
    const none = this.#hostNetwork;
    if (none && this.#clone.has('net'))
      throw conflict(
        this.#clone.get('net')!,
        `lxc.net.${none.index}.type = none asks for the host's network, and lxc.namespace.clone for one of the container's own`,
        'leave net out, or make the type empty',
      );
  }

  #checkMounts(): void {
    if (this.#listed('mnt') && !this.shares.has('mnt')) return;
    throw conflict(
      this.placeOf('mnt'),
      'a container has to have a mount namespace of its own: its root filesystem is mounted in it',
      this.#remedy('mnt'),
    );
  }

  #checkUsers(): void {
    const map = this.#idmap;
    if (map && !this.#listed('user') && !this.shares.has('user'))
      throw conflict(
        this.placeOf('user'),
        `this rules out the user namespace that lxc.idmap (line ${map.origin.line}) is for`,
        `${this.#remedy('user')}; or clear lxc.idmap with an empty value`,
      );
    if (!map && this.#clone.has('user') && !this.shares.has('user'))
      throw conflict(
        this.#clone.get('user')!,
        'a user namespace needs an id map',
        'add `lxc.idmap = u 0 100000 65536` and the same with g',
      );
  }

  #checkClocks(): void {
    const offset = this.#offset;
    if (!offset || (this.#listed('time') && !this.shares.has('time'))) return;
    throw conflict(
      this.placeOf('time'),
      `this rules out the time namespace that ${offset.key} (line ${offset.origin.line}) is for`,
      `${this.#remedy('time')}; or clear the offset with an empty value`,
    );
  }

  #remedy(name: NamespaceName): string {
    if (this.shares.has(name)) return `clear lxc.namespace.share.${name} with an empty value`;
    return this.#keep.has(name)
      ? `leave ${name} out of lxc.namespace.keep`
      : `add ${name} to lxc.namespace.clone`;
  }
}

function conflict(where: Place, message: string, hint: string): TslxcError {
  return new TslxcError({ code: 'CONFIG_CONFLICT', message, ...where, hint });
}

/** The clock offsets that are not nothing. */
export function timeOffsets(config: ContainerSpec) {
  return (['lxc.time.offset.boot', 'lxc.time.offset.monotonic'] as const).flatMap((key) => {
    const setting = config.get(key);
    return setting && (setting.value.seconds !== 0 || setting.value.nanoseconds !== 0) ? [setting] : [];
  });
}
