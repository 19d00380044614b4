/** How a manager comes by its keeper: the one that is there, or another in the place of a killed one. */
import { spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import type { Kernel } from '../kernel/kernel.ts';
import { KeeperClient } from './keeper-client.ts';
import { KEEPER_ONLY } from './keeper-protocol.ts';
import { READ_ONLY } from './read-only-binary.ts';

const KEEPER_ATTEMPTS = 500;

/** Waits for it: it may have been forked a moment ago. @throws when none answers within a second */
export async function reachKeeper(kernel: Kernel, path: string): Promise<KeeperClient> {
  for (let attempt = 1; ; attempt++)
    try {
      return await KeeperClient.connect(kernel, path);
    } catch (error) {
      if (attempt === KEEPER_ATTEMPTS) throw error;
      await delay(2);
    }
}

/** A manager with all that it has loaded makes no small keeper any more: the program is run anew for it. */
export async function replaceKeeper(kernel: Kernel, path: string): Promise<KeeperClient> {
  const child = spawn('/proc/self/exe', [...process.execArgv, process.argv[1]!, READ_ONLY, KEEPER_ONLY], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  child.unref();
  return await reachKeeper(kernel, path);
}
