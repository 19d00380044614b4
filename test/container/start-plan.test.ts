/** The plan of a start: a config and facts about a host in, plain data out; nothing of this host is looked at. */

import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { parseLayout } from '../../src/cgroup/layout.ts';
import type { ContainerSpec } from '../../src/config/container-spec.ts';
import type { HostFacts } from '../../src/container/plan/host-facts.ts';
import { planStart } from '../../src/container/plan/start-plan.ts';
import { TslxcError } from '../../src/errors/tslxc-error.ts';
import { CLONE, MS, PERSONALITY, RLIMIT } from '../../src/kernel/constants.ts';
import { nicFaults } from '../../src/network/nic-checks.ts';
import { hasInterface } from '../../src/network/nic-plan.ts';
import { capabilityNumber } from '../../src/security/capabilities.ts';
import { UNIFIED } from '../cgroup/layouts.ts';
import { load } from '../config/config-folder.ts';
import { cpuTime } from '../util/cpu-time.ts';

const HOST: HostFacts = {
  layout: parseLayout(UNIFIED),
  lastCapability: 40,
  missingCapabilities: [],
  cgroupNamespaces: true,
  hardwareThreads: () => false,
  namespaces: {
    own: (name) => ({ path: `/proc/self/ns/${name}`, link: `${name}:[1]`, owner: 'user:[1]' }),
    find: (name) => ({
      path: `/proc/42/ns/${name}`,
      link: `${name}:[2]`,
      owner: 'user:[2]',
      whose: 'process 42',
      ...(name === 'user' ? { idmap: [] } : {}),
    }),
  },
  nofile: { soft: 1024, hard: 4096 },
  rootfsMount: '/run/rootfs',
  seccomp: {
    filtered: false,
    compile: () => ({ filter: '', notifies: false, unknown: [] }),
  },
};
const REF = { name: 'web', lxcpath: '/var/lib/tslxc' };
const ROOTFS = 'lxc.rootfs.path = dir:/srv/web/rootfs';

function plan(t: TestContext, lines: readonly string[] = [], host: Partial<HostFacts> = {}) {
  return planStart(REF, load(t, [ROOTFS, ...lines].join('\n')), { ...HOST, ...host });
}

/** `CODE line` of what the plan throws; the file is the config's. */
function fault(t: TestContext, lines: readonly string[]): string {
  try {
    plan(t, lines);
  } catch (error) {
    assert.ok(error instanceof TslxcError);
    assert.match(error.file ?? '', /\/config$/);
    return `${error.code} ${error.line}`;
  }
  throw new Error('there is a plan');
}

/** A container that no config file describes: as another front would hand it over. */
function described(settings: Readonly<Record<string, unknown>>): ContainerSpec {
  const origin = { file: '/bundle/config.json', line: 1, column: 1 };
  const setting = (key: string) =>
    key in settings ? { key, value: settings[key], text: String(settings[key]), origin } : undefined;
  const none: ContainerSpec['getAll'] = () => [];
  return {
    file: origin.file,
    get: ((key: string) => setting(key)) as ContainerSpec['get'],
    getAll: none,
    subtree: () => [],
    cgroupSettings: () => [],
    nics: () => [],
  };
}

it('plans a container that no config file describes', () => {
  const { stage, configFile } = planStart(
    REF,
    described({
      'lxc.rootfs.path': { type: 'dir', path: '/bundle/rootfs' },
      'lxc.uts.name': 'bundle',
      'lxc.tty.max': 2,
    }),
    HOST,
  );
  assert.deepEqual(
    [stage.hostname, stage.rootfs.source, stage.ttys, configFile],
    ['bundle', '/bundle/rootfs', 2, '/bundle/config.json'],
  );
});

const targets = (mounts: readonly { kind: string; target: string }[]) =>
  mounts.map(({ kind, target }) => `${kind} ${target}`);

