/** Each token of lxc.mount.auto: what it makes read-only, for root and for a mapped root. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { detectLayout } from '../../src/cgroup/layout.ts';
import { covers } from '../register/covers.ts';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, skip } from './harness/container-host.ts';
import { type MountLine, mountAt, parseMountinfo } from './harness/mountinfo.ts';

const host = new ContainerHost();
const busybox = new Busybox(host);
const INIT = ['--', '/bin/sleep', '1000'];
const MAPPED = '\nlxc.idmap = u 0 200000 65536\nlxc.idmap = g 0 200000 65536';
const layout = skip ? undefined : detectLayout();
const v1 = layout?.hierarchies.find(({ version, controllers }) => version === 1 && controllers[0]);
/** Where a container finds its own cgroup of one hierarchy. */
const OWN_CGROUP = v1 ? `/sys/fs/cgroup/${v1.id}` : '/sys/fs/cgroup';

type Access = 'ro' | 'rw' | 'absent';
/** Paths that a token is about. Absent: no mount is there. */
interface Expected {
  readonly tokens: string;
  readonly config?: string;
  readonly access: Readonly<Record<string, Access>>;
}

/** Not every kernel has it. */
const sysrq = existsSync('/proc/sysrq-trigger');
const PROC_MIXED = {
  '/proc': 'rw',
  '/proc/sys/kernel/hostname': 'ro',
  '/proc/sys/vm/swappiness': 'ro',
  '/proc/sys/net/ipv4/ip_forward': 'rw',
  ...(sysrq ? { '/proc/sysrq-trigger': 'ro' as const } : {}),
} as const;
const PROC_RW = {
  '/proc': 'rw',
  '/proc/sys/kernel/hostname': 'rw',
  '/proc/sys/vm/swappiness': 'rw',
  '/proc/sys/net/ipv4/ip_forward': 'rw',
  ...(sysrq ? { '/proc/sysrq-trigger': 'rw' as const } : {}),
} as const;
const SYS_MIXED = { '/sys': 'ro', '/sys/kernel': 'ro', '/sys/devices/virtual/net/lo/mtu': 'rw' } as const;
const SYS_RO = { '/sys': 'ro', '/sys/kernel': 'ro', '/sys/devices/virtual/net/lo/mtu': 'ro' } as const;
const SYS_RW = { '/sys': 'rw', '/sys/kernel': 'rw', '/sys/devices/virtual/net/lo/mtu': 'rw' } as const;

/** On v1 and hybrid hosts an init with a cgroup namespace and CAP_SYS_ADMIN mounts cgroups itself. */
const leftToInit = layout && layout.kind !== 'unified';

const CASES: readonly Expected[] = [
  {
    tokens: 'proc sys cgroup',
    access: { ...PROC_MIXED, ...SYS_MIXED, [OWN_CGROUP]: leftToInit ? 'absent' : 'rw' },
  },
  {
    tokens: 'proc:mixed sys:mixed cgroup:mixed:force',
    access: { ...PROC_MIXED, ...SYS_MIXED, [OWN_CGROUP]: 'rw', ...(v1 ? { '/sys/fs/cgroup': 'ro' } : {}) },
  },
  { tokens: 'proc:rw sys:ro cgroup:ro:force', access: { ...PROC_RW, ...SYS_RO, [OWN_CGROUP]: 'ro' } },
  { tokens: 'proc:rw sys:rw cgroup:rw:force', access: { ...PROC_RW, ...SYS_RW, [OWN_CGROUP]: 'rw' } },
  {
    tokens: 'proc sys:rw cgroup-full:ro:force',
    access: { ...PROC_MIXED, ...SYS_RW, [OWN_CGROUP]: 'ro' },
  },
  { tokens: 'proc sys cgroup-full:mixed:force', access: { ...SYS_MIXED, [OWN_CGROUP]: 'rw' } },
  { tokens: 'proc sys cgroup-full:rw:force', access: { ...SYS_MIXED, [OWN_CGROUP]: 'rw' } },
  ...(layout?.hierarchies.some(({ version }) => version === 2)
    ? ([
        { tokens: 'sys:rw cgroup2', access: { ...SYS_RW, '/sys/fs/cgroup': 'rw' } },
        { tokens: 'proc sys cgroup2:ro', access: { ...SYS_MIXED, '/sys/fs/cgroup': 'ro' } },
      ] as const)
    : []),
  {
    // Without these capabilities: the network's parameters too, and cgroups that init could not mount itself.
    tokens: 'proc sys cgroup',
    config: 'lxc.cap.drop = net_admin sys_admin',
    access: {
      ...PROC_MIXED,
      '/proc/sys/net/ipv4/ip_forward': 'ro',
      ...SYS_MIXED,
      [OWN_CGROUP]: 'rw',
      ...(v1 ? { '/sys/fs/cgroup': 'ro' } : {}),
    },
  },
  {
    // A later token of the same file system replaces an earlier one.
    tokens: 'proc:rw sys:ro\nlxc.mount.auto = proc:mixed sys:rw',
    access: { ...PROC_MIXED, ...SYS_RW },
  },
];

