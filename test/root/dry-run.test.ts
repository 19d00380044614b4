/** `tslxc-start --dry-run` tells the truth: all that it prints is found in the container that is then started. */

import assert from 'node:assert/strict';
import { chmodSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { PlanResult } from '../../src/api/options.ts';
import { CLONE, MS, RLIMIT } from '../../src/kernel/constants.ts';
import { hasInterface } from '../../src/network/nic-plan.ts';
import { driverOf } from '../../src/network/nics/nics.ts';
import { covers } from '../register/covers.ts';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, skip } from './harness/container-host.ts';
import { statusField } from './harness/leftovers.ts';
import { type MountLine, mountsOfProcess } from './harness/mountinfo.ts';
import { sh } from './harness/run-command.ts';

const host = new ContainerHost();
const busybox = new Busybox(host);

type Printed = PlanResult['plan'] & Omit<PlanResult, 'plan'>;

const INIT = ['/bin/sleep', '1000'];
const HOOKS = ['pre-start', 'pre-mount', 'mount', 'autodev', 'start-host'];

/** Everything that a plan tells of, in one config. */
async function configOf(short: string, mapped: boolean): Promise<string> {
  const { name: bridge, net } = await host.bridge();
  return [
    'lxc.uts.name = planned.example',
    'lxc.arch = i686',
    'lxc.init.cwd = /var',
    'lxc.init.uid = 0',
    'lxc.init.gid = 7',
    'lxc.init.groups = 20,30',
    'lxc.environment = BOTH=for all',
    'lxc.environment.runtime = INIT=for init',
    'lxc.environment.hooks = HOOK=for hooks',
    'lxc.rootfs.options = nosuid',
    'lxc.mount.auto =',
    'lxc.mount.auto = proc:mixed sys:mixed cgroup:mixed:force',
    `lxc.mount.auto = shmounts:${host.root}/shared-${short}`,
    `lxc.mount.entry = ${host.root} mnt/bound none bind,ro,nosuid,create=dir 0 0`,
    'lxc.mount.entry = etc/passwd mnt/inner none bind,relative,create=file 0 0',
    'lxc.mount.entry = tmp mnt/tmp tmpfs size=64k,nodev,create=dir 0 0',
    'lxc.mount.entry = nothing mnt/nothing none bind,optional,create=dir 0 0',
    'lxc.autodev.tmpfs.size = 1M',
    'lxc.tty.max = 3',
    'lxc.pty.max = 20',
    'lxc.tty.dir = terminals',
    `lxc.console.logfile = ${host.root}/console-${short}`,
    'lxc.cap.drop = net_raw',
    'lxc.no_new_privs = 1',
    'lxc.prlimit.nofile = 512:1024',
    'lxc.prlimit.core = 0',
    'lxc.sysctl.net.ipv4.ip_forward = 1',
    'lxc.cgroup.memory.limit_in_bytes = 256M',
    'lxc.cgroup.pids.max = 77',
    'lxc.cgroup2.cpu.weight = 50',
    'lxc.net.0.type = veth',
    `lxc.net.0.link = ${bridge}`,
    'lxc.net.0.flags = up',
    'lxc.net.0.name = lan0',
    'lxc.net.0.hwaddr = 02:00:00:aa:bb:01',
    'lxc.net.0.mtu = 1400',
    `lxc.net.0.veth.pair = ${host.mark.slice(-8)}${mapped ? 'm' : 'p'}`,
    `lxc.net.0.ipv4.address = ${net}.7/24`,
    `lxc.net.0.ipv4.gateway = ${net}.1`,
    ...HOOKS.map((type) => `lxc.hook.${type} = echo ${type} "$HOOK" >>${host.root}/hooks-${short}; true`),
    // Inside there is nothing of the host's to write to.
    'lxc.hook.start = echo start "$HOOK" >/root/start; true',
    ...(mapped ? ['lxc.idmap = u 0 300000 65536', 'lxc.idmap = g 0 300000 65536'] : []),
  ].join('\n');
}

