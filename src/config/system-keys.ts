/** Whose defaults: the system's, or those of an ordinary user with this home folder. */
export interface SystemUser {
  readonly uid: number;
  readonly home: string;
}

interface SystemKeyRow {
  readonly doc: string;
  /** Undefined: nothing. */
  readonly default: (user: SystemUser) => string | undefined;
  /** `tslxc-config -l` lists it; LXC keeps its two rbd keys to itself. */
  readonly listed: boolean;
}

function forBoth(system: string, ofHome: string): (user: SystemUser) => string {
  return ({ uid, home }) => (uid === 0 ? system : `${home}/${ofHome}`);
}

/** The keys of the system file, tslxc.conf, in LXC's order. */
export const SYSTEM_KEYS = {
  'lxc.default_config': {
    doc: 'File that the config of a new container starts from.',
    default: forBoth('/etc/tslxc/default.conf', '.config/tslxc/default.conf'),
    listed: true,
  },
  'lxc.lxcpath': {
    doc: 'Folder that has the containers in it.',
    default: forBoth('/var/lib/tslxc', '.local/share/tslxc'),
    listed: true,
  },
  'lxc.bdev.lvm.vg': { doc: 'LVM volume group for new containers.', default: () => 'lxc', listed: true },
  'lxc.bdev.lvm.thin_pool': { doc: 'LVM thin pool for new containers.', default: () => 'lxc', listed: true },
  'lxc.bdev.zfs.root': { doc: 'ZFS dataset for new containers.', default: () => 'lxc', listed: true },
  'lxc.bdev.rbd.rbdpool': { doc: 'Ceph pool for new containers.', default: () => 'lxc', listed: false },
  'lxc.bdev.rbd.rbduser': { doc: 'Ceph user.', default: () => undefined, listed: false },
  'lxc.cgroup.use': {
    doc: 'Controllers, separated by commas: cgroups are made only in hierarchies that have no others.',
    default: () => undefined,
    listed: true,
  },
  'lxc.cgroup.pattern': {
    doc: 'Cgroup of each container; %n stands for its name.',
    default: () => undefined,
    listed: true,
  },
} as const satisfies Record<string, SystemKeyRow>;

export type SystemKey = keyof typeof SYSTEM_KEYS;
