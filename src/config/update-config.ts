import type { ConfigDocument, DocumentSetting } from './config-document.ts';
import { modernName, rootfsWithBackend } from './legacy-keys.ts';

/**
 * Rewrites the names that LXC dropped with 3.0 in today's words; everything else in the document
 * stays. Lines without a meaning today go. Returns how many lines were changed or removed.
 */
export function updateLegacy(document: ConfigDocument): number {
  let highest = -1;
  const nics = { current: undefined, next: () => highest + 1 };
  const settings = document.settings();
  const backend = settings.findLast(({ key }) => key === 'lxc.rootfs.backend')?.value;
  const gone: DocumentSetting[] = [];
  let rewritten = 0;
  for (const setting of settings) {
    const name = modernName(setting.key, nics);
    const isPath = name?.kind === 'rootfs';
    const key = name?.kind === 'renamed' ? name.key : isPath ? 'lxc.rootfs.path' : setting.key;
    highest = Math.max(highest, Number(/^lxc\.net\.([0-9]{1,9})(?:\.|$)/.exec(key)?.[1] ?? -1));
    if (name?.kind === 'dropped' || name?.kind === 'backend') gone.push(setting);
    if (key === setting.key) continue;
    const value = isPath ? rootfsWithBackend(backend ?? '', setting.value) : setting.value;
    document.rewriteLine(setting, key, value);
    rewritten++;
  }
  document.removeSettings(gone);
  return rewritten + gone.length;
}
