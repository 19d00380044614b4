import { cgroupPattern, controllerList } from './values/cgroup-place.ts';
import { flag } from './values/number.ts';
import { absolutePath, oneOf } from './values/text.ts';
import type { ValueType } from './values/value-type.ts';
import { cephPool, cephUser, lvmName, zfsDataset } from './values/volume-name.ts';

/** Whose defaults: the system's, or those of an ordinary user with this home folder. */
export interface SystemUser {
  readonly uid: number;
  readonly home: string;
}

interface SystemKeyRow {
  readonly doc: string;
  readonly type: Pick<ValueType<unknown>, 'name' | 'valid' | 'parse'>;
  readonly example: string;
  /** What holds when it is not set, for the manual, where `default` does not say it. */
  readonly without?: string;
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
    type: absolutePath,
    doc: 'File that the config of a new container begins with. Where this is not set and there is none, the one that comes with tslxc is taken. The option -f of tslxc-create overrides it.',
    example: '/srv/containers/default.conf',
    default: forBoth('/etc/tslxc/default.conf', '.config/tslxc/default.conf'),
    listed: true,
  },
  'lxc.lxcpath': {
    type: absolutePath,
    doc: 'Folder that has the containers in it. The option -P of every command overrides it.',
    example: '/srv/containers',
    default: forBoth('/var/lib/tslxc', '.local/share/tslxc'),
    listed: true,
  },
  'lxc.bdev.lvm.vg': {
    type: lvmName,
    doc: 'LVM volume group for new containers.',
    example: 'vg0',
    default: () => 'lxc',
    listed: true,
  },
  'lxc.bdev.lvm.thin_pool': {
    type: lvmName,
    doc: 'LVM thin pool for new containers.',
    example: 'pool0',
    default: () => 'lxc',
    listed: true,
  },
  'lxc.bdev.zfs.root': {
    type: zfsDataset,
    doc: 'ZFS dataset for new containers.',
    example: 'tank/lxc',
    default: () => 'lxc',
    listed: true,
  },
  'lxc.bdev.rbd.rbdpool': {
    type: cephPool,
    doc: 'Ceph pool for new containers.',
    example: 'containers',
    default: () => 'lxc',
    listed: false,
  },
  'lxc.bdev.rbd.rbduser': {
    type: cephUser,
    doc: 'Ceph user.',
    example: 'lxc',
    default: () => undefined,
    listed: false,
  },
  'lxc.cgroup.use': {
    type: controllerList,
    doc: 'Controllers, separated by commas: cgroups are made only in hierarchies that have no others.',
    example: 'memory,cpu,cpuset,pids,devices,freezer',
    without: 'all hierarchies that are mounted and writable',
    default: () => undefined,
    listed: true,
  },
  'lxc.cgroup.pattern': {
    type: cgroupPattern,
    doc: "Cgroup of each container; %n stands for its name. The limits are set on the cgroup payload in it. The key lxc.cgroup.dir of a container's config overrides it.",
    example: 'lxc/%n',
    without: 'tslxc.payload.NAME at the top of each hierarchy',
    default: () => undefined,
    listed: true,
  },
  'lxc.cgroup.naming': {
    type: oneOf('tslxc', 'lxc'),
    doc: "Whose names the cgroups of containers have. With lxc they are lxc.payload.NAME, and lxc.monitor.NAME for hooks, which htop, netdata, munin and other programs know as a container's.",
    example: 'lxc',
    default: () => 'tslxc',
    listed: false,
  },
  'lxc.compat.socket': {
    type: flag,
    doc: "Whether running containers listen on LXC's command socket, by which lxc-info, lxc-attach and the other commands of a real LXC, liblxc and its bindings for Python and Go see and steer them; only root of the host is answered. It counts from a container's next start on.",
    example: '1',
    default: () => '0',
    listed: false,
  },
} as const satisfies Record<string, SystemKeyRow>;

export type SystemKey = keyof typeof SYSTEM_KEYS;
