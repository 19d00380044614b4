import { MS } from '../../kernel/constants.ts';

/** Options of mount(8) that are flags of mount(2): bits to set and to clear. */
const FLAGS: Readonly<Record<string, readonly [set: number, clear: number]>> = {
  ro: [MS.RDONLY, 0],
  rw: [0, MS.RDONLY],
  nosuid: [MS.NOSUID, 0],
  suid: [0, MS.NOSUID],
  nodev: [MS.NODEV, 0],
  dev: [0, MS.NODEV],
  noexec: [MS.NOEXEC, 0],
  exec: [0, MS.NOEXEC],
  sync: [MS.SYNCHRONOUS, 0],
  async: [0, MS.SYNCHRONOUS],
  dirsync: [MS.DIRSYNC, 0],
  mand: [MS.MANDLOCK, 0],
  nomand: [0, MS.MANDLOCK],
  noatime: [MS.NOATIME, 0],
  atime: [0, MS.NOATIME],
  nodiratime: [MS.NODIRATIME, 0],
  diratime: [0, MS.NODIRATIME],
  relatime: [MS.RELATIME, 0],
  norelatime: [0, MS.RELATIME],
  strictatime: [MS.STRICTATIME, 0],
  nostrictatime: [0, MS.STRICTATIME],
  lazytime: [MS.LAZYTIME, 0],
  nosymfollow: [MS.NOSYMFOLLOW, 0],
  remount: [MS.REMOUNT, 0],
  bind: [MS.BIND, 0],
  rbind: [MS.BIND | MS.REC, 0],
  defaults: [0, 0],
};

const PROPAGATION: Readonly<Record<string, number>> = {
  private: MS.PRIVATE,
  rprivate: MS.PRIVATE | MS.REC,
  shared: MS.SHARED,
  rshared: MS.SHARED | MS.REC,
  slave: MS.SLAVE,
  rslave: MS.SLAVE | MS.REC,
  unbindable: MS.UNBINDABLE,
  runbindable: MS.UNBINDABLE | MS.REC,
};

/** Words of fstab(5) and LXC that say nothing to mount(2). */
const IGNORED = /^(auto|noauto|user|nouser|users|group|_netdev|nofail|x-.*|comment=.*)$/;

/** A list of mount options, taken apart. */
export interface MountOptions {
  /** MS_* for mount(2). */
  readonly flags: number;
  /** What the file system itself is told. */
  readonly data: string;
  /** MS_PRIVATE … for a second mount(2); 0 for none. */
  readonly propagation: number;
  /** LXC's own: make the target, pass over a failure, take the source relative, map owners. */
  readonly create?: 'dir' | 'file';
  readonly optional: boolean;
  readonly relative: boolean;
  readonly idmap?: string;
}

export function parseMountOptions(options: readonly string[]): MountOptions {
  let flags = 0;
  let propagation = 0;
  const data: string[] = [];
  const own: { create?: 'dir' | 'file'; idmap?: string } = {};
  let optional = false;
  let relative = false;
  for (const option of options) {
    const flag = FLAGS[option];
    if (flag) flags = (flags | flag[0]) & ~flag[1];
    else if (PROPAGATION[option] !== undefined) propagation = PROPAGATION[option];
    else if (option === 'optional') optional = true;
    else if (option === 'relative') relative = true;
    else if (option === 'create=dir' || option === 'create=file')
      own.create = option.slice('create='.length) as 'dir' | 'file';
    else if (option.startsWith('idmap=')) own.idmap = option.slice('idmap='.length);
    else if (!IGNORED.test(option)) data.push(option);
  }
  return { flags, data: data.join(','), propagation, optional, relative, ...own };
}
