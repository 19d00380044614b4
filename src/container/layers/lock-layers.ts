import { setTimeout as delay } from 'node:timers/promises';
import { lockContainer } from '../state/lock.ts';

/** Enough for a command that reads a thousand configs, or copies a layer. */
const PATIENCE_MS = 30_000;

/**
 * Held while layers of a container directory get new users or lose them. Taken after the locks of
 * containers, and for moments only.
 * @throws TslxcError CONTAINER_BUSY
 */
export async function lockLayers(lxcpath: string): Promise<Disposable> {
  for (const end = Date.now() + PATIENCE_MS; ; await delay(10)) {
    try {
      return lockContainer({ name: '.layers', lxcpath });
    } catch (error) {
      if (Date.now() >= end) throw error;
    }
  }
}
