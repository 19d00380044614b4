/** Lines of settings in a container's own config, in place of the lines that they contradict. */
import { readDocument, saveDocument } from '../config/document-file.ts';
import { isDefined, noSuchContainer } from '../container/state/list.ts';
import { lockPatiently } from '../container/state/lock.ts';
import { type ContainerRef, configFile } from '../container/state/paths.ts';
import type { Line } from './settings.ts';

const PATIENCE_MS = 10_000;

/** Keys of which a config has many lines: a new one is added to them. */
const LISTS = new Set(['lxc.environment', 'lxc.mount.entry', 'lxc.group', 'lxc.include']);

/** @throws TslxcError CONTAINER_MISSING, CONTAINER_BUSY, CONFIG_*, DISK_FULL */
export async function applySettings(ref: ContainerRef, lines: readonly Line[]): Promise<void> {
  if (!isDefined(ref)) throw noSuchContainer(ref);
  using _lock = await lockPatiently(ref, PATIENCE_MS);
  const file = configFile(ref);
  const document = readDocument(file);
  const begun = new Set<string>();
  for (const [key, value] of lines) {
    if (key === 'lxc.net.0.type') removeNic(document);
    if (begun.has(key) || LISTS.has(key)) document.append(key, value);
    else document.set(key, value);
    begun.add(key);
  }
  saveDocument(file, document);
}

/** Another kind of network: what the old lines said of its card means nothing any longer. */
function removeNic(document: ReturnType<typeof readDocument>): void {
  document.removeSettings(document.settings().filter(({ key }) => /^lxc\.net\.0\.(?!hwaddr$)/.test(key)));
}
