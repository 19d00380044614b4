import { join } from 'node:path';
import { TslxcError } from '../../errors/tslxc-error.ts';
import { directoriesIn } from '../../util/files.ts';
import { sweepLayers } from '../layers/collect.ts';
import { sweepViews } from '../layers/show-rootfs.ts';
import { parseHiddenName } from '../state/hidden-name.ts';
import { lockContainer } from '../state/lock.ts';
import { isHeldByLxc, isPartial } from '../state/partial-marker.ts';
import type { ContainerRef } from '../state/paths.ts';
import { liveRecord } from '../state/runtime-record.ts';
import { finishDiscarding, undoPartial } from './discard.ts';

/**
 * Removes half-made and half-removed containers from `lxcpath`, except those that a command is
 * working on. What cannot be removed now (something mounted there, say) is left to a later call.
 * @returns names of the containers of which something was removed
 */
export async function sweepLeftovers(lxcpath: string): Promise<string[]> {
  const swept: string[] = [];
  for (const entry of directoriesIn(lxcpath)) {
    const hidden = parseHiddenName(entry);
    const ref = { name: hidden?.name ?? entry, lxcpath };
    if (!hidden && !isPartial(ref)) continue;
    try {
      using _lock = lockContainer(ref);
      if (hidden) await finishDiscarding(join(lxcpath, entry));
      else await sweepPartial(ref);
      swept.push(ref.name);
    } catch {
      // Busy, or not removable: neither is a matter of the command that sweeps.
    }
  }
  await sweepLayers(lxcpath);
  sweepViews();
  return swept;
}

/** Removes a half-made container, and says whether there was one. The caller holds its lock. */
export async function sweepPartial(ref: ContainerRef): Promise<boolean> {
  if (!isPartial(ref)) return false;
  if (isHeldByLxc(ref) || liveRecord(ref)) {
    throw new TslxcError({ code: 'CONTAINER_BUSY', container: ref.name, message: 'it is being made' });
  }
  await undoPartial(ref);
  return true;
}