function accessOf(mounts: Map<string, MountLine>, path: string): Access {
  const found = mountAt(mounts, path);
  const sort = path.startsWith('/proc')
    ? ['proc']
    : /cgroup/.test(path)
      ? ['cgroup', 'cgroup2', 'tmpfs']
      : ['sysfs'];
  if (!found || !sort.includes(found.type)) return 'absent';
  return found.options.includes('ro') || found.superOptions.includes('ro') ? 'ro' : 'rw';
}

for (const mapped of [false, true])
  test(`what each token makes read-only${mapped ? ', with mapped ids' : ''}`, { skip }, async () => {
    covers('lxc.mount.auto');
    const short = mapped ? 'mapped' : 'plain';
    await busybox.make(short);
    // Which mounts there are does not depend on ids: some of each suffice.
    for (const { tokens, config = '', access } of mapped ? CASES.slice(0, 4) : CASES) {
      busybox.reconfigure(
        short,
        `lxc.mount.auto =\nlxc.mount.auto = ${tokens}\n${config}${mapped ? MAPPED : ''}`,
      );
      await host.ok('start', ['-n', `@${short}`, ...INIT]);
      const pid = await host.initPid(short);
      const mounts = parseMountinfo(readFileSync(`/proc/${pid}/mountinfo`, 'utf8'));
      const seen = Object.fromEntries(Object.keys(access).map((path) => [path, accessOf(mounts, path)]));
      assert.deepEqual(seen, access, tokens);
      for (const point of ['/proc', '/sys'])
        for (const word of mounts.get(point) ? ['nosuid', 'nodev', 'noexec'] : [])
          assert.ok(mounts.get(point)!.options.includes(word), `${tokens}: ${point} ${word}`);
      await writesOf(short, access, tokens);
      await host.kill(short);
    }
  });

/** Files that the container's network namespace stands behind: its root may write them where they are not read-only. */
const OWNED = ['/proc/sys/net/ipv4/ip_forward', '/sys/devices/virtual/net/lo/mtu'];

async function writesOf(short: string, access: Expected['access'], tokens: string): Promise<void> {
  if (!access['/proc']) return;
  const paths = OWNED.filter((path) => access[path]);
  const script = paths
    .map(
      (path) =>
        `if cat ${path} >/tmp/was && (cat /tmp/was >${path}) 2>/dev/null; then echo rw; else echo ro; fi`,
    )
    .join('; ');
  const seen = (await host.inside(short, script)).split('\n');
  // Without CAP_SYS_ADMIN or CAP_NET_ADMIN nobody can write them anyhow.
  for (const [i, path] of paths.entries())
    if (!(seen[i] === 'ro' && /cap.drop/.test(CASES.find((one) => one.access === access)?.config ?? '')))
      assert.equal(seen[i], access[path], `${tokens}: a write to ${path}`);
  if (access[OWN_CGROUP] !== 'rw' || access['/sys/fs/cgroup'] === 'rw') return;
  assert.equal(
    await host.inside(short, `mkdir ${OWN_CGROUP}/made && rmdir ${OWN_CGROUP}/made && echo made`),
    'made',
  );
}

test('sysrq cannot be had in a privileged container', { skip: skip || !sysrq }, async () => {
  await busybox.start('sysrq', 'lxc.mount.auto =\nlxc.mount.auto = proc:mixed', INIT);
  assert.equal(
    await host.inside(
      'sysrq',
      'if ( echo h >/proc/sysrq-trigger ) 2>/dev/null; then echo yes; else echo no; fi',
    ),
    'no',
  );
  await host.kill('sysrq');
});

test('without mount.auto there is nothing of that', { skip }, async () => {
  await busybox.start('plain-nothing', 'lxc.mount.auto =', INIT);
  assert.equal(await host.inside('plain-nothing', 'ls /proc /sys | grep -v :'), '');
  await host.kill('plain-nothing');
});

test('files of /proc that tell of the host are masked, also for a mapped root', { skip }, async () => {
  const files = ['kcore', 'keys', 'timer_list'].filter((name) => existsSync(`/proc/${name}`));
  assert.ok(files.length > 0);
  for (const config of ['', MAPPED]) {
    await busybox.start('masked', config, INIT);
    for (const name of files) {
      // The control: the host's own is not empty, or is no device.
      assert.ok(name === 'kcore' || readFileSync(`/proc/${name}`).length > 0);
      assert.equal(
        await host.inside('masked', `stat -c '%t:%T' /proc/${name}; cat /proc/${name}`),
        '1:3',
        name,
      );
    }
    await host.kill('masked');
  }
});
