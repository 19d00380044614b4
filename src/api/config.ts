import { ConfigTexts } from '../config/config-texts.ts';
import { readConfig } from '../config/load-config.ts';
import { editConfig } from '../container/state/edit-config.ts';
import { isDefined, noSuchContainer } from '../container/state/list.ts';
import { type ContainerRef, configFile } from '../container/state/paths.ts';
import { together } from '../errors/tslxc-error.ts';
import type { ConfigChange } from './options.ts';

/**
 * Writes settings into a container's own config file. Only the lines of the keys change; comments,
 * order and includes stay. Concurrent readers, and a crash, never see half a file.
 * @throws TslxcError CONTAINER_UNKNOWN, CONTAINER_BUSY, DISK_FULL, CONFIG_*, also for a setting
 *   that contradicts the rest of the file; the file is then unchanged
 */
export async function setConfig(ref: ContainerRef, changes: readonly ConfigChange[]): Promise<void> {
  if (!isDefined(ref)) throw noSuchContainer(ref);
  const file = configFile(ref);
  const faults = (text: string) =>
    readConfig(file, { name: ref.name, texts: new ConfigTexts().give(file, text) }).errors;
  await editConfig(ref, (document) => {
    const known = new Set(faults(document.toString()).map(({ message }) => message));
    for (const { key, value } of changes) {
      if (value === null) document.remove(key);
      else document.set(key, value);
    }
    const fault = together(faults(document.toString()).filter(({ message }) => !known.has(message)));
    if (fault) throw fault;
  });
}