for (const mapped of [false, true])
  test(`what is planned is what is found${mapped ? ', with mapped ids' : ''}`, { skip }, async () => {
    covers('lxc.environment.runtime', 'lxc.environment.hooks', 'lxc.init.groups');
    covers('lxc.net.N.type', 'lxc.net.N.link', 'lxc.net.N.flags');
    const short = mapped ? 'mapped' : 'plain';
    await busybox.make(short);
    busybox.reconfigure(short, await configOf(short, mapped));
    // The hooks of a mapped container are run by its root.
    writeFileSync(join(host.root, `hooks-${short}`), '', { mode: 0o666 });
    chmodSync(join(host.root, `hooks-${short}`), 0o666);
    const before = host.leftovers();
    const plan = JSON.parse(
      await host.ok('start', ['-n', `@${short}`, '--dry-run', '--json', '--', ...INIT]),
    ) as Printed;
    assert.deepEqual(host.leftovers(), before, 'a dry run touches nothing');
    await host.ok('start', ['-n', `@${short}`, '--', ...INIT]);
    const pid = await host.initPid(short);
    try {
      for (const compare of COMPARISONS) await compare(plan, pid, short);
    } finally {
      await host.kill(short);
    }
  });

type Comparison = (plan: Printed, pid: number, short: string) => void | Promise<void>;
const COMPARISONS: readonly Comparison[] = [
  process_,
  identity,
  namespaces,
  mounts,
  devices,
  cgroups,
  network,
  limits,
  hooks,
  kernelParameters,
];

const lines = (file: string) => readFileSync(file, 'latin1').split('\0').slice(0, -1);

function process_({ stage }: Printed, pid: number): void {
  assert.deepEqual(lines(`/proc/${pid}/cmdline`), stage.init.args);
  assert.equal(readlinkSync(`/proc/${pid}/cwd`), stage.init.cwd);
  // The ptys' numbers are known when there are ptys.
  const environment = lines(`/proc/${pid}/environ`).filter((one) => !one.startsWith('container_ttys='));
  assert.deepEqual(environment.sort(), [...stage.init.env].sort());
  assert.deepEqual(environment.sort(), ['BOTH=for all', 'INIT=for init', 'container=lxc']);
  assert.equal(readFileSync(`/proc/${pid}/personality`, 'utf8').trim(), '00000008');
  assert.equal(stage.personality, 8);
}

function identity({ stage }: Printed, pid: number): void {
  for (const [type, file] of [
    ['u', 'uid_map'],
    ['g', 'gid_map'],
  ] as const) {
    const map = stage.idmap.filter((entry) => entry.type === type);
    const shown = readFileSync(`/proc/${pid}/${file}`, 'utf8').trim().split(/\s+/).map(Number);
    const whole = [0, 0, 4294967295];
    assert.deepEqual(
      shown,
      map.length === 0 ? whole : map.flatMap(({ nsId, hostId, range }) => [nsId, hostId, range]),
    );
  }
  const base = stage.idmap[0]?.hostId ?? 0;
  const { uid, gid, groups } = stage.init;
  const four = (id: number) =>
    Array(4)
      .fill(base + id)
      .join('\t');
  assert.equal(statusField(pid, 'Uid'), four(uid));
  assert.equal(statusField(pid, 'Gid'), four(gid));
  assert.equal(statusField(pid, 'Groups').trim(), groups.map((id) => base + id).join(' '));
  const kept = stage.capabilities.reduce((sum, number) => sum | (1n << BigInt(number)), 0n);
  for (const set of ['CapBnd', 'CapPrm', 'CapEff'])
    assert.equal(BigInt(`0x${statusField(pid, set)}`), kept, set);
  assert.equal(statusField(pid, 'NoNewPrivs'), String(Number(stage.noNewPrivileges)));
  assert.equal(statusField(pid, 'Seccomp'), stage.seccomp ? '2' : '0');
}

const KINDS = {
  mnt: 'NEWNS',
  uts: 'NEWUTS',
  ipc: 'NEWIPC',
  pid: 'NEWPID',
  net: 'NEWNET',
  cgroup: 'NEWCGROUP',
};

async function namespaces({ stage }: Printed, pid: number): Promise<void> {
  const own = (kind: string, of: number | 'self') => readlinkSync(`/proc/${of}/ns/${kind}`);
  for (const [kind, flag] of Object.entries(KINDS))
    assert.equal(
      own(kind, pid) !== own(kind, 'self'),
      (stage.namespaces & CLONE[flag as keyof typeof CLONE]) !== 0,
      kind,
    );
  assert.equal(own('user', pid) !== own('user', 'self'), stage.idmap.length > 0);
  assert.equal((await sh(`nsenter -t ${pid} -u hostname`)).trim(), stage.hostname);
}

