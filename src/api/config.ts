import { ConfigTexts } from '../config/config-texts.ts';
import { readDocument, saveDocument } from '../config/document-file.ts';
import { readConfig } from '../config/load-config.ts';
import { isDefined, noSuchContainer } from '../container/state/list.ts';
import { lockPatiently } from '../container/state/lock.ts';
import { type ContainerRef, configFile } from '../container/state/paths.ts';
import { together } from '../errors/tslxc-error.ts';
import type { ConfigChange } from './options.ts';

/** How long to wait for another command that works on the container, milliseconds. */
const PATIENCE_MS = 10_000;

/**
 * Writes settings into a container's own config file. Only the lines of the keys change; comments,
 * order and includes stay. Concurrent readers, and a crash, never see half a file.
 * @throws TslxcError CONTAINER_UNKNOWN, CONTAINER_BUSY, DISK_FULL, CONFIG_*, also for a setting
 *   that contradicts the rest of the file; the file is then unchanged
 */
export async function setConfig(ref: ContainerRef, changes: readonly ConfigChange[]): Promise<void> {
  if (!isDefined(ref)) throw noSuchContainer(ref);
  using _lock = await lockPatiently(ref, PATIENCE_MS);
  const file = configFile(ref);
  const document = readDocument(file);
  const before = document.toString();
  const faults = (text: string) =>
    readConfig(file, { name: ref.name, texts: new ConfigTexts().give(file, text) }).errors;
  const known = new Set(faults(before).map(({ message }) => message));
  for (const { key, value } of changes) {
    if (value === null) document.remove(key);
    else document.set(key, value);
  }
  const after = document.toString();
  if (after === before) return;
  const fault = together(faults(after).filter(({ message }) => !known.has(message)));
  if (fault) throw fault;
  saveDocument(file, document);
}
