/** Texts of the three kinds of host, for the tests of this room. */
import { type CgroupLayout, type LayoutTexts, parseLayout } from '../../src/cgroup/layout.ts';

const V1 = (id: number, name: string, options: string) =>
  `${id} 31 0:${id} / /sys/fs/cgroup/${name} rw,relatime shared:${id} - cgroup cgroup rw,${options}`;

const REST = [
  '23 1 254:0 / / rw,relatime - ext4 /dev/root rw',
  '24 23 0:5 / /proc rw,nosuid - proc proc rw',
  '31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755',
];

/** A systemd host of the v1 age: cpu and cpuacct share a hierarchy, and /proc/self/cgroup orders them its own way. */
export const LEGACY: LayoutTexts = {
  mountinfo: [
    ...REST,
    V1(32, 'systemd', 'xattr,release_agent=/usr/lib/systemd/systemd-cgroups-agent,name=systemd'),
    V1(33, 'cpu,cpuacct', 'cpu,cpuacct'),
    V1(34, 'memory', 'memory'),
    V1(35, 'blkio', 'blkio'),
    V1(36, 'devices', 'devices'),
    V1(37, 'freezer', 'freezer'),
    V1(38, 'cpuset', 'cpuset,clone_children'),
    V1(39, 'pids', 'pids'),
    V1(40, 'hugetlb', 'hugetlb'),
    V1(41, 'net_cls,net_prio', 'net_cls,net_prio'),
  ].join('\n'),
  cgroup: [
    '10:pids:/user.slice/user-0.slice/session-1.scope',
    '9:net_prio,net_cls:/',
    '6:cpuacct,cpu:/user.slice',
    '4:memory:/user.slice/user-0.slice/session-1.scope',
    '1:name=systemd:/user.slice/user-0.slice/session-1.scope',
  ].join('\n'),
  controllers: () => {
    throw new Error('a legacy host has no cgroup.controllers');
  },
};

/** As the development host: every controller on its own in v1, an empty v2 beside. */
export const HYBRID: LayoutTexts = {
  mountinfo: [
    ...REST,
    ...['cpu', 'cpuacct', 'cpuset', 'memory', 'devices', 'freezer', 'blkio', 'pids'].map((name, i) =>
      V1(32 + i, name, name),
    ),
    V1(40, 'systemd', 'name=systemd'),
    '41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw',
  ].join('\n'),
  cgroup: '4:memory:/some/where\n1:cpu:/\n0::/tslxc.monitor\n',
  controllers: () => '',
};

/** As the test machine: Debian 12 with cgroup2 only. */
export const UNIFIED: LayoutTexts = {
  mountinfo: [
    ...REST.slice(0, 2),
    '31 22 0:26 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot',
  ].join('\n'),
  cgroup: '0::/user.slice/user-0.slice/session-c1.scope\n',
  controllers: () => 'cpuset cpu io memory hugetlb pids rdma misc\n',
};

export const legacy: CgroupLayout = parseLayout(LEGACY);
export const hybrid: CgroupLayout = parseLayout(HYBRID);
export const unified: CgroupLayout = parseLayout(UNIFIED);

/** Hybrid where systemd moved some controllers to v2. */
export const mixed: CgroupLayout = parseLayout({
  ...HYBRID,
  mountinfo: HYBRID.mountinfo
    .split('\n')
    .filter((line) => !/cgroup rw,(memory|pids)$/.test(line))
    .join('\n'),
  controllers: () => 'memory pids',
});

/** A config as settings, line by line: `key = value`. */
export function settings(text: string) {
  return text
    .trim()
    .split('\n')
    .map((line, i) => {
      const [key = '', ...rest] = line.trim().split(/\s*=\s*/);
      return { key, value: rest.join('='), origin: { file: '/c/config', line: i + 1, column: 1 } };
    });
}