const WORDS: readonly (readonly [number, string])[] = [
  [MS.RDONLY, 'ro'],
  [MS.NOSUID, 'nosuid'],
  [MS.NODEV, 'nodev'],
  [MS.NOEXEC, 'noexec'],
];
const words = (flags: number) => WORDS.flatMap(([bit, word]) => (flags & bit ? [word] : []));

function includesAll(line: MountLine | undefined, expected: readonly string[], what: string): void {
  assert.ok(line, `${what}: nothing is mounted there`);
  for (const word of expected) assert.ok(line.options.includes(word), `${what}: ${word} in ${line.options}`);
}

/** A default, and a word of mount(2). */
const NOT_SHOWN: ReadonlySet<string> = new Set(['mode=1777', 'none']);

/** Each mount of the plan is there with its flags, and there is none besides. */
function mounts({ stage, sharedMounts }: Printed, pid: number): void {
  const found = mountsOfProcess(pid);
  const claimed = new Set(['/', '/dev', '/dev/pts', '/proc/sys/kernel/random/boot_id']);
  includesAll(found.get('/'), words(stage.rootfs.flags), 'the root');
  for (const mount of stage.mounts) {
    const point = `/${mount.target}`;
    const line = found.get(point);
    if (mount.optional && !line) continue;
    claimed.add(point);
    includesAll(line, mount.kind === 'readonly' ? ['ro'] : words(mount.flags), mount.what);
    if (mount.kind === 'filesystem') {
      assert.equal(line!.type, mount.fstype, mount.what);
      for (const option of mount.data.split(',').filter((one) => one && !NOT_SHOWN.has(one)))
        assert.ok(line!.superOptions.includes(option), `${mount.what}: ${option} in ${line!.superOptions}`);
    }
    for (const path of mount.except ?? []) {
      claimed.add(`/${path}`);
      includesAll(found.get(`/${path}`), ['rw'], `the writable part /${path}`);
    }
  }
  const folder = stage.ttyDir ? `/dev/${stage.ttyDir}` : '/dev';
  for (const name of ['console', ...Array.from({ length: stage.ttys }, (_, i) => `tty${i + 1}`)]) {
    claimed.add(`${folder}/${name}`);
    assert.equal(found.get(`${folder}/${name}`)?.type, 'devpts', name);
  }
  // With a user namespace the host's nodes are bound.
  if (stage.idmap.length > 0) for (const { name } of stage.dev?.nodes ?? []) claimed.add(`/dev/${name}`);
  assert.deepEqual(
    [...found.keys()].filter((point) => !claimed.has(point)),
    [],
    'a mount that the plan does not know',
  );
  const own = mountsOfProcess('self');
  for (const { path } of sharedMounts) assert.deepEqual(own.get(path)?.propagation, ['shared']);
}

async function devices({ stage, console: { log } }: Printed, pid: number): Promise<void> {
  const dev = `/proc/${pid}/root/dev`;
  const found = mountsOfProcess(pid);
  const size = Math.floor((stage.dev?.size ?? 0) / 4096) * 4;
  assert.ok(
    found.get('/dev')?.superOptions.includes(`size=${size}k`),
    String(found.get('/dev')?.superOptions),
  );
  for (const { name, major, minor } of stage.dev?.nodes ?? [])
    assert.equal(
      await sh(`stat -c '%t:%T %a' ${dev}/${name}`),
      `${major.toString(16)}:${minor.toString(16)} 666\n`,
      name,
    );
  assert.ok(found.get('/dev/pts')?.superOptions.includes(`max=${stage.ptyMax}`));
  assert.ok(log !== undefined && readFileSync(log) !== undefined, 'the log of the console is there');
}

