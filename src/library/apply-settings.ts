/** Lines of settings in a container's own config, in place of the lines that they contradict. */
import type { ConfigDocument } from '../config/config-document.ts';
import { editConfig } from '../container/state/edit-config.ts';
import { isDefined, noSuchContainer } from '../container/state/list.ts';
import type { ContainerRef } from '../container/state/paths.ts';
import type { Line } from './settings.ts';

/** Keys of which a config has many lines: a new one is added to them. */
const LISTS = new Set(['lxc.environment', 'lxc.mount.entry', 'lxc.group', 'lxc.include']);

/** @throws TslxcError CONTAINER_MISSING, CONTAINER_BUSY, CONFIG_*, DISK_FULL */
export async function applySettings(ref: ContainerRef, lines: readonly Line[]): Promise<void> {
  if (!isDefined(ref)) throw noSuchContainer(ref);
  await editConfig(ref, (document) => {
    const begun = new Set<string>();
    for (const [key, value] of lines) {
      if (key === 'lxc.net.0.type') removeNic(document);
      if (begun.has(key) || LISTS.has(key)) document.append(key, value);
      else document.set(key, value);
      begun.add(key);
    }
  });
}

/** Another kind of network: what the old lines said of its card means nothing any longer. */
function removeNic(document: ConfigDocument): void {
  document.removeSettings(document.settings().filter(({ key }) => /^lxc\.net\.0\.(?!hwaddr$)/.test(key)));
}
