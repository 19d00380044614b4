/**
 * What a config of an archive may say without `--trust`: a row for each key that there is. What no
 * row allows is refused, so a new key is refused until it gets one (a test asks for it). The
 * measure are the configs that tslxc ships: a line may take away from what they give, and add only
 * what has no power over the host.
 */
import { normalize } from 'node:path';
import { lookUpKey } from '../../config/key-lookup.ts';
import type { KEY_TABLE, NIC_KEYS, SUBTREE_KEYS } from '../../config/key-table.ts';
import { idMap } from '../../config/values/id-map.ts';
import { type MountAuto, mountAuto } from '../../config/values/mount-auto.ts';
import { parseMountEntry } from '../../config/values/mount-entry.ts';
import { namespaceOfSysctl } from '../plan/sysctl-plan.ts';

/** What the judgement depends on besides the line. */
export interface ForeignPlace {
  /** The container's directory. */
  readonly directory: string;
  /** The host's default bridge. */
  readonly bridge: string;
  /** Ids of the users and groups of this host. */
  readonly hostIds: ReadonlySet<number>;
}

interface Rule {
  /** @param name the last part of the key, in a family that is open */
  readonly allows: (value: string, place: ForeignPlace, name: string) => boolean;
  /** What a line that is not allowed would do; goes on after "it". */
  readonly why: string;
}

const ANY: Rule = { allows: () => true, why: '' };
/** Emptied, such a key says less than the shipped configs. */
const only = (why: string, allows: Rule['allows']): Rule => ({
  allows: (value, place, name) => value === '' || allows(value, place, name),
  why,
});
/** Emptied, it undoes what the shipped configs refuse. */
const strictly = (why: string, allows: Rule['allows']): Rule => ({
  allows: (value, place, name) => value !== '' && allows(value, place, name),
  why,
});
const never = (why: string): Rule => only(why, () => false);
const oneOf = (why: string, ...values: string[]): Rule => only(why, (value) => values.includes(value));

const HOST_PROGRAM = never('runs a program on this host');
const HOST_NAMESPACE = never('shares a namespace of this host or of another container');
const OTHER_NETWORK = never('is about another network than the default bridge');
const HOST_FILE = 'names a file of this host';
const OWN_LOG = only(HOST_FILE, (value, { directory }) =>
  // The whole path: neither the config, nor a link below the root filesystem.
  /^(log|[\w.-]+\.log)$/.test(below(value, directory) ?? ''),
);

/** Includes that every host has, and that do not widen anything: those for nesting do. */
const SHIPPED =
  /^\/usr\/share\/(lxc|tslxc)\/config\/((common|userns)\.conf(\.d\/?)?|[a-z]+\.(common|userns)\.conf)$/;
const SHIPPED_SECCOMP = /^\/usr\/share\/(lxc|tslxc)\/config\/common\.seccomp$/;
/** The rules for devices of common.conf, and /dev/net/tun, which our templates give. */
const DEVICES = /^(b \*:\* m|c \*:\* m|c (1:[35789]|5:[012]|136:\*|10:229|10:200) [rwm]{1,3})$/;
/** Limits, and nothing that guarantees anything, moves processes or runs programs. */
const LIMITS =
  /^(memory\.(limit_in_bytes|memsw\.limit_in_bytes|soft_limit_in_bytes|kmem\.limit_in_bytes|max|high|swap\.max|oom\.group|swappiness)|cpu\.(cfs_quota_us|cfs_period_us|shares|weight|weight\.nice|max|idle)|cpuset\.(cpus|mems)|pids\.max|blkio\.(weight|throttle\.[a-z_]+)|io\.(max|weight)|hugetlb\.\w+\.(limit_in_bytes|max))$/;
const ROOTFS_OPTIONS =
  /^(rw|ro|(no|rel|lazy|strict)atime|nodiratime|nosuid|nodev|noexec|sync|dirsync|idmap=container)$/;
/** Ids below are for the host's own users and services. */
const FIRST_FOREIGN_ID = 65_536;

const limits: Rule = {
  allows: (value, _place, name) => {
    if (name === 'devices.deny') return value !== '';
    if (name === 'devices.allow') return value === '' || DEVICES.test(value.replace(/\s+/g, ' '));
    return LIMITS.test(name);
  },
  why: 'widens what the container may do with devices or resources of this host',
};

