import { mountAuto, mountPoint, printMountAuto } from '../values/mount-auto.ts';
import { mountEntries, mountEntry } from '../values/mount-entry.ts';
import { count, flag, numberBetween } from '../values/number.ts';
import { rootfsOptions, rootfsPath } from '../values/rootfs.ts';
import { fileSize, ringSize, size, sizeOrDefault } from '../values/size.ts';
import { absolutePath, path, relativePath } from '../values/text.ts';
import { words } from '../values/value-type.ts';
import { repeated, single } from './key-row.ts';

/** Each is a terminal that the manager holds open, for as long as the container runs. */
const ttys = numberBetween(0, 1024, 'COUNT');

/** The root filesystem, its mounts, /dev and the terminals. */
export const FILESYSTEM_KEYS = {
  'lxc.rootfs.path': single(rootfsPath, {
    doc: "The container's root filesystem, with its type of storage in front.",
    example: 'dir:/var/lib/tslxc/web1/rootfs',
    without: 'none, and a start needs it',
    since: '2.1',
    acted: true,
  }),
  'lxc.rootfs.mount': single(absolutePath, {
    doc: 'Folder of the host that the root filesystem is mounted on while the container is put together.',
    example: '/run/tslxc/rootfs',
    without: "a folder of the manager's own",
    since: '1.0',
    acted: true,
  }),
  'lxc.rootfs.options': single(rootfsOptions, {
    doc: 'Mount options of the root filesystem; idmap=container shows it with the ids of the container.',
    example: 'ro,idmap=container',
    since: '1.0',
    acted: true,
  }),
  'lxc.rootfs.volatile': single(flag, {
    doc: 'The root filesystem is only read; what is written is kept in memory, and lost when the container stops or reboots.',
    example: '1',
    since: 'tslxc 0.2',
    default: '0',
    extension: true,
    acted: true,
  }),
  'lxc.rootfs.managed': single(flag, {
    doc: 'The storage belongs to the container: it is deleted with it and snapshots are made of it.',
    example: '0',
    since: '4.0',
    default: '1',
    live: true,
    acted: true,
  }),
  'lxc.rootfs.size': single(size, {
    doc: 'How much the container may keep in its root filesystem: a project quota for a directory or what is written above layers, a quota group of btrfs, refquota of ZFS. An image or logical volume that is smaller is made larger. 0 takes a limit away.',
    example: '10GB',
    without: 'what there is stays as it is',
    since: 'tslxc 0.2',
    extension: true,
    acted: true,
  }),
  'lxc.mount.fstab': single(path, {
    doc: 'File in the format of fstab with more things to mount.',
    example: '/var/lib/tslxc/web1/fstab',
    since: '2.1',
    // LXC refuses the empty value here, unlike elsewhere.
    empty: 'refused',
    acted: true,
  }),
  'lxc.mount.entry': repeated(mountEntry, {
    doc: 'One line of fstab; the target lies below the root filesystem. Further options: optional, create=dir, create=file, relative, idmap=.',
    example: '/srv/data srv/data none bind,create=dir 0 0',
    since: '1.0',
    split: mountEntries,
    acted: true,
  }),
  'lxc.mount.auto': repeated(mountAuto, {
    doc: 'What to mount without being told how: /proc, /sys, the cgroups, and a folder to hand mounts in by.',
    example: 'proc:mixed sys:ro cgroup:mixed',
    since: '1.0',
    split: words,
    slot: mountPoint,
    printAll: printMountAuto,
    acted: true,
  }),
  'lxc.autodev': single(flag, {
    doc: 'Mount a fresh /dev and fill it with the usual device nodes.',
    example: '0',
    since: '1.0',
    default: '1',
    empty: { as: '0' },
    acted: true,
  }),
  'lxc.autodev.tmpfs.size': single(sizeOrDefault(500_000), {
    doc: 'How large that /dev may grow.',
    example: '1MB',
    since: '4.0',
    default: '500000',
    acted: true,
  }),
  'lxc.pty.max': single(count, {
    doc: "How many pseudo terminals the container's own /dev/pts can have.",
    example: '1024',
    since: '2.1',
    default: '0',
    acted: true,
  }),
  'lxc.tty.max': single(ttys, {
    doc: 'How many terminals (/dev/tty1 …) there are for tslxc-console to connect to.',
    example: '4',
    since: '2.1',
    default: '0',
    acted: true,
  }),
  'lxc.tty.dir': single(relativePath, {
    doc: 'Folder below /dev for the terminals and the console; /dev/tty1 … then point there.',
    example: 'lxc',
    without: '/dev itself',
    since: '2.1',
    acted: true,
  }),
  'lxc.console.path': single(path, {
    doc: 'File that gets what the console prints, or terminal of the host that it is joined to; none: no console.',
    example: '/var/log/tslxc/web1-boot.log',
    without: 'a terminal of the manager, for tslxc-console',
    since: '2.1',
    acted: true,
  }),
  'lxc.console.logfile': single(path, {
    doc: 'File that everything written to the console is kept in.',
    example: '/var/log/tslxc/web1-console.log',
    since: '1.0',
    acted: true,
  }),
  'lxc.console.rotate': single(flag, {
    doc: 'Start a new console log when it is full (keeping one old one), instead of cutting it off.',
    example: '1',
    since: '3.0',
    default: '0',
    acted: true,
  }),
  'lxc.console.size': single(fileSize, {
    doc: 'How large the console log may grow.',
    example: '1MB',
    without: 'no limit',
    since: '3.0',
    default: '0',
    acted: true,
  }),
  'lxc.console.buffer.size': single(ringSize, {
    doc: 'How much of the console output is kept in memory for tslxc-console -t 0 and --log.',
    example: 'auto',
    without: '64 KiB',
    since: '3.0',
    default: '0',
    acted: true,
  }),
};