describe('the plan of a start', () => {
  it('has the defaults of LXC', (t) => {
    const { stage, signals, hookVariables, log, ephemeral } = plan(t);
    assert.deepEqual(stage.rootfs.source, '/srv/web/rootfs');
    assert.deepEqual(stage.rootfs.mountPoint, '/run/rootfs');
    assert.deepEqual(stage.init, {
      args: ['/sbin/init'],
      env: ['container=lxc'],
      cwd: '/',
      uid: 0,
      gid: 0,
      groups: [],
      parentDeath: 0,
    });
    assert.equal(stage.hostname, 'web');
    assert.equal(stage.namespaces & CLONE.NEWNET, CLONE.NEWNET);
    assert.equal(stage.namespaces & CLONE.NEWUSER, 0);
    assert.equal(stage.capabilities.length, 41);
    assert.equal(stage.dev?.nodes.length, 6);
    assert.deepEqual(stage.nofile, { soft: 1024, hard: 4096 });
    assert.deepEqual(signals, { halt: 0, reboot: 0, stop: 9 });
    assert.equal(hookVariables.LXC_NAME, 'web');
    assert.equal(log.level, 'ERROR');
    assert.equal(ephemeral, false);
  });

  it('mounts proc:mixed read-only but for the network of a container that may set it', (t) => {
    const [proc, sys, trigger] = plan(t, ['lxc.mount.auto = proc:mixed']).stage.mounts;
    assert.deepEqual([proc?.fstype, proc?.flags], ['proc', MS.NOSUID | MS.NODEV | MS.NOEXEC]);
    assert.deepEqual([sys?.kind, sys?.target, sys?.except], ['readonly', 'proc/sys', ['proc/sys/net']]);
    assert.deepEqual([trigger?.target, trigger?.optional], ['proc/sysrq-trigger', true]);
    const without = plan(t, ['lxc.mount.auto = proc:mixed', 'lxc.cap.drop = net_admin']);
    assert.deepEqual(without.stage.mounts[1]?.except, []);
  });

  it('mounts in the order automatic, entries; each knows its line', (t) => {
    const { mounts } = plan(t, [
      'lxc.mount.entry = /srv/data /data none bind,ro,create=dir,optional 0 0',
      'lxc.mount.auto = sys:ro',
    ]).stage;
    assert.deepEqual(targets(mounts), ['filesystem sys', 'readonly sys', 'bind data']);
    assert.deepEqual(
      mounts.map(({ origin }) => origin?.line),
      [3, 3, 2],
    );
    const { flags, create, optional, source } = mounts[2]!;
    assert.deepEqual([flags, create, optional, source], [MS.BIND | MS.RDONLY, 'dir', true, '/srv/data']);
  });

  it('keeps or drops capabilities of those that the kernel has', (t) => {
    const dropped = plan(t, ['lxc.cap.drop = sys_module mac_admin']).stage.capabilities;
    assert.equal(dropped.length, 39);
    assert.ok(!dropped.includes(capabilityNumber('sys_module')));
    assert.deepEqual(plan(t, ['lxc.cap.keep = none']).stage.capabilities, []);
    assert.deepEqual(plan(t, ['lxc.cap.keep = chown kill']).stage.capabilities, [0, 5]);
    assert.deepEqual(
      plan(t, ['lxc.cap.keep = checkpoint_restore'], { lastCapability: 37 }).stage.capabilities,
      [],
    );
  });

  it('carries the id map', (t) => {
    const { idmap } = plan(t, ['lxc.idmap = u 0 100000 65536', 'lxc.idmap = g 0 200000 65536']).stage;
    assert.deepEqual(
      idmap.map(({ origin, ...entry }) => ({ ...entry, line: origin?.line })),
      [
        { type: 'u', nsId: 0, hostId: 100000, range: 65536, line: 2 },
        { type: 'g', nsId: 0, hostId: 200000, range: 65536, line: 3 },
      ],
    );
  });

  it('names interfaces without a name by their order, around the names that are given', (t) => {
    const names = (...lines: string[]) => plan(t, lines).nics.map(({ name }) => name);
    const veth = (...numbers: number[]) => numbers.map((number) => `lxc.net.${number}.type = veth`);
    assert.deepEqual(names(...veth(1, 5)), ['eth0', 'eth1']);
    assert.deepEqual(names('lxc.net.0.type = empty', ...veth(9)), [undefined, 'eth0']);
    assert.deepEqual(names('lxc.net.0.type = phys', 'lxc.net.0.link = eth0', ...veth(1)), ['eth0', 'eth1']);
    assert.deepEqual(names(...veth(0, 1), 'lxc.net.0.name = lan%d', 'lxc.net.1.name = lan0'), [
      'lan1',
      'lan0',
    ]);
    assert.deepEqual(names(...veth(2, 3, 4), 'lxc.net.3.name = eth0'), ['eth1', 'eth0', 'eth2']);
  });

  it('passes over limits that the host has nothing for, with a warning; lxc.strict refuses them', (t) => {
    const limit = 'lxc.cgroup2.net_bogus.x = 1';
    const { limits, warnings } = plan(t, [limit]);
    assert.deepEqual(limits, []);
    assert.deepEqual(
      warnings.map(({ line, hint }) => [line, hint]),
      [[2, undefined]],
    );
    assert.equal(fault(t, [limit, 'lxc.strict = 1']), 'CONTROLLER_MISSING 2');
    assert.equal(fault(t, ['lxc.cgroup.memory.limit_in_byte = 1G']), 'CGROUP_UNTRANSLATABLE 2');
  });

  it('plans nics by their numbers; none shares the network of the host', (t) => {
    const { nics, stage } = plan(t, [
      'lxc.net.1.type = empty',
      'lxc.net.0.type = veth',
      'lxc.net.0.link = br0',
      'lxc.net.0.flags = up',
      'lxc.net.0.ipv4.address = 10.0.4.7/24',
      'lxc.net.0.ipv4.gateway = auto',
    ]);
    assert.deepEqual(
      nics.map(({ index, type, link }) => [index, type, link]),
      [
        [0, 'veth', 'br0'],
        [1, 'empty', undefined],
      ],
    );
    const [nic] = nics.filter(hasInterface);
    assert.deepEqual(nic?.ipv4, [{ address: '10.0.4.7', prefix: 24, broadcast: '10.0.4.255' }]);
    assert.deepEqual([nic?.up, nic?.ipv4Gateway, nic?.origins?.link?.line], [true, 'auto', 4]);
    assert.equal(stage.namespaces & CLONE.NEWNET, CLONE.NEWNET);
    const shared = plan(t, ['lxc.net.0.type = none']).stage;
    assert.deepEqual([shared.joined, shared.namespaces & CLONE.NEWNET], [[], 0]);
  });

  it('sets a personality for 32-bit architectures only', (t) => {
    assert.equal(plan(t, ['lxc.arch = i686']).stage.personality, PERSONALITY.LINUX32);
    assert.equal(plan(t, ['lxc.arch = x86_64']).stage.personality, undefined);
  });

  it('leaves the limit of open files to lxc.prlimit.nofile', (t) => {
    const { rlimits, nofile } = plan(t, ['lxc.prlimit.nofile = 512:unlimited']).stage;
    const [{ resource, soft, hard, origin } = assert.fail()] = rlimits;
    assert.deepEqual([resource, soft, hard, origin?.line], [RLIMIT.nofile, 512, null, 2]);
    assert.equal(nofile, null);
  });

  it('splits the command of init at blanks outside quotes; the one of the command line wins', (t) => {
    const line = `lxc.init.cmd = /bin/sh -c "echo a b" 'c d'`;
    assert.deepEqual(plan(t, [line]).stage.init.args, ['/bin/sh', '-c', 'echo a b', 'c d']);
    const config = load(t, `${ROOTFS}\n${line}`);
    assert.deepEqual(planStart(REF, config, HOST, { init: ['/bin/true'] }).stage.init.args, ['/bin/true']);
  });

  it('translates limits for the host', (t) => {
    const { limits } = plan(t, ['lxc.cgroup.memory.limit_in_bytes = 64M']);
    assert.deepEqual(
      limits.map(({ file, value }) => [file, value]),
      [['memory.max', '67108864']],
    );
  });

  it('refuses what cannot be done, with the line', (t) => {
    assert.equal(fault(t, ['lxc.cap.drop = kill', 'lxc.cap.keep = chown']), 'CONFIG_CONFLICT 3');
    assert.equal(fault(t, ['lxc.mount.entry = tmpfs mnt tmpfs idmap=container']), 'NOT_SUPPORTED 2');
    assert.equal(fault(t, ['lxc.cgroup2.memory.max = lots']), 'CGROUP_VALUE 2');
    assert.throws(() => planStart(REF, load(t, 'lxc.uts.name = web'), HOST), {
      code: 'ROOTFS_MISSING',
      container: 'web',
    });
  });
});

