/**
 * V8 compiles a function when it is first called. In a stage everything is called for the first
 * time, in a process that ends moments later; so the fork server goes through the noopKernel once,
 * against a kernel that does nothing, and its children inherit the compiled code. Saves a start
 * about a third of its time.
 */
import type { Calls } from '../kernel/binding.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { kernelOver } from '../kernel/linux.ts';
import { findLink } from '../network/links.ts';
import { withNetlink } from '../network/netlink.ts';
import type { ToStage } from './channel.ts';
import type { StageOrder } from './order.ts';
import type { AttachStagePlan, StartStagePlan } from './plan.ts';
import { runStage } from './run-stage.ts';

class EndOfWarmUp extends Error {}

/** As a start of the smallest container. */
const START: StartStagePlan = {
  name: 'warm-up',
  hostname: 'warm-up',
  namespaces: 0,
  joined: [],
  clockOffsets: [],
  idmap: [],
  rootfs: {
    source: '/',
    volume: { kind: 'tree', path: '/' },
    mountPoint: '/',
    flags: 1,
    data: '',
    inMemory: false,
  },
  mounts: (['filesystem', 'bind', 'readonly'] as const).map((kind) => ({
    what: kind,
    kind,
    source: '',
    target: 'proc',
    fstype: '',
    flags: 1,
    data: '',
    propagation: 1,
    create: 'dir',
    optional: true,
    except: ['proc/sys'],
  })),
  dev: { size: 0, nodes: [{ name: 'null', major: 1, minor: 3 }] },
  ptyMax: 1,
  ttys: 1,
  ttyDir: '',
  console: true,
  hooks: [],
  hookVersion: 0,
  hookEnv: [],
  sysctls: [],
  rlimits: [],
  capabilities: [0],
  noNewPrivileges: false,
  sessionKeyring: true,
  coreScheduling: false,
  nofile: { soft: 1, hard: 1 },
  seccomp: { filter: '', notify: false },
  init: { args: ['/proc/self/exe'], env: [], cwd: '/', uid: 0, gid: 0, groups: [], parentDeath: 0 },
};

/** Messages that a start receives, in their order. */
const MADE: readonly ToStage[] = [
  { type: 'cgroups', files: ['/dev/null'] },
  { type: 'network', nics: [] },
];

const ATTACH: AttachStagePlan = {
  name: 'warm-up',
  namespaces: 0,
  cgroupFiles: [],
  remountProcSys: false,
  sessionKeyring: true,
  coresOf: null,
  capabilities: [0],
  noNewPrivileges: false,
  rlimits: [],
  groups: [],
  uid: 0,
  gid: 0,
  args: ['/proc/self/exe'],
  env: [],
  cwd: '/',
  terminal: 0,
  owner: { uid: 0, gid: 0 },
  nofile: { soft: 1, hard: 1 },
};

/**
 * Goes through a start, an attach and a look at the network. Changes nothing but this process's
 * compiled code.
 */
export function warmUp(kernel: Kernel): void {
  playStage({ kind: 'start', plan: START, fds: {}, initCgroup: '/' });
  playStage({ kind: 'attach', plan: ATTACH, fds: { stdin: 0, stdout: 0, stderr: 0, init: 0 } });
  // Only reads, so the real kernel can be asked: a reply is what has to be taken apart.
  withNetlink(kernel, (netlink) => findLink(netlink, 'lo'));
}

/**
 * No descriptor of this process's: an operation on it that is not a verb of the kernel fails.
 */
const DESCRIPTOR = 1_000_000;

/**
 * A kernel whose verbs do all that they do but for the system call itself. `messages`: what the
 * manager says.
 */
function noopKernel(messages: ToStage[]): Kernel {
  const end = () => {
    throw new EndOfWarmUp();
  };
  const script: Partial<Calls> = {
    exit: end,
    execve: end,
    fork: () => 0,
    clone3: () => 0,
    prctl: () => 0,
    umask: () => 0,
    addressOf: () => 0,
    // The byte that lets a forked child go; of a list of mappings nothing.
    read: (_fd, _buffer, length) => (length === 1 ? 1 : 0),
    send: (_fd, _bytes, length) => length,
    // No more messages: the manager has hung up.
    recv(_fd, buffer) {
      const message = messages.shift();
      return message ? Buffer.from(`${JSON.stringify(message)}\n`).copy(buffer) : 0;
    },
  };
  const calls = new Proxy({} as Calls, {
    get: (_target, name) => script[name as keyof Calls] ?? (() => DESCRIPTOR),
  });
  return kernelOver(calls);
}

function playStage(order: StageOrder): void {
  const made = order.kind === 'start' ? MADE : [];
  const messages: ToStage[] = [{ type: 'plan', order }, ...made, { type: 'go' }];
  try {
    runStage(noopKernel(messages), order.kind, 0, 0);
  } catch (error) {
    if (!(error instanceof EndOfWarmUp)) throw error;
  }
}
