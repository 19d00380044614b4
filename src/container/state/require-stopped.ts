import { TslxcError } from '../../errors/tslxc-error.ts';
import { isDefined, noSuchContainer } from './list.ts';
import type { ContainerRef } from './paths.ts';
import { liveRecord } from './runtime-record.ts';

/** @throws TslxcError RUNNING, CONTAINER_MISSING */
export function requireStopped(ref: ContainerRef): void {
  if (liveRecord(ref)) {
    throw new TslxcError({
      code: 'RUNNING',
      container: ref.name,
      message: 'it is running',
      hint: `its files change while it runs; stop it first: tslxc-stop -n ${ref.name}`,
    });
  }
  if (!isDefined(ref)) throw noSuchContainer(ref);
}
