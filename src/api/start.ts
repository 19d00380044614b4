import { resolve } from 'node:path';
import { readGivenConfig } from '../config/given-config.ts';
import type { ContainerRef } from '../container/state/paths.ts';
import { liveRecord } from '../container/state/runtime-record.ts';
import { errorFromJSON, TslxcError } from '../errors/tslxc-error.ts';
import { RLIMIT } from '../kernel/constants.ts';
import { linuxKernel } from '../kernel/linux.ts';
import type { ManagerClient } from '../manager/wire/client.ts';
import type { ManagerEvent, StartResult as StartReply, StartRequest } from '../manager/wire/protocol.ts';
import type { RequestContext } from '../util/request-context.ts';
import { withManager } from './manager.ts';
import type { StartOptions, StartResult } from './options.ts';
import { prepareStart } from './prepare-start.ts';

/** Makes the request of a start. @throws TslxcError CONFIG_READ for the named config file */
export async function startRequest(
  context: RequestContext,
  ref: ContainerRef,
  options: StartOptions,
  foreground: boolean,
  execute?: StartRequest['execute'],
): Promise<StartRequest> {
  const { cwd } = context;
  const given =
    options.rcfile === undefined ? undefined : await readGivenConfig(resolve(cwd, options.rcfile), { cwd });
  const request: StartRequest = {
    name: ref.name,
    lxcpath: ref.lxcpath,
    ...(given ? { rcfile: given.file, given } : {}),
    defines: options.defines ?? [],
    ...(options.init ? { init: options.init } : {}),
    foreground,
    ...(options.consoleLog ? { consoleLog: options.consoleLog } : {}),
    ...(options.pidFile ? { pidFile: options.pidFile } : {}),
    ...(execute ? { execute } : {}),
    descriptors: linuxKernel().getRlimit(RLIMIT.nofile).hard,
    caller: { env: context.env, cwd: context.cwd, umask: context.umask },
  };
  const prepared = prepareStart(context, request);
  return prepared ? { ...request, prepared } : request;
}

/** The manager has died, and its successor adopts the container. */
export function keepsRunning({ name, lxcpath }: ContainerRef): TslxcError {
  return new TslxcError({
    code: 'MANAGER_DIED',
    container: name,
    message: 'the manager (tslxcd) ended; the container keeps running',
    hint: `\`tslxc-console -P ${lxcpath} -n ${name} -t 0\` opens its console`,
  });
}

/**
 * Asks the manager for a start.
 * @throws TslxcError MANAGER_DIED, which tells whether the container runs; the cause of a failure
 */
export async function requestStart(
  manager: ManagerClient,
  request: StartRequest,
  onEvent?: (event: ManagerEvent) => void,
): Promise<StartReply> {
  try {
    return await manager.request('start', request, onEvent);
  } catch (error) {
    const isLost = (error as TslxcError).code === 'MANAGER_DIED';
    throw isLost && liveRecord(request)?.state === 'RUNNING' ? keepsRunning(request) : error;
  }
}

export const startResult = ({ pid, milliseconds, warnings }: StartReply): StartResult => ({
  pid,
  milliseconds,
  warnings: warnings.map(errorFromJSON),
});

/** Starts a container in the background; settles when its init runs. */
export function start(
  context: RequestContext,
  ref: ContainerRef,
  options: StartOptions = {},
): Promise<StartResult> {
  return startInBackground(context, startRequest(context, ref, options, false));
}

/** Reads the config first: a config from a pipe must not keep the manager waiting. */
export async function startInBackground(
  context: RequestContext,
  request: Promise<StartRequest>,
): Promise<StartResult> {
  const asked = await request;
  return await withManager(context, 'start a container', async (manager) =>
    startResult(await requestStart(manager, asked)),
  );
}
