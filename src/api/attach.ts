import { createWriteStream, existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { PassThrough, type Writable } from 'node:stream';
import type { AttachRequest } from '../container/plan/attach-request.ts';
import type { ContainerRef } from '../container/state/paths.ts';
import { TslxcError } from '../errors/tslxc-error.ts';
import { PERSONALITY } from '../kernel/constants.ts';
import type { ExitStatus } from '../kernel/kernel.ts';
import { linuxKernel } from '../kernel/linux.ts';
import type { ManagerClient } from '../manager/wire/client.ts';
import { relayTerminal } from '../terminal/relay.ts';
import type { RequestContext } from '../util/request-context.ts';
import { type CallerTerminal, callerTerminal } from './caller-streams.ts';
import { SignalForwarder } from './forward-signals.ts';
import { withManager } from './manager.ts';
import type { AttachOptions } from './options.ts';

/**
 * Runs a program in a running container and waits for its end. Where one of the caller's streams is
 * a terminal, the program gets a fresh pty of the container's own in its place, never the caller's
 * terminal (rule R5); pipes and files are handed over as they are.
 *
 * @throws TslxcError NOT_RUNNING, CONTAINER_MISSING, EXEC_FAILED (errno ENOENT: no such program)
 */
export async function attach(
  context: RequestContext,
  ref: ContainerRef,
  options: AttachOptions,
): Promise<ExitStatus> {
  const terminal = callerTerminal(options);
  const request = await attachRequest(context, ref, options, terminal);
  const signals = new SignalForwarder(terminal !== undefined);
  const run = (manager: ManagerClient) => Promise.race([attachBy(manager), signals.calledOff]);
  return withManager(context, 'attach to a container', run).finally(() => signals.stop());

  async function attachBy(manager: ManagerClient): Promise<ExitStatus> {
    let ended: (status: ExitStatus) => void = () => {};
    const end = new Promise<ExitStatus>((resolve, reject) => {
      ended = resolve;
      manager.onEnd = () =>
        reject(
          new TslxcError({
            code: 'MANAGER_DIED',
            container: ref.name,
            message: 'the manager (tslxcd) ended; the program keeps running, but its exit status is lost',
          }),
        );
    });
    end.catch(() => {});
    const { pid, fd } = await manager.request('attach', request, (event) => {
      if (event.type === 'attached-exit') ended(event.status ?? { code: null, signal: null });
    });
    signals.begin({ manager, pid });
    if (fd !== undefined && terminal) await relay(manager, fd, terminal, options);
    return await Promise.race([end, signals.givenUp]);
  }
}

async function attachRequest(
  context: RequestContext,
  ref: ContainerRef,
  options: AttachOptions,
  terminal: CallerTerminal | undefined,
): Promise<AttachRequest> {
  const size = terminal && (options.size ?? linuxKernel().windowSize(terminal.terminals[0]!));
  return {
    name: ref.name,
    lxcpath: ref.lxcpath,
    command: options.command ?? [],
    env: options.env ?? [],
    setEnv: options.setEnv ?? [],
    cwd: options.cwd ?? '/',
    ...(options.uid === undefined ? {} : { uid: options.uid }),
    ...(options.gid === undefined ? {} : { gid: options.gid }),
    ...(options.namespaces === undefined ? {} : { namespaces: options.namespaces }),
    keep: {
      capabilities: options.keepCapabilities ?? false,
      cgroup: options.keepCgroup ?? false,
      lsm: options.keepLsm ?? false,
    },
    remountProcSys: options.remountProcSys ?? false,
    ...(options.rcfile === undefined ? {} : { configEnv: await environmentOf(context, options.rcfile, ref) }),
    ...(options.bits === undefined ? {} : { personality: PERSONALITIES[options.bits] }),
    ...(options.context === undefined ? {} : { context: labelled(options.context) }),
    stdio: [0, 1, 2],
    ...(terminal && size ? { pty: size, terminals: terminal.terminals } : {}),
  };
}

const PERSONALITIES = { 32: PERSONALITY.LINUX32, 64: PERSONALITY.LINUX } as const;

async function environmentOf(context: RequestContext, file: string, ref: ContainerRef): Promise<string[]> {
  const { readGivenConfig, textsOf } = await import('../config/given-config.ts');
  const { loadConfig } = await import('../config/load-config.ts');
  const { configEnvironment } = await import('../container/plan/environment.ts');
  const { cwd, env } = context;
  const given = await readGivenConfig(resolve(cwd, file), { cwd });
  return configEnvironment(loadConfig(given.file, { name: ref.name, env, cwd, texts: textsOf(given) }));
}

/**
 * @throws TslxcError NOT_SUPPORTED where the kernel has no SELinux: a program must not run
 *   unlabelled in silence
 */
function labelled(context: string): string {
  if (existsSync('/sys/fs/selinux/enforce')) return context;
  throw new TslxcError({
    code: 'NOT_SUPPORTED',
    message: `the SELinux context ${context} cannot be set: this host has no SELinux`,
    hint: 'run the command without -c',
  });
}

async function relay(
  manager: ManagerClient,
  fd: number,
  { terminals, input, screen }: CallerTerminal,
  { ptyLog, stdin }: AttachOptions,
): Promise<void> {
  await relayTerminal({
    kernel: linuxKernel(),
    input,
    output: ptyLog ? copied(screen, ptyLog) : screen,
    peer: await manager.take(fd),
    terminal: terminals[0],
    endOfInput: stdin.isTTY ? 'eof' : 'ignore',
    signals: process,
  });
}

function copied(screen: Writable, file: string): Writable {
  const log = createWriteStream(file, { flags: 'a', mode: 0o640 });
  const both = new PassThrough();
  both.pipe(screen, { end: false });
  both.pipe(log);
  return both;
}
