/**
 * Names that LXC accepted up to 2.1, and what each is called now. Undefined: it has no effect
 * today.
 */
export const LEGACY_KEYS: Readonly<Record<string, string | undefined>> = {
  'lxc.utsname': 'lxc.uts.name',
  'lxc.mount': 'lxc.mount.fstab',
  'lxc.tty': 'lxc.tty.max',
  'lxc.pts': 'lxc.pty.max',
  'lxc.devttydir': 'lxc.tty.dir',
  'lxc.console': 'lxc.console.path',
  'lxc.id_map': 'lxc.idmap',
  'lxc.init_cmd': 'lxc.init.cmd',
  'lxc.init_uid': 'lxc.init.uid',
  'lxc.init_gid': 'lxc.init.gid',
  'lxc.aa_profile': 'lxc.apparmor.profile',
  'lxc.aa_allow_incomplete': 'lxc.apparmor.allow_incomplete',
  'lxc.se_context': 'lxc.selinux.context',
  'lxc.seccomp': 'lxc.seccomp.profile',
  'lxc.haltsignal': 'lxc.signal.halt',
  'lxc.rebootsignal': 'lxc.signal.reboot',
  'lxc.stopsignal': 'lxc.signal.stop',
  'lxc.logfile': 'lxc.log.file',
  'lxc.loglevel': 'lxc.log.level',
  'lxc.syslog': 'lxc.log.syslog',
  'lxc.limit': 'lxc.prlimit',
  'lxc.network': 'lxc.net',
  'lxc.kmsg': undefined,
  'lxc.pivotdir': undefined,
};

/**
 * Interfaces were written as blocks: each `type` opened the next one, the keys after it belonged to
 * it.
 */
const NIC = /^lxc\.network\.(?:([0-9]{1,9})(?:\.(.+))?|(.+))$/;
/** `ipv4` became a family of keys; the address got a name of its own. */
const NIC_FIELDS: Readonly<Record<string, string>> = { ipv4: 'ipv4.address', ipv6: 'ipv6.address' };
const LIMIT = 'lxc.limit.';

/** The interfaces so far, which legacy names depend on. */
export interface NicCounter {
  /** Number of the interface that the last `lxc.network.type` opened. */
  current: number | undefined;
  /** Number for the next one to be opened. */
  next(): number;
}

/** What a legacy name is now. */
export type LegacyName =
  | { readonly kind: 'renamed'; readonly key: string }
  | { readonly kind: 'dropped' }
  /** A network key above the first `lxc.network.type`. */
  | { readonly kind: 'orphan' }
  /** `lxc.rootfs` and `lxc.rootfs.backend`, which make up one value now. */
  | { readonly kind: 'rootfs' | 'backend' };

function modernNic(number: string | undefined, field: string | undefined, nics: NicCounter): LegacyName {
  const modern = field === undefined ? '' : `.${NIC_FIELDS[field] ?? field}`;
  if (number !== undefined) return { kind: 'renamed', key: `lxc.net.${number}${modern}` };
  if (field === 'type') nics.current = nics.next();
  if (nics.current === undefined) return { kind: 'orphan' };
  return { kind: 'renamed', key: `lxc.net.${nics.current}${modern}` };
}

/** Undefined when `key` is not a legacy name. */
export function modernName(key: string, nics: NicCounter): LegacyName | undefined {
  if (key === 'lxc.rootfs') return { kind: 'rootfs' };
  if (key === 'lxc.rootfs.backend') return { kind: 'backend' };
  if (Object.hasOwn(LEGACY_KEYS, key)) {
    const modern = LEGACY_KEYS[key];
    return modern === undefined ? { kind: 'dropped' } : { kind: 'renamed', key: modern };
  }
  if (key.startsWith(LIMIT)) return { kind: 'renamed', key: `lxc.prlimit.${key.slice(LIMIT.length)}` };
  const nic = NIC.exec(key);
  return nic ? modernNic(nic[1], nic[2] ?? nic[3], nics) : undefined;
}

/**
 * `lxc.rootfs` and `lxc.rootfs.backend` in one value. LXC 1 and 2 wrote the type in front of some
 * paths as well (`overlayfs:LOWER:UPPER`): it is not put there twice.
 */
export function rootfsWithBackend(backend: string, path: string): string {
  return backend === '' || path === '' || /^[a-z]+:/.test(path) ? path : `${backend}:${path}`;
}