/** `DIRECTORY/x/y` as `x/y`; undefined where it leads elsewhere. */
function below(path: string, directory: string): string | undefined {
  const whole = normalize(path);
  return whole.startsWith(`${directory}/`) ? whole.slice(directory.length + 1) : undefined;
}

/**
 * Read by the config's own reader, so that no way of writing it is understood otherwise at a start.
 */
function mountEntryAllowed(value: string, { directory }: ForeignPlace): boolean {
  let entry: ReturnType<typeof parseMountEntry>;
  try {
    entry = parseMountEntry(value, { env: undefined, passOver: () => {} });
  } catch {
    return false;
  }
  const { source, fstype, options } = entry;
  if (options.some((option) => option.startsWith('idmap=') && option !== 'idmap=container')) return false;
  if (['bind', 'rbind'].some((word) => fstype === word || options.includes(word))) {
    if (options.includes('relative')) return true;
    const path = below(source, directory);
    // What lies in the root filesystem may be a link that the archive brings.
    return path !== undefined && path !== 'config' && !`${path}/`.startsWith('rootfs/');
  }
  if (['tmpfs', 'mqueue', 'devpts'].includes(fstype)) return true;
  return ['proc', 'sysfs', 'cgroup', 'cgroup2'].includes(fstype) && options.includes('ro');
}

const MOUNT_MODES: Readonly<Record<MountAuto['fs'], readonly string[]>> = {
  proc: ['mixed'],
  sys: ['mixed', 'ro'],
  cgroup: ['mixed', 'ro'],
  cgroup2: ['ro'],
  shmounts: [],
};

function mountAutoAllowed(value: string): boolean {
  try {
    return value
      .split(/\s+/)
      .map((token) => mountAuto.parse(token, { env: undefined }))
      .every(
        (one) => 'mode' in one && MOUNT_MODES[one.fs].includes(one.mode) && !('full' in one && one.full),
      );
  } catch {
    return false;
  }
}

function idMapAllowed(value: string, { hostIds }: ForeignPlace): boolean {
  try {
    const { hostId, range } = idMap.parse(value, { env: undefined });
    return hostId >= FIRST_FOREIGN_ID && ![...hostIds].some((id) => id >= hostId && id < hostId + range);
  } catch {
    return false;
  }
}

