/**
 * How a manager comes by its keeper: the one that is there, or another in the place of a killed
 * one.
 */
import { spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import type { Kernel } from '../../kernel/kernel.ts';
import { buildId } from '../process/build-id.ts';
import { hostRootArgument, keepRootToThread, withReadOnlyHost } from '../process/read-only-host.ts';
import { KeeperClient } from './keeper-client.ts';
import { KEEPER_ONLY } from './keeper-protocol.ts';

const KEEPER_ATTEMPTS = 500;
/** The keeper that was launched may be killed as well. */
const LAUNCHES = 10;

/**
 * The keeper that is there; where it is of another build (there was an upgrade while containers
 * ran), one of this build that has taken over everything. Its fork server would be of its own
 * build, and not understand this one's plans.
 */
export async function findKeeper(kernel: Kernel, path: string): Promise<KeeperClient> {
  const found = await reachOrReplace(kernel, path);
  if (found.build === buildId()) return found;
  const descriptors = Object.keys(found.kept).map((label) => ({
    label,
    fd: found.copyOf(label)!,
    // Without its log: that is in the plan, which is not read yet.
    drain: label.endsWith('|console') ? {} : undefined,
  }));
  await found.end();
  const heir = await replaceKeeper(kernel, path);
  await heir.keep(process.pid, descriptors);
  for (const { fd } of descriptors) kernel.close(fd);
  heir.close();
  const keeper = await reachKeeper(kernel, path);
  keeper.ended = found.ended;
  return keeper;
}

/** Waits for a keeper that may have been forked a moment ago. @throws when none answers in time */
async function reachKeeper(kernel: Kernel, path: string): Promise<KeeperClient> {
  for (let attempt = 1; ; attempt++)
    try {
      return await KeeperClient.connect(kernel, path);
    } catch (error) {
      if (attempt === KEEPER_ATTEMPTS) throw error;
      await delay(2);
    }
}

/** A keeper that has died since its lock was seen is replaced. */
async function reachOrReplace(kernel: Kernel, path: string): Promise<KeeperClient> {
  try {
    return await reachKeeper(kernel, path);
  } catch {
    return await replaceKeeper(kernel, path);
  }
}

/**
 * A fully loaded manager is too large to fork a keeper from: re-executes the boot program instead.
 */
export async function replaceKeeper(kernel: Kernel, path: string): Promise<KeeperClient> {
  keepRootToThread(kernel);
  const args = [...process.execArgv, process.argv[1]!, hostRootArgument(3), KEEPER_ONLY];
  for (let launch = 1; ; launch++) {
    const child = withReadOnlyHost(kernel, (hostRoot) =>
      spawn('/proc/self/exe', args, { stdio: ['ignore', 'inherit', 'inherit', hostRoot] }),
    );
    child.on('error', () => {});
    child.unref();
    try {
      return await reachKeeper(kernel, path);
    } catch (error) {
      if (launch === LAUNCHES) throw error;
    }
  }
}
