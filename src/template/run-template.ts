import { basename } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import { TslxcError } from '../errors/tslxc-error.ts';
import { type CallerSurroundings, ownContext } from '../util/request-context.ts';
import { completePath } from '../util/search-path.ts';
import { templateName } from './find-template.ts';
import { templateCommand } from './template-command.ts';
import { type OutputReceivers, type Reason, TemplateOutput } from './template-output.ts';

/** The arguments of a template (LXC's contract), and the receivers of its output. */
export interface TemplateRun extends OutputReceivers {
  /** Absolute path of the script, see findTemplate. */
  readonly template: string;
  /** The container's directory. The template appends to the `config` in it. */
  readonly path: string;
  readonly name: string;
  /** The root filesystem, mounted and empty. */
  readonly rootfs: string;
  /** The user's arguments behind `--`. */
  readonly args?: readonly string[];
  /**
   * Program and arguments in front of the script's command line; they enter the mount namespace of
   * the root filesystem.
   */
  readonly command?: readonly string[];
  /** The caller whose environment the script gets; by default this process. */
  readonly caller?: Pick<CallerSurroundings, 'env'> | undefined;
  /** Variables added to the caller's. */
  readonly env?: Readonly<Record<string, string>>;
  /** Host ids of the container's root. */
  readonly mappedIds?: { readonly uid: number; readonly gid: number };
  /** `inherit` lets a template ask questions; a quiet creation gives it no input. */
  readonly stdin?: 'inherit' | 'ignore';
  readonly signal?: AbortSignal;
}

/** Time for an interrupted template to clean up, milliseconds. */
const GRACE_MS = 4000;
const ASK_AGAIN_MS = 300;

/**
 * Runs a template to its end. Afterwards no process of the template is left.
 * @throws TslxcError TEMPLATE_FAILED (or DISK_FULL) with the template's last words, and as its
 *   cause the output that `onLine` was not told
 */
export async function runTemplate(run: TemplateRun): Promise<void> {
  if (run.signal?.aborted) throw interrupted(run);
  const { file, args } = await templateCommand(run.template, templateArguments(run));
  const output = new TemplateOutput(basename(run.template), run);
  const { env } = run.caller ?? ownContext();
  const [program, ...rest] = [...(run.command ?? []), file, ...args];
  const subprocess = execa(program!, rest, {
    // A session of its own, so that all processes of the template can be signalled at once.
    detached: true,
    cwd: '/',
    extendEnv: false,
    env: { ...env, PATH: completePath(env.PATH), ...run.env },
    stdin: run.stdin ?? 'ignore',
    buffer: false,
    reject: false,
  });
  const listen = async (stream: 'stdout' | 'stderr') => {
    for await (const text of subprocess.iterable({ from: stream })) output.line(text, stream);
  };
  const stop = () => void endGroup(subprocess.pid, subprocess);
  run.signal?.addEventListener('abort', stop, { once: true });
  try {
    await Promise.all([listen('stdout'), listen('stderr')]);
  } finally {
    run.signal?.removeEventListener('abort', stop);
  }
  const result = await subprocess;
  if (run.signal?.aborted) {
    output.release();
    throw interrupted(run);
  }
  if (result.exitCode !== 0)
    throw failure(run, result.exitCode, result.signal, output.reason(), result.message);
  output.release();
}

/** Arguments of LXC's calling contract. The mapped ids come last. */
export function templateArguments(run: TemplateRun): string[] {
  return [
    `--path=${run.path}`,
    `--name=${run.name}`,
    `--rootfs=${run.rootfs}`,
    ...(run.args ?? []),
    ...(run.mappedIds
      ? ['--mapped-uid', String(run.mappedIds.uid), '--mapped-gid', String(run.mappedIds.gid)]
      : []),
  ];
}

function failure(
  run: TemplateRun,
  exitCode: number | undefined,
  signal: string | undefined,
  { words: told, details }: Reason,
  spawnMessage: string | undefined,
): TslxcError {
  const how = exitCode === undefined ? (signal ?? 'could not be started') : `exit status ${exitCode}`;
  const reason = told ?? (exitCode === undefined ? spawnMessage : undefined);
  return new TslxcError({
    code: /no space left on device/i.test(reason ?? '') ? 'DISK_FULL' : 'TEMPLATE_FAILED',
    message: `template ${templateName(run.template)} failed (${how})${reason ? `: ${reason}` : ''}`,
    container: run.name,
    step: 'template',
    hint:
      exitCode === 126 || exitCode === 127 ? 'the interpreter in its first line may be missing' : undefined,
    ...(details === undefined ? {} : { cause: new Error(details) }),
  });
}

function interrupted(run: TemplateRun): TslxcError {
  return new TslxcError({
    code: 'TEMPLATE_FAILED',
    message: `template ${templateName(run.template)} was interrupted`,
    container: run.name,
    step: 'template',
    cause: run.signal?.reason,
  });
}

/**
 * Signals the process group, and kills it after a while. The signal is sent twice: a shell that is
 * about to start a program handles the first signal only after that program, which never received
 * it.
 */
async function endGroup(pid: number | undefined, ended: PromiseLike<unknown>): Promise<void> {
  if (pid === undefined) return;
  const over = ended.then(() => true);
  const steps = [
    { signal: 'SIGTERM', wait: ASK_AGAIN_MS },
    { signal: 'SIGTERM', wait: GRACE_MS },
    { signal: 'SIGKILL', wait: 0 },
  ] as const;
  for (const { signal, wait } of steps) {
    signalGroup(pid, signal);
    if (wait > 0 && (await Promise.race([over, delay(wait, false, { ref: false })]))) return;
  }
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group has ended by itself.
  }
}
