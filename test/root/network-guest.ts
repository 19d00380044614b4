/** Helpers of the network tests: a private network namespace for the test itself, and guests made as a start makes them. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { errorFromJSON, toTslxcError } from '../../src/errors/tslxc-error.ts';
import { CLONE, SIG } from '../../src/kernel/constants.ts';
import type { Kernel } from '../../src/kernel/kernel.ts';
import { configureContainerSide } from '../../src/network/container-side.ts';
import type { NicPlan, ResolvedNic } from '../../src/network/nic-plan.ts';
import type { NicClaim } from '../../src/network/nics/nic-driver.ts';
import { createNic, driverOf, releaseNicClaim, resolveNic } from '../../src/network/nics/nics.ts';
import { seconds } from './harness/slow.ts';

/**
 * Moves the test into a network namespace of its own, so that nothing it does reaches the host's interfaces, routes,
 * firewall or ip_forward, and the kernel clears up whatever a failed test leaves. Programs that it runs are inside too.
 */
export function leaveHostNetwork(kernel: Kernel): void {
  kernel.unshare(CLONE.NEWNET);
}

export interface Guest {
  readonly pid: number;
  readonly nics: readonly ResolvedNic[];
  /** Names of the interfaces on the host. */
  readonly host: readonly (string | undefined)[];
  /** What was made on the host. */
  readonly claims: readonly NicClaim[];
  /** Runs a program in the guest's network namespace. */
  run(...command: string[]): { status: number | null; stdout: string; stderr: string };
  /** Kills it and waits until it is gone. */
  stop(): void;
}

function sendResult(kernel: Kernel, fd: number, work: () => void): boolean {
  try {
    work();
    kernel.write(fd, Buffer.from('ok'));
    return true;
  } catch (error) {
    kernel.write(fd, Buffer.from(JSON.stringify(toTslxcError(error))));
    return false;
  }
}

/** Forks a child as the fork server does: new network namespace, nics from the host, then the stage's part of them. */
export function startGuest(kernel: Kernel, plans: readonly NicPlan[]): Guest {
  const directory = mkdtempSync('/var/tmp/tslxc-test-guest-');
  const resolved = plans.map((plan) => resolveNic(kernel, plan, directory));
  const nics = resolved.map(({ nic }) => nic);
  const claims = resolved.flatMap((one) => one.claims);
  const toParent = kernel.pipe();
  const toChild = kernel.pipe();
  const pid = kernel.fork();
  if (pid === 0) {
    kernel.prctl(1 /* PR_SET_PDEATHSIG */, SIG.KILL);
    kernel.unshare(CLONE.NEWNET);
    kernel.write(toParent[1], Buffer.from('u'));
    kernel.read(toChild[0], Buffer.alloc(1));
    const done = sendResult(kernel, toParent[1], () => configureContainerSide(kernel, nics));
    if (done) kernel.exec('/bin/sleep', ['sleep', '600'], ['PATH=/bin']);
    kernel.exit(1);
  }
  const stop = () => {
    try {
      kernel.kill(pid, SIG.KILL);
      kernel.wait(pid, true);
    } catch {
      // gone already
    }
    // The kernel clears a dead namespace up some time later; a host does not wait for that, and neither does a stop.
    for (const claim of [...claims].reverse()) releaseNicClaim(kernel, claim);
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    kernel.read(toParent[0], Buffer.alloc(1));
    for (const one of resolved) createNic(kernel, one.nic, { pid }, one.claims);
    const host = nics.map((nic) => driverOf(nic).hostInterface(nic));
    kernel.write(toChild[1], Buffer.from('g'));
    const answer = Buffer.alloc(65536);
    const result = answer.toString('utf8', 0, kernel.read(toParent[0], answer));
    if (result !== 'ok') throw errorFromJSON(JSON.parse(result));
    const run = (...command: string[]) =>
      spawnSync('nsenter', ['-t', String(pid), '-n', ...command], { encoding: 'utf8', timeout: seconds(30) });
    return { pid, nics, host, claims, run, stop };
  } catch (error) {
    stop();
    throw error;
  } finally {
    for (const fd of [...toParent, ...toChild]) kernel.close(fd);
  }
}

/** A shell command in the test's own namespace; throws when it fails. */
export function sh(command: string): string {
  const { status, stdout, stderr } = spawnSync('sh', ['-c', command], {
    encoding: 'utf8',
    timeout: seconds(30),
  });
  if (status !== 0) throw new Error(`${command}: ${status} ${stderr}`);
  return stdout;
}

export const isRoot = process.getuid?.() === 0;
export const alive = (pid: number): boolean => {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};