function cgroups({ cgroups: planned, limits: set, devices: rules, stage }: Printed, pid: number): void {
  const shown = new Map(
    readFileSync(`/proc/${pid}/cgroup`, 'utf8')
      .trim()
      .split('\n')
      .map((line) => {
        const [, controllers = '', path = ''] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
        return [controllers, path];
      }),
  );
  for (const { id, version, mountpoint, inner } of planned)
    assert.equal(join(mountpoint, shown.get(version === 2 ? '' : id) ?? '?'), inner, id);
  const place = new Map(planned.map(({ id, limit }) => [id, limit]));
  assert.ok(set.length >= 3);
  for (const { hierarchy, file, value, setting } of set)
    if (file !== null)
      assert.equal(readFileSync(join(place.get(hierarchy)!, file), 'utf8').trim(), value, setting.key);
  // On v2 the rules are a program, which nobody can read back.
  const v1 = planned.find(({ version, controllers }) => version === 1 && controllers.includes('devices'));
  if (!v1 || stage.idmap.length > 0) return;
  const number = (value: number | null) => (value === null ? '*' : String(value));
  const access = (bits: number) =>
    [...'mrw']
      .filter((_, i) => bits & (1 << i))
      .sort((a, b) => 'rwm'.indexOf(a) - 'rwm'.indexOf(b))
      .join('');
  assert.deepEqual(
    readFileSync(join(v1.limit, 'devices.list'), 'utf8').trim().split(/ ?\n/).sort(),
    rules
      .filter(({ allow }) => allow)
      .map(
        ({ type, major, minor, access: bits }) => `${type} ${number(major)}:${number(minor)} ${access(bits)}`,
      )
      .sort(),
  );
}

async function network({ nics, stage }: Printed, pid: number): Promise<void> {
  assert.equal(stage.namespaces & CLONE.NEWNET, CLONE.NEWNET);
  const inside = JSON.parse(await sh(`nsenter -t ${pid} -n ip -j addr`)) as Link[];
  const outside = JSON.parse(await sh('ip -j addr')) as Link[];
  const routes = await sh(`nsenter -t ${pid} -n ip route`);
  assert.deepEqual(inside.map(({ ifname }) => ifname).sort(), ['lo', ...nics.map(({ name }) => name)].sort());
  for (const nic of nics.filter(hasInterface)) {
    const link = inside.find(({ ifname }) => ifname === nic.name)!;
    assert.equal(link.address, nic.hwaddr);
    assert.equal(link.mtu, nic.mtu);
    assert.equal(link.flags.includes('UP'), nic.up);
    for (const { address, prefix, broadcast } of nic.ipv4)
      assert.ok(
        link.addr_info.some(
          (one) => one.local === address && one.prefixlen === prefix && one.broadcast === broadcast,
        ),
        JSON.stringify(link.addr_info),
      );
    assert.match(routes, new RegExp(`^default via ${nic.ipv4Gateway} dev ${nic.name}`, 'm'));
    assert.equal(outside.find(({ ifname }) => ifname === driverOf(nic).hostInterface(nic))?.master, nic.link);
  }
}

interface Link {
  readonly ifname: string;
  readonly address: string;
  readonly mtu: number;
  readonly master?: string;
  readonly flags: readonly string[];
  readonly addr_info: readonly { local: string; prefixlen: number; broadcast?: string }[];
}

const TITLES: Record<number, string> = {
  [RLIMIT.nofile]: 'Max open files',
  [RLIMIT.core]: 'Max core file size',
};

function limits({ stage }: Printed, pid: number): void {
  const shown = readFileSync(`/proc/${pid}/limits`, 'utf8');
  assert.equal(stage.rlimits.length, 2);
  for (const { resource, soft, hard } of stage.rlimits)
    assert.match(shown, new RegExp(`^${TITLES[resource]} +${soft} +${hard} `, 'm'));
}

function hooks({ stage, hostHooks, hookVariables }: Printed, _pid: number, short: string): void {
  const planned = [...hostHooks, ...stage.hooks].map(({ type }) => type);
  assert.deepEqual([...planned].sort(), [...HOOKS, 'start'].sort());
  const env = [...stage.hookEnv].filter((one) => /^(BOTH|HOOK|INIT)=/.test(one));
  assert.deepEqual(env, ['BOTH=for all', 'HOOK=for hooks']);
  assert.equal(hookVariables.LXC_NAME, host.name(short));
  // lxc.environment.hooks reaches every hook, on the host and in the stage.
  assert.deepEqual(
    readFileSync(join(host.root, `hooks-${short}`), 'utf8')
      .trim()
      .split(/ ?\n/),
    HOOKS.map((type) => `${type} for hooks`),
  );
  assert.equal(readFileSync(join(host.rootfs(short), 'root/start'), 'utf8'), 'start for hooks\n');
}

async function kernelParameters({ stage, signals }: Printed, pid: number): Promise<void> {
  for (const { name, value } of stage.sysctls)
    assert.equal((await sh(`nsenter -t ${pid} -n cat /proc/sys/${name.replaceAll('.', '/')}`)).trim(), value);
  assert.equal(signals.halt, constants.signals.SIGUSR1);
}
