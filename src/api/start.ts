import { resolve } from 'node:path';
import { readGivenConfig } from '../config/given-config.ts';
import type { ContainerRef } from '../container/state/paths.ts';
import { errorFromJSON } from '../errors/tslxc-error.ts';
import { RLIMIT } from '../kernel/constants.ts';
import { linuxKernel } from '../kernel/linux.ts';
import type { StartResult as StartReply, StartRequest } from '../manager/wire/protocol.ts';
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
    startResult(await manager.request('start', asked)),
  );
}