type NicRules = { readonly [K in keyof typeof NIC_KEYS as `lxc.net.N.${K}`]: Rule };
export const ALLOWED: {
  readonly [K in keyof typeof KEY_TABLE | keyof typeof SUBTREE_KEYS]: Rule;
} & NicRules = {
  'lxc.uts.name': ANY,
  'lxc.arch': ANY,
  'lxc.init.cmd': ANY,
  'lxc.init.uid': ANY,
  'lxc.init.gid': ANY,
  'lxc.init.groups': ANY,
  'lxc.init.cwd': ANY,
  'lxc.execute.cmd': ANY,
  'lxc.environment': only('takes a value from whoever starts the container', (value) => value.includes('=')),
  'lxc.environment.runtime': only('takes a value from whoever starts the container', (value) =>
    value.includes('='),
  ),
  'lxc.environment.hooks': never('reaches programs that run on this host'),
  'lxc.ephemeral': ANY,
  'lxc.group': ANY,
  'lxc.start.auto': oneOf('starts the container with this host', '0'),
  'lxc.start.delay': oneOf('delays the start of other containers', '0'),
  'lxc.start.order': ANY,
  'lxc.start.restart': oneOf('starts the container again by itself', 'no'),
  'lxc.signal.halt': ANY,
  'lxc.signal.reboot': ANY,
  'lxc.signal.stop': oneOf('keeps tslxc-stop -k from ending the container', 'SIGKILL', '9', 'KILL'),
  'lxc.monitor.signal.pdeath': ANY,
  'lxc.monitor.unshare': ANY,
  'lxc.rootfs.path': only(
    'is a root filesystem elsewhere on this host',
    (value, { directory }) => value.replace(/^dir:/, '') === `${directory}/rootfs`,
  ),
  'lxc.rootfs.mount': never('mounts on a folder of this host'),
  'lxc.rootfs.options': only('is none of the mount options that only restrict', (value) =>
    value.split(',').every((option) => ROOTFS_OPTIONS.test(option)),
  ),
  'lxc.rootfs.volatile': ANY,
  'lxc.rootfs.managed': ANY,
  'lxc.rootfs.size': ANY,
  'lxc.mount.fstab': never(HOST_FILE),
  'lxc.mount.entry': only('mounts something of this host, or the kernel to write to', mountEntryAllowed),
  'lxc.mount.auto': only('mounts more of the kernel, or more of it to write to', mountAutoAllowed),
  'lxc.autodev': ANY,
  'lxc.autodev.tmpfs.size': only('may take much memory', (value) => Number(value) <= 16 * 1024 * 1024),
  'lxc.pty.max': only('may take many terminals of this host', (value) => Number(value) <= 4096),
  'lxc.tty.max': only('may take many terminals of this host', (value) => Number(value) <= 64),
  'lxc.tty.dir': ANY,
  'lxc.console.path': oneOf(HOST_FILE, 'none'),
  'lxc.console.logfile': never('lets the container fill a file of this host'),
  'lxc.console.rotate': ANY,
  'lxc.console.size': ANY,
  'lxc.console.buffer.size': oneOf("takes memory of this host's manager", 'auto', '0'),
  'lxc.hook.pre-start': HOST_PROGRAM,
  'lxc.hook.pre-mount': HOST_PROGRAM,
  'lxc.hook.mount': HOST_PROGRAM,
  'lxc.hook.autodev': HOST_PROGRAM,
  'lxc.hook.start-host': HOST_PROGRAM,
  // The only one that runs when the container is closed.
  'lxc.hook.start': ANY,
  'lxc.hook.stop': HOST_PROGRAM,
  'lxc.hook.post-stop': HOST_PROGRAM,
  'lxc.hook.clone': HOST_PROGRAM,
  'lxc.hook.destroy': HOST_PROGRAM,
  'lxc.strict': ANY,
  'lxc.hook.version': ANY,
  'lxc.log.level': ANY,
  'lxc.log.file': OWN_LOG,
  'lxc.log.syslog': never('writes to the system log of this host'),
  'lxc.include': only('includes a file that does not come with tslxc, or one that widens', (value) =>
    SHIPPED.test(value),
  ),
  'lxc.idmap': strictly("maps ids of this host's own users", idMapAllowed),
  'lxc.namespace.clone': HOST_NAMESPACE,
  'lxc.namespace.keep': HOST_NAMESPACE,
  'lxc.namespace.share.': HOST_NAMESPACE,
  'lxc.time.offset.boot': ANY,
  'lxc.time.offset.monotonic': ANY,
  'lxc.sched.core': ANY,
  'lxc.cap.drop': strictly('gives back capabilities that common.conf takes away', () => true),
  'lxc.cap.keep': strictly('keeps capabilities that common.conf takes away', (value) =>
    value.split(/\s+/).every((word) => /^(?!mac_|sys_(module|rawio|time)$)[a-z]\w*$/.test(word)),
  ),
  'lxc.no_new_privs': ANY,
  'lxc.keyring.session': oneOf("leaves the container in its starter's keyring", '1'),
  'lxc.apparmor.profile': strictly('changes the AppArmor profile', (value) => value === 'generated'),
  'lxc.apparmor.allow_incomplete': oneOf('lets it run with less of AppArmor', '0'),
  'lxc.apparmor.allow_nesting': oneOf('widens the AppArmor profile', '0'),
  'lxc.apparmor.raw': never('changes the AppArmor profile'),
  'lxc.selinux.context': never('changes the SELinux context'),
  'lxc.selinux.context.keyring': never('changes the SELinux context'),
  'lxc.seccomp.profile': strictly('is another seccomp policy than the shipped one, or none', (value) =>
    SHIPPED_SECCOMP.test(value),
  ),
  'lxc.seccomp.allow_nesting': oneOf('widens the seccomp policy', '0'),
  'lxc.seccomp.notify.proxy': never('has system calls answered by a program of this host'),
  'lxc.seccomp.notify.cookie': ANY,
  'lxc.cgroup.dir': never('takes a cgroup elsewhere'),
  'lxc.cgroup.relative': oneOf('takes a cgroup elsewhere', '0'),
  'lxc.cgroup.dir.monitor': never('takes a cgroup elsewhere'),
  'lxc.cgroup.dir.monitor.pivot': never('takes a cgroup elsewhere'),
  'lxc.cgroup.dir.container': never('takes a cgroup elsewhere'),
  'lxc.cgroup.dir.container.inner': never('takes a cgroup elsewhere'),
  'lxc.cgroup.': limits,
  'lxc.cgroup2.': limits,
  'lxc.prlimit.': never('sets a resource limit, which may be higher than that of this host'),
  // Parameters of the network belong to the container, and it can write most of them itself.
  'lxc.sysctl.': only('sets a kernel parameter of this host', (_value, _place, name) => {
    return namespaceOfSysctl(name) === 'net';
  }),
  'lxc.proc.': never('writes to the files that this host keeps of a process'),
  'lxc.net.N.type': oneOf('takes a network of this host, or an interface', 'veth', 'empty'),
  'lxc.net.N.flags': ANY,
  'lxc.net.N.link': only(
    'joins another network than the default bridge',
    (value, { bridge }) => value === bridge,
  ),
  'lxc.net.N.name': ANY,
  'lxc.net.N.hwaddr': ANY,
  'lxc.net.N.mtu': ANY,
  'lxc.net.N.ipv4.address': ANY,
  'lxc.net.N.ipv4.gateway': ANY,
  'lxc.net.N.ipv6.address': ANY,
  'lxc.net.N.ipv6.gateway': ANY,
  'lxc.net.N.l2proxy': oneOf('answers for addresses of this host', '0'),
  'lxc.net.N.publish': never('opens a port of this host'),
  'lxc.net.N.script.up': HOST_PROGRAM,
  'lxc.net.N.script.down': HOST_PROGRAM,
  'lxc.net.N.veth.mode': oneOf('routes through this host', 'bridge'),
  'lxc.net.N.veth.pair': never('chooses the name of an interface of this host'),
  'lxc.net.N.veth.n_rxqueues': never('takes more of this host than the default'),
  'lxc.net.N.veth.n_txqueues': never('takes more of this host than the default'),
  'lxc.net.N.veth.ipv4.route': never('adds a route to this host'),
  'lxc.net.N.veth.ipv6.route': never('adds a route to this host'),
  'lxc.net.N.veth.vlan.id': OTHER_NETWORK,
  'lxc.net.N.veth.vlan.tagged.id': OTHER_NETWORK,
  'lxc.net.N.vlan.id': OTHER_NETWORK,
  'lxc.net.N.macvlan.mode': OTHER_NETWORK,
  'lxc.net.N.ipvlan.mode': OTHER_NETWORK,
  'lxc.net.N.ipvlan.isolation': OTHER_NETWORK,
};

/**
 * Families and lists that may be emptied as a whole; those that hold what the shipped configs
 * refuse may not.
 */
const CLEARABLE: ReadonlySet<string> = new Set([
  'lxc.net',
  'lxc.hook',
  'lxc.prlimit',
  'lxc.sysctl',
  'lxc.proc',
]);

/** What a line of today's language would do that is not allowed; undefined where it is. */
export function objectionTo(key: string, value: string, place: ForeignPlace): string | undefined {
  const target = lookUpKey(key);
  const rules: Readonly<Record<string, Rule | undefined>> = ALLOWED;
  const judged = (row: string, name = '') => {
    const rule = rules[row];
    return rule?.allows(value, place, name) ? undefined : (rule?.why ?? 'is not known to be harmless');
  };
  switch (target?.kind) {
    case 'key':
      return judged(key);
    case 'subtree':
      return judged(target.prefix, target.name);
    case 'nic':
      return judged(`lxc.net.N.${target.field}`);
    case 'whole-nic':
      return undefined;
    default:
      // A key that does not exist is told of by the reader.
      return target === undefined || CLEARABLE.has(key)
        ? undefined
        : 'undoes what the shipped configs refuse';
  }
}
