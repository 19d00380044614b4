import { createWriteStream, existsSync } from 'node:fs';
import { PassThrough, type Writable } from 'node:stream';
import type { ContainerRef } from '../container/paths.ts';
import { TslxcError } from '../errors/tslxc-error.ts';
import { PERSONALITY } from '../kernel/constants.ts';
import type { ExitStatus } from '../kernel/kernel.ts';
import { linuxKernel } from '../kernel/linux.ts';
import type { ManagerClient } from '../manager/client.ts';
import { relayTerminal } from '../terminal/relay.ts';
import { withManager } from './manager.ts';
import type { AttachOptions } from './options.ts';

/** Signals that a user sends to the command and means for the program. */
const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const;
const NUMBERS = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1, SIGQUIT: 3, SIGUSR1: 10, SIGUSR2: 12 } as const;

/**
 * Runs a program in a running container and waits for its end. Where one of the caller's streams is a terminal, the
 * program gets a fresh pty of the container's own in its place, never the caller's terminal (rule R5); pipes and files
 * are handed over as they are.
 *
 * @throws TslxcError NOT_RUNNING, CONTAINER_MISSING, EXEC_FAILED (errno ENOENT: no such program)
 */
export function attach(ref: ContainerRef, options: AttachOptions): Promise<ExitStatus> {
  return withManager('attach to a container', async (manager) => {
    const streams = [options.stdin, options.stdout, options.stderr] as const;
    const terminals = [0, 1, 2].filter((i) => streams[i]!.isTTY);
    const kernel = linuxKernel();
    const size = terminals.length > 0 ? (options.size ?? kernel.windowSize(terminals[0]!)) : undefined;
    let ended: (status: ExitStatus) => void = () => {};
    let giveUp: (error: Error) => void = () => {};
    const end = new Promise<ExitStatus>((resolve, reject) => {
      ended = resolve;
      giveUp = reject;
      manager.onEnd = () =>
        reject(
          new TslxcError({
            code: 'MANAGER_DIED',
            container: ref.name,
            message:
              'the manager (tslxcd) went away; the program goes on running, its exit status can not be told',
          }),
        );
    });
    end.catch(() => {});
    const { pid, fd } = await manager.request(
      'attach',
      {
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
        ...(options.rcfile === undefined ? {} : { configEnv: await environmentOf(options.rcfile, ref) }),
        ...(options.bits === undefined ? {} : { personality: PERSONALITIES[options.bits] }),
        ...(options.context === undefined ? {} : { context: labelled(options.context) }),
        stdio: [0, 1, 2],
        ...(size ? { pty: size, terminals } : {}),
      },
      (event) => {
        if (event.type === 'attached-exit') ended(event.status ?? { code: null, signal: null });
      },
    );
    const stopForwarding = forwardSignals(manager, pid, size !== undefined, giveUp);
    try {
      if (fd !== undefined) await relay(manager, fd, options);
      return await end;
    } finally {
      stopForwarding();
    }
  });
}

const PERSONALITIES = { 32: PERSONALITY.LINUX32, 64: PERSONALITY.LINUX } as const;

async function environmentOf(file: string, ref: ContainerRef): Promise<string[]> {
  const { loadConfig } = await import('../config/load-config.ts');
  const { configEnvironment } = await import('../container/environment.ts');
  return configEnvironment(loadConfig(file, { name: ref.name, env: process.env }));
}

/** @throws TslxcError NOT_SUPPORTED where the kernel has no SELinux: a program must not run unlabelled in silence */
function labelled(context: string): string {
  if (existsSync('/sys/fs/selinux/enforce')) return context;
  throw new TslxcError({
    code: 'NOT_SUPPORTED',
    message: `the SELinux context ${context} can not be set: this host has no SELinux`,
    hint: 'leave -c away',
  });
}

/** How often a signal is passed on before it is taken to be meant for the command itself. */
const PATIENCE = 3;

/** With a pty the terminal sends them by itself (Ctrl-C is a byte there); only those of other processes are passed on. */
function forwardSignals(
  manager: ManagerClient,
  pid: number,
  pty: boolean,
  giveUp: (error: Error) => void,
): () => void {
  let sent = 0;
  const listeners = FORWARDED.filter((name) => !pty || name.startsWith('SIGUSR')).map((name) => {
    const listener = () => {
      if (++sent > PATIENCE)
        giveUp(
          new TslxcError({ code: 'EXEC_FAILED', message: `${name} again: the program is left to itself` }),
        );
      else void manager.request('signal', { pid, signal: NUMBERS[name] }).catch(giveUp);
    };
    process.on(name, listener);
    return { name, listener };
  });
  return () => {
    for (const { name, listener } of listeners) process.off(name, listener);
  };
}

async function relay(manager: ManagerClient, fd: number, options: AttachOptions): Promise<void> {
  const screen = options.stdout.isTTY ? options.stdout : options.stderr;
  const output = options.ptyLog ? copied(screen, options.ptyLog) : screen;
  const terminal = [options.stdin, options.stdout, options.stderr].findIndex((stream) => stream.isTTY);
  await relayTerminal({
    kernel: linuxKernel(),
    // A pipe as standard input has been handed to the program itself.
    input: options.stdin.isTTY ? options.stdin : new PassThrough(),
    output,
    peer: await manager.take(fd),
    terminal,
    endOfInput: options.stdin.isTTY ? 'eof' : 'ignore',
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
