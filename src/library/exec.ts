/** Programs in a running container, with pipes of this process as their streams. */
import { Socket } from 'node:net';
import { constants } from 'node:os';
import { type AttachedProcess, attachProcess } from '../api/attach-process.ts';
import type { ContainerRef } from '../container/state/paths.ts';
import { linuxKernel } from '../kernel/linux.ts';
import { ownContext } from '../util/request-context.ts';
import { abortable } from './abortable.ts';
import type { ContainerProcess, ExecOptions, ExecResult, RunOptions } from './types.ts';

const ENVIRONMENT = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  TERM: 'dumb',
  container: 'lxc',
};
const MAX_BUFFER = 64 * 1024 * 1024;

/** Three pipes: the program's ends by descriptor, and this process's ends as streams. */
function pipes() {
  const kernel = linuxKernel();
  const [stdin, stdout, stderr] = [kernel.pipe(), kernel.pipe(), kernel.pipe()];
  const stream = (fd: number, readable: boolean) => new Socket({ fd, readable, writable: !readable });
  const theirs: [number, number, number] = [stdin[0], stdout[1], stderr[1]];
  return {
    theirs,
    streams: {
      stdin: stream(stdin[1], false),
      stdout: stream(stdout[0], true),
      stderr: stream(stderr[0], true),
    },
    /** The program has its own copies: without these its streams end when it does. */
    closeTheirs: () => {
      for (const fd of theirs) kernel.close(fd);
    },
  };
}

/** Begins a program. @throws TslxcError NOT_RUNNING, EXEC_FAILED; or the signal's reason */
export async function spawn(
  ref: ContainerRef,
  command: readonly string[],
  { env = {}, cwd = '/', uid, gid, signal }: ExecOptions = {},
): Promise<ContainerProcess> {
  signal?.throwIfAborted();
  const { theirs, streams, closeTheirs } = pipes();
  let program: AttachedProcess;
  try {
    program = await attachProcess(ownContext(), ref, {
      command,
      env: Object.entries({ ...ENVIRONMENT, ...env }).map(([name, value]) => `${name}=${value}`),
      cwd,
      uid,
      gid,
      stdio: theirs,
    });
  } catch (error) {
    for (const stream of Object.values(streams)) stream.destroy();
    throw error;
  } finally {
    closeTheirs();
  }
  // A program may end without reading its input.
  streams.stdin.on('error', () => {});
  const kill = (wanted: number | NodeJS.Signals = 'SIGTERM') =>
    program.kill(typeof wanted === 'number' ? wanted : constants.signals[wanted]);
  const onAbort = () => void kill('SIGKILL').catch(() => {});
  signal?.addEventListener('abort', onAbort, { once: true });
  if (signal?.aborted) onAbort();
  const forget = () => signal?.removeEventListener('abort', onAbort);
  program.exit.then(forget, forget);
  return { pid: program.pid, ...streams, exit: program.exit, kill };
}

/**
 * Runs a program to its end. @throws what spawn throws; RangeError for more output than `maxBuffer`
 */
export async function run(
  ref: ContainerRef,
  command: readonly string[],
  { input, maxBuffer = MAX_BUFFER, ...options }: RunOptions = {},
): Promise<ExecResult> {
  const [status, stdout, stderr] = await runBytes(ref, command, { input, maxBuffer, ...options });
  return { stdout: stdout.toString('utf8'), stderr: stderr.toString('utf8'), exitCode: status };
}

/** The same with the bytes as they are: [exit code, stdout, stderr]. */
export async function runBytes(
  ref: ContainerRef,
  command: readonly string[],
  { input, maxBuffer = MAX_BUFFER, ...options }: RunOptions,
): Promise<[exitCode: number, stdout: Buffer, stderr: Buffer]> {
  const program = await spawn(ref, command, options);
  program.stdin.end(input ?? '');
  const collect = async (stream: ContainerProcess['stdout']) => {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of stream) {
      chunks.push(chunk as Buffer);
      size += (chunk as Buffer).length;
      if (size <= maxBuffer) continue;
      await program.kill('SIGKILL');
      throw new RangeError(`${command[0]} printed more than ${maxBuffer} bytes`);
    }
    return Buffer.concat(chunks);
  };
  const ends = Promise.all([collect(program.stdout), collect(program.stderr), program.exit]);
  const [stdout, stderr, { code, signal }] = await abortable(ends, options.signal);
  return [code ?? 128 + (signal ?? 0), stdout, stderr];
}