describe('a config of 16,000 lines', () => {
  const LINES = 16_000;
  /** Seconds of a quiet machine. */
  const limit = 1000 * Number(process.env.TSLXC_TEST_PATIENCE ?? 1);
  const TEXTS: Readonly<Record<string, (i: number) => string>> = {
    'one limit again and again': () => 'lxc.cgroup.memory.limit_in_bytes = 1G',
    'a line for each device': (i) => `lxc.cgroup2.io.max = 8:${i} rbps=1`,
    'limits that look at others': (i) =>
      i % 2 ? 'lxc.cgroup.memory.limit_in_bytes = 1G' : 'lxc.cgroup2.memory.swap.max = 1G',
    mounts: (i) => `lxc.mount.entry = /srv mnt/${i} none bind 0 0`,
    devices: (i) => `lxc.cgroup.devices.allow = c 10:${i} rwm`,
    nics: (i) => `lxc.net.${i}.type = veth`,
    'nics at fault': (i) => `lxc.net.${i >> 1}.${i % 2 ? 'veth.vlan.id = 3' : 'type = veth'}`,
  };
  for (const [what, line] of Object.entries(TEXTS))
    it(`is planned in time: ${what}`, (t) => {
      const lines = Array.from({ length: LINES }, (_, i) => line(i));
      const begin = cpuTime();
      nicFaults(plan(t, lines).nics);
      assert.ok(cpuTime() - begin < limit, `${Math.round(cpuTime() - begin)} ms`);
    });

  it('tells its mistakes at once, up to a thousand', (t) => {
    const begin = cpuTime();
    const lines = Array.from({ length: LINES }, () => 'lxc.cgroup.memory.limit_in_bytes = lots');
    assert.throws(
      () => plan(t, lines),
      (error: TslxcError) => {
        assert.deepEqual([error.line, error.also.length, error.also[0]!.line], [2, 999, 3]);
        return true;
      },
    );
    assert.ok(cpuTime() - begin < limit);
  });
});
