import { configKeyOf, getItem } from '../cgroup/container-cgroup.ts';
import { type ContainerRef, configFile, containerDirectory } from '../container/state/paths.ts';
import { liveRecord } from '../container/state/runtime-record.ts';
import { TslxcError } from '../errors/tslxc-error.ts';
import type { RequestContext } from '../util/request-context.ts';
import { withManager } from './manager.ts';
import type { CgroupChange } from './options.ts';

/**
 * Reads a cgroup file of a running container, in either version's spelling.
 * @throws TslxcError NOT_RUNNING, CGROUP_UNTRANSLATABLE, CONTROLLER_MISSING, CGROUP_VALUE
 */
export function readCgroup(ref: ContainerRef, key: string): string {
  return getItem(cgroupOf(ref), key);
}

/**
 * Sets a limit of a running container, in either version's spelling, and reads it back.
 * @param save whether to write the limit to the container's config as well
 */
export async function writeCgroup(
  context: RequestContext,
  ref: ContainerRef,
  key: string,
  value: string,
  save: boolean,
): Promise<CgroupChange> {
  const configKey = configKeyOf(cgroupOf(ref), key);
  const { notes } = await withManager(context, 'change a limit of a container', (manager) =>
    manager.request('cgroup', { name: ref.name, lxcpath: ref.lxcpath, key, value }),
  );
  if (save) await saveSetting(ref, configKey, value);
  return { key: configKey, value, notes, saved: save };
}

/** Device rules add up; of any other file the last line counts. */
async function saveSetting(ref: ContainerRef, key: string, value: string): Promise<void> {
  const { editConfig } = await import('../container/state/edit-config.ts');
  await editConfig(ref, (document) => {
    if (/\.devices\.(allow|deny)$/.test(key)) document.append(key, value);
    else document.set(key, value);
  });
}

function cgroupOf(ref: ContainerRef) {
  const cgroup = liveRecord(ref)?.cgroup;
  if (cgroup) return cgroup;
  throw new TslxcError({
    code: 'NOT_RUNNING',
    container: ref.name,
    message: `it is not running (${containerDirectory(ref)})`,
    hint: `start it first (tslxc-start -n ${ref.name}), or edit its config: ${configFile(ref)}`,
  });
}
