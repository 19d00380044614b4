/** The parts of a host that tslxc uses, in the order of the report. */
import { openSync, statSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { CAPABILITIES, type CapabilityName } from '../../config/values/capability.ts';
import { libseccomp } from '../../kernel/libseccomp.ts';
import { mapText } from '../../security/id-map.ts';
import { forkSelftest, idmapFault } from './fork-selftest.ts';
import { every, type Finding, type Host, part, program, type Row } from './row.ts';

/** The oldest kernel with all system calls of a start: close_range(2). */
const OLDEST_KERNEL = [5, 9] as const;
/** The major version of Node that package.json installs. */
const PINNED_NODE = 24;
const OLDEST_NODE = 22;

/** Capabilities that the manager and its stages need. */
// biome-ignore format: a list of words
const NEEDED: readonly CapabilityName[] = [
  'sys_admin', 'chown', 'dac_override', 'fowner', 'kill', 'mknod', 'net_admin', 'setgid', 'setpcap', 'setuid', 'sys_chroot',
  'sys_ptrace',
];

const NAMESPACES = [
  ['mnt', 'Mount'],
  ['pid', 'Pid'],
  ['uts', 'Uts'],
  ['ipc', 'Ipc'],
  ['net', 'Network'],
] as const;

const CONTROLLERS: readonly (readonly [name: string, v2: string, cost: string])[] = [
  ['memory', 'memory', 'memory cannot be limited, and what a container uses is not known'],
  ['cpu', 'cpu', 'processor time cannot be shared out or limited'],
  ['cpuset', 'cpuset', 'containers cannot be kept to some processors'],
  ['pids', 'pids', 'a fork bomb in a container reaches the host'],
  ['blkio', 'io', 'disk traffic cannot be limited or counted'],
];

export const ROWS: readonly Row[] = [
  {
    section: 'Runtime',
    name: 'Node',
    required: true,
    look: () => {
      const major = Number(process.versions.node.split('.')[0]);
      const detail = `${process.version}${major === PINNED_NODE ? '' : `, tested with ${PINNED_NODE}`}`;
      return { found: major >= OLDEST_NODE, detail };
    },
    cost: 'nothing works',
    remedy: "run 'npm install' in the folder of tslxc: it installs a suitable Node",
  },
  {
    section: 'Runtime',
    name: 'Forks of this Node',
    required: true,
    look: ({ kernel }) => {
      const { forks, triedAgain, failed } = forkSelftest(kernel);
      return {
        found: failed === 0,
        detail: `${forks} children, ${triedAgain} tried again, ${failed} failed`,
      };
    },
    cost: 'no process can be put into a container',
    remedy: "run 'npm install' in the folder of tslxc: it installs the tested Node",
  },
  {
    section: 'Runtime',
    name: 'Root',
    required: true,
    look: () => process.geteuid!() === 0,
    cost: 'ordinary users cannot start containers in this version',
    remedy: 'run it with sudo',
  },
  {
    section: 'Runtime',
    name: 'Capabilities of root',
    required: true,
    look: ({ capabilities }) => lacking(capabilities, NEEDED),
    cost: 'no container can be started',
    remedy: 'inside a container: give it the capabilities that are missing (nesting)',
  },
  {
    section: 'Runtime',
    name: 'Raising limits',
    look: ({ capabilities }) => lacking(capabilities, ['sys_resource']),
    cost: "lxc.prlimit.* cannot go beyond the host's own hard limits, and an out-of-memory kill may hit our init",
    remedy: 'give this host, if it is a container, the capability sys_resource',
  },
  {
    section: 'Kernel',
    name: 'Version',
    required: true,
    look: () => {
      const [major = 0, minor = 0] = release().split('.').map(Number);
      const [oldest, least] = OLDEST_KERNEL;
      return { found: major > oldest || (major === oldest && minor >= least), detail: release() };
    },
    cost: 'system calls of a start are missing',
    remedy: `a kernel of version ${OLDEST_KERNEL.join('.')} or later`,
  },
  ...NAMESPACES.map(
    ([kind, word]): Row => ({
      section: 'Namespaces',
      name: `${word} namespace`,
      required: true,
      look: ({ view }) => view.namespace(kind),
      cost: 'no container can be started',
      remedy: `a kernel with CONFIG_${kind === 'mnt' ? 'NAMESPACES' : `${kind.toUpperCase()}_NS`}, and more than 0 in /proc/sys/user/max_${kind}_namespaces`,
    }),
  ),
  {
    section: 'Namespaces',
    name: 'User namespace',
    look: ({ view }) => view.namespace('user'),
    cost: "root in a container is the host's root: lxc.idmap cannot be used",
    remedy: 'a kernel with CONFIG_USER_NS, and more than 0 in /proc/sys/user/max_user_namespaces',
  },
  {
    section: 'Namespaces',
    name: 'Idmapped mounts of the container directory',
    look: idmappedMounts,
    cost: 'a container with lxc.idmap cannot have its root filesystem there',
    remedy: 'Linux 5.12 or later, and a file system that can do it: ext4, xfs, btrfs and others',
  },
  {
    section: 'Namespaces',
    name: 'Cgroup namespace',
    look: ({ view }) => view.namespace('cgroup'),
    cost: "containers see the host's cgroup paths; systemd in them may not boot",
    remedy: 'a kernel with CONFIG_CGROUPS, version 4.6 or later',
  },
  {
    section: 'Namespaces',
    name: 'Time namespace',
    look: ({ view }) => view.namespace('time'),
    cost: 'lxc.time.offset.* cannot be used',
    remedy: 'a kernel with CONFIG_TIME_NS, version 5.6 or later',
  },
  {
    section: 'Namespaces',
    name: 'newuidmap, newgidmap',
    look: every(program('newuidmap'), program('newgidmap')),
    cost: 'tslxc-usernsexec of ordinary users can map one id only',
    remedy: 'install the package uidmap (shadow-utils on Fedora)',
  },
  {
    section: 'Control groups',
    name: 'Control groups',
    required: true,
    look: ({ layout: { kind, hierarchies } }) => ({
      found: hierarchies.length > 0,
      detail: { legacy: 'version 1', hybrid: 'versions 1 and 2', unified: 'version 2' }[kind],
    }),
    cost: 'the processes of a container cannot be managed as a group',
    remedy: 'mount the cgroup hierarchies at /sys/fs/cgroup, as systemd does',
  },
  ...CONTROLLERS.map(
    ([v1, v2, cost]): Row => ({
      section: 'Control groups',
      name: `Controller ${v1}`,
      look: ({ layout }) =>
        layout.hierarchies.some(({ controllers, version }) => controllers.includes(version === 1 ? v1 : v2)),
      cost,
      remedy: `not to switch it off on the kernel's command line (cgroup_disable), and on version 2 to delegate ${v2}`,
    }),
  ),
  {
    section: 'Control groups',
    name: 'Device rules',
    look: ({ layout, view }) =>
      layout.hierarchies.some(({ controllers }) => controllers.includes('devices')) ||
      (layout.kind === 'unified' ? view.option('CGROUP_BPF') : false),
    cost: 'a privileged container can open every device that it has a node for',
    remedy: 'a kernel with CONFIG_CGROUP_DEVICE (version 1) or CONFIG_CGROUP_BPF (version 2)',
  },
  {
    section: 'Control groups',
    name: 'Freezer',
    look: ({ layout }) =>
      layout.kind === 'unified' ||
      layout.hierarchies.some(({ version, controllers }) => version === 2 || controllers.includes('freezer')),
    cost: 'tslxc-freeze does not work',
    remedy: 'a kernel with CONFIG_CGROUP_FREEZER (version 1), or 5.2 or later (version 2)',
  },
  {
    section: 'Security',
    name: 'Seccomp filters',
    look: ({ view }) => view.line('/proc/sys/kernel/seccomp/actions_avail') !== undefined,
    cost: 'lxc.seccomp.profile cannot be used',
    remedy: 'a kernel with CONFIG_SECCOMP_FILTER',
  },
  {
    section: 'Security',
    name: 'libseccomp',
    look: () => libseccomp() !== undefined,
    cost: 'lxc.seccomp.profile cannot be used',
    remedy: 'install the package libseccomp2',
  },
  {
    section: 'Security',
    name: 'AppArmor',
    look: ({ view }) => view.line('/sys/module/apparmor/parameters/enabled') === 'Y',
    cost: 'privileged containers are not confined by AppArmor profiles',
    remedy: 'boot with apparmor=1 security=apparmor, and install the package apparmor',
  },
  {
    section: 'Security',
    name: 'SELinux',
    look: ({ view }) => view.line('/sys/fs/selinux/enforce') !== undefined,
    cost: 'lxc.selinux.* and tslxc-attach -c cannot be used',
    remedy: 'a distribution with SELinux',
  },
  {
    section: 'Network',
    name: 'Veth pair device',
    look: part('veth', 'VETH'),
    cost: 'containers cannot be on a bridge: no network for most',
    remedy: 'a kernel with CONFIG_VETH',
  },
  {
    section: 'Network',
    name: 'Bridges',
    look: part('bridge', 'BRIDGE'),
    cost: 'the default network tslxcbr0 cannot be made',
    remedy: 'a kernel with CONFIG_BRIDGE',
  },
  ...(
    [
      ['Macvlan', 'macvlan', 'MACVLAN'],
      ['Vlan', '8021q', 'VLAN_8021Q'],
      ['Ipvlan', 'ipvlan', 'IPVLAN'],
    ] as const
  ).map(
    ([name, module, option]): Row => ({
      section: 'Network',
      name,
      look: part(module, option),
      cost: `no network interfaces of type ${name.toLowerCase()}`,
      remedy: `a kernel with CONFIG_${option}`,
    }),
  ),
  {
    section: 'Network',
    name: 'Address translation',
    look: program('nft', 'iptables'),
    cost: 'containers on the default bridge reach the host, but nothing beyond it',
    remedy: 'install the package nftables',
  },
  {
    section: 'Network',
    name: 'dnsmasq',
    look: program('dnsmasq'),
    cost: 'containers on the default bridge get no address and no names',
    remedy: 'install the package dnsmasq-base',
  },
  {
    section: 'Storage',
    name: 'Container directory',
    look: containerDirectory,
    cost: 'containers there cannot run their programs, or not as the users that they are for',
    remedy:
      'mount its file system without nosuid, nodev and noexec, or take another directory (-P, lxc.lxcpath)',
  },
  {
    section: 'Storage',
    name: 'Overlays',
    look: part('overlay', 'OVERLAY_FS'),
    cost: 'no snapshots and clones that share files on plain directories, no ephemeral copies',
    remedy: 'a kernel with CONFIG_OVERLAY_FS',
  },
  {
    section: 'Storage',
    name: 'Loop devices',
    look: every(part('loop', 'BLK_DEV_LOOP'), program('mkfs.ext4')),
    cost: 'tslxc-create -B loop does not work',
    remedy: 'a kernel with CONFIG_BLK_DEV_LOOP, and the package e2fsprogs',
  },
  {
    section: 'Storage',
    name: 'Btrfs',
    look: every(part('btrfs', 'BTRFS_FS'), program('btrfs')),
    cost: 'tslxc-create -B btrfs does not work',
    remedy: 'a kernel with CONFIG_BTRFS_FS, and the package btrfs-progs',
  },
  {
    section: 'Storage',
    name: 'LVM',
    look: every(part('dm_mod', 'BLK_DEV_DM'), program('lvm')),
    cost: 'tslxc-create -B lvm does not work',
    remedy: 'a kernel with CONFIG_BLK_DEV_DM, and the package lvm2',
  },
  {
    section: 'Storage',
    name: 'ZFS',
    look: every(part('zfs', 'ZFS'), program('zfs')),
    cost: 'tslxc-create -B zfs does not work',
    remedy: 'install the packages zfs-dkms and zfsutils-linux',
  },
  {
    section: 'Templates',
    name: 'busybox',
    look: program('busybox'),
    cost: 'the template busybox does not work',
    remedy: 'install the package busybox-static',
  },
  {
    section: 'Templates',
    name: 'mmdebstrap or debootstrap',
    look: program('mmdebstrap', 'debootstrap'),
    cost: 'the template debian does not work',
    remedy: 'install the package mmdebstrap',
  },
  {
    section: 'Templates',
    name: 'dnf',
    look: program('dnf', 'dnf5'),
    cost: 'the template fedora does not work',
    remedy: 'install the package dnf',
  },
  {
    section: 'Others',
    name: 'FUSE',
    look: part('fuse', 'FUSE_FS'),
    cost: "lxcfs does not work: containers see the host's memory and processors in /proc",
    remedy: 'a kernel with CONFIG_FUSE_FS',
  },
  {
    section: 'Others',
    name: 'lxcfs',
    look: program('lxcfs'),
    cost: "containers see the host's memory and processors in /proc",
    remedy: 'install the package lxcfs',
  },
];

function lacking(held: bigint, wanted: readonly CapabilityName[]): Finding {
  const missing = wanted.filter((name) => (held & (1n << BigInt(CAPABILITIES.indexOf(name)))) === 0n);
  return missing.length > 0 ? { found: false, detail: `it lacks ${missing.join(', ')}` } : true;
}

const FIRST_MAPPED = 100_000;
const MANY = 65_536;

function idmappedMounts({ kernel, lxcpath }: Host): Finding {
  if (process.geteuid!() !== 0) return undefined;
  const map = (['u', 'g'] as const).map((type) => ({ type, nsId: 0, hostId: FIRST_MAPPED, range: MANY }));
  const fault = idmapFault(
    kernel,
    lxcpath,
    (pid) => {
      for (const type of ['u', 'g'] as const) writeFileSync(`/proc/${pid}/${type}id_map`, mapText(map, type));
    },
    (pid) => openSync(`/proc/${pid}/ns/user`, 'r'),
  );
  return fault === undefined
    ? { found: true, detail: lxcpath }
    : { found: false, detail: `${lxcpath}: ${fault}` };
}

/** Mount options with which a container's system does not work. */
function containerDirectory({ view, lxcpath }: Host): Finding {
  const { dev } = statSync(lxcpath);
  const [major, minor] = [(dev >> 8) & 0xfff, (dev & 0xff) | ((dev >> 12) & 0xfff00)];
  const line = view
    .text('/proc/self/mountinfo')
    .split('\n')
    .filter((one) => one.split(' ')[2] === `${major}:${minor}`)
    .find((one) => `${lxcpath}/`.startsWith(one.split(' ')[4] === '/' ? '/' : `${one.split(' ')[4]}/`));
  const bad = (line?.split(' ')[5] ?? '')
    .split(',')
    .filter((option) => /^(nosuid|nodev|noexec|ro)$/.test(option));
  return bad.length > 0
    ? { found: false, detail: `${lxcpath} is mounted ${bad.join(', ')}` }
    : { found: true, detail: lxcpath };
}
