import type { ContainerRef } from '../container/state/paths.ts';
import { errorFromJSON } from '../errors/tslxc-error.ts';
import type { StartResult as StartReply, StartRequest } from '../manager/protocol.ts';
import { withManager } from './manager.ts';
import type { StartOptions, StartResult } from './options.ts';

/** What the manager is asked for a start. */
export function startRequest(ref: ContainerRef, options: StartOptions, foreground: boolean): StartRequest {
  return {
    name: ref.name,
    lxcpath: ref.lxcpath,
    ...(options.rcfile ? { rcfile: options.rcfile } : {}),
    defines: options.defines ?? [],
    ...(options.init ? { init: options.init } : {}),
    foreground,
    ...(options.consoleLog ? { consoleLog: options.consoleLog } : {}),
    ...(options.pidFile ? { pidFile: options.pidFile } : {}),
    env: Object.fromEntries(Object.entries(process.env).map(([name, value]) => [name, value ?? ''])),
  };
}

export const startResult = ({ pid, milliseconds, warnings }: StartReply): StartResult => ({
  pid,
  milliseconds,
  warnings: warnings.map(errorFromJSON),
});

/** Starts a container in the background; settles when its init runs. */
export function start(ref: ContainerRef, options: StartOptions = {}): Promise<StartResult> {
  return withManager('start a container', async (manager) =>
    startResult(await manager.request('start', startRequest(ref, options, false))),
  );
}
