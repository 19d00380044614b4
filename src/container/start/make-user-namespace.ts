import { openSync, writeFileSync } from 'node:fs';
import { TslxcError, toTslxcError } from '../../errors/tslxc-error.ts';
import { type IdMapEntry, mapText } from '../../security/id-map.ts';
import { expectFrom } from './stage-messages.ts';
import type { StartContext } from './start-context.ts';

const MAP_FILES = [
  ['uid_map', 'u'],
  ['gid_map', 'g'],
] as const;

/**
 * A user namespace with these maps, as a descriptor of this process. @throws TslxcError
 * IDMAP_UNAVAILABLE
 */
export async function makeUserNamespace(
  { host, plan, log }: StartContext,
  map: readonly IdMapEntry[],
): Promise<number> {
  const holder = host.stage('userns', false, log);
  try {
    await holder.begun;
    await expectFrom(holder, 'userns');
    for (const [file, type] of MAP_FILES)
      try {
        writeFileSync(`/proc/${holder.pid}/${file}`, mapText(map, type));
      } catch (error) {
        throw new TslxcError({
          ...toTslxcError(error, 'IDMAP_UNAVAILABLE').toJSON(),
          message: `the kernel refused the id map: ${(error as NodeJS.ErrnoException).code}`,
          file: plan.configFile,
          step: `write ${file}`,
        });
      }
    return openSync(`/proc/${holder.pid}/ns/user`, 'r');
  } finally {
    holder.send({ type: 'taken' });
    holder.close();
  }
}
