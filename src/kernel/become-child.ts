/**
 * A process goes on as a child of itself. Pid and time namespaces, and a birth in a cgroup, are for
 * children only; but the process that has prepared everything needs no second one, it needs to be
 * one. A fork would copy the memory of a Node, page by page, only to throw the original away: 2 ms
 * there, 2 ms in the end.
 *
 * So this is vfork(2) with the roles exchanged: the child gets the memory itself (CLONE_VM), the
 * parent sleeps in the kernel (CLONE_VFORK), and the first thing that the child does is to have it
 * killed there. It never runs again, and could not: its stack has gone on without it. A child in a
 * new pid namespace can name no process outside; so the parent arms a pipe beforehand, whose first
 * byte sends SIGKILL to its owner (F_SETSIG of fcntl(2)), which is the parent.
 *
 * Nothing is mapped anew, so that what makes a fork of V8 uncertain (fork.ts) cannot happen here.
 * Only for a process with one thread.
 */
import type { Calls } from './binding.ts';
import { CLONE, F, O, SIG, SYS } from './constants.ts';
import { cloneArguments } from './structs.ts';

const pid = Buffer.alloc(4);
const pipeFds = Buffer.alloc(8);
const byte = Buffer.alloc(1);

/**
 * Returns in the child: its pid, as the caller's pid namespace has it.
 * @param cgroup descriptor of the v2 cgroup that the child is born in: that costs nothing, while
 *   moving there by cgroup.procs waits for an RCU grace period (5 ms and more)
 * @throws KernelError in the caller, which goes on, if the kernel refuses
 */
export function becomeOwnChild(calls: Calls, cgroup?: number): number {
  calls.pipe2(pipeFds, O.CLOEXEC);
  const [end, trigger] = [pipeFds.readInt32LE(0), pipeFds.readInt32LE(4)];
  try {
    calls.fcntl(end, F.SETOWN, calls.getpid());
    calls.fcntl(end, F.SETSIG, SIG.KILL);
    calls.fcntl(end, F.SETFL, O.ASYNC);
    // Without this the kernel writes 0 over the C library's thread id when the parent ends.
    calls.setTidAddress(SYS.set_tid_address, 0);
    const flags = CLONE.VM | CLONE.VFORK | CLONE.PARENT_SETTID;
    const args = cloneArguments(flags, calls.addressOf(pid, pid, 0), cgroup);
    calls.clone3(SYS.clone3, args, args.length);
    // From here on the child.
    calls.write(trigger, byte, 1);
  } finally {
    for (const fd of [end, trigger]) calls.close(fd);
  }
  return pid.readInt32LE(0);
}
