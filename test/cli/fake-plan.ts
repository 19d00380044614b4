/** The plan of a start with something of everything, for the tests of what is printed of it. */
import type { PlanResult } from '../../src/api/options.ts';
import { TslxcError } from '../../src/errors/tslxc-error.ts';
import { CLONE, MS } from '../../src/kernel/constants.ts';

const origin = { file: '/c', line: 1 };
const MOUNT = { source: 'none', fstype: '', flags: 0, data: '', propagation: 0, optional: false };

export const PLAN: PlanResult = {
  plan: {
    name: 'web',
    lxcpath: '/var/lib/tslxc',
    configFile: '/c',
    sharedMounts: [],
    nics: [
      {
        index: 0,
        type: 'veth',
        link: 'br0',
        up: true,
        ipv4: [{ address: '10.0.4.7', prefix: 24 }],
        ipv4Gateway: 'auto',
        ipv6: [],
      },
    ],
    limits: [
      {
        hierarchy: 'unified',
        controller: 'memory',
        file: 'memory.max',
        value: '1048576',
        setting: { key: 'lxc.cgroup2.memory.max', value: '1M', origin },
      },
    ],
    devices: [],
    cgroup: {},
    hostHooks: [{ type: 'pre-start', command: '/bin/a', origin }],
    hookVariables: {},
    log: { file: '/var/log/web.log', level: 'ERROR' },
    signals: { halt: 38, reboot: 0, stop: 9 },
    console: { size: 0, rotate: false, ring: 0 },
    procFiles: [],
    warnings: [],
    ephemeral: false,
    restart: { when: 'no' },
    stage: {
      name: 'web',
      hostname: 'web',
      joined: [],
      clockOffsets: [],
      namespaces: CLONE.NEWNS | CLONE.NEWPID | CLONE.NEWNET,
      idmap: [{ type: 'u', nsId: 0, hostId: 100000, range: 65536 }],
      rootfs: {
        source: '/srv/web',
        volume: { kind: 'tree', path: '/srv/web' },
        mountPoint: '/run/rootfs',
        flags: 0,
        data: '',
        inMemory: false,
      },
      mounts: [
        {
          ...MOUNT,
          what: 'mount /proc',
          kind: 'filesystem',
          source: 'proc',
          target: 'proc',
          fstype: 'proc',
          flags: MS.NOSUID,
        },
        { ...MOUNT, what: 'ro', kind: 'readonly', target: 'proc/sys', except: ['proc/sys/net'] },
      ],
      ptyMax: 10,
      ttys: 2,
      ttyDir: '',
      console: true,
      hooks: [{ type: 'start', command: '/bin/b', origin }],
      hookVersion: 0,
      hookEnv: [],
      sysctls: [],
      rlimits: [],
      capabilities: [0, 5],
      noNewPrivileges: false,
      sessionKeyring: true,
      coreScheduling: false,
      nofile: null,
      init: {
        args: ['/sbin/init', 'a b'],
        env: ['container=lxc'],
        cwd: '/',
        uid: 0,
        gid: 0,
        groups: [],
        parentDeath: 0,
      },
    },
  },
  cgroups: [
    {
      id: 'unified',
      version: 2,
      mountpoint: '/cg',
      controllers: ['memory'],
      limit: '/cg/tslxc.payload.web',
      inner: '/cg/tslxc.payload.web/ns',
      scaffold: [],
    },
  ],
  warnings: [
    new TslxcError({ code: 'NOT_SUPPORTED', message: 'lxc.x is not acted on', file: '/c', line: 3 }),
  ],
  notes: ['the default bridge is not there'],
};
