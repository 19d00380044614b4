import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import { TslxcError } from '../errors/tslxc-error.ts';
import { type CallerSurroundings, ownContext } from '../util/request-context.ts';
import { completePath } from '../util/search-path.ts';
import { templateName } from './find-template.ts';
import { templateCommand } from './template-command.ts';

/** The arguments of a template (LXC's contract), and the receivers of its output. */
export interface TemplateRun {
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
  /** Called for a line `==> text`, which announces a larger step. */
  readonly onStep?: (text: string) => void;
  /** Called for any other line. */
  readonly onLine?: (text: string, stream: 'stdout' | 'stderr') => void;
}

/** Output lines that an error carries as its cause. */
const TAIL = 20;
/** Time for an interrupted template to clean up, milliseconds. */
const GRACE_MS = 4000;
const ASK_AGAIN_MS = 300;
const STEP = /^==> *(.*)$/;

/**
 * Runs a template to its end. Afterwards no process of the template is left.
 * @throws TslxcError TEMPLATE_FAILED (or DISK_FULL) with the template's last output
 */
export async function runTemplate(run: TemplateRun): Promise<void> {
  if (run.signal?.aborted) throw interrupted(run);
  const { file, args } = await templateCommand(run.template, templateArguments(run));
  const tail = new Tail();
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
    for await (const text of subprocess.iterable({ from: stream })) {
      tail.add(text, stream);
      const step = stream === 'stdout' ? STEP.exec(text) : null;
      if (step) run.onStep?.(step[1]!);
      else run.onLine?.(text, stream);
    }
  };
  const stop = () => void endGroup(subprocess.pid, subprocess);
  run.signal?.addEventListener('abort', stop, { once: true });
  try {
    await Promise.all([listen('stdout'), listen('stderr')]);
  } finally {
    run.signal?.removeEventListener('abort', stop);
  }
  const result = await subprocess;
  if (run.signal?.aborted) throw interrupted(run);
  if (result.exitCode !== 0) throw failure(run, result.exitCode, result.signal, tail, result.message);
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

/** The last lines of a template's output, and the most informative one among them. */
class Tail {
  readonly #lines: { text: string; stream: 'stdout' | 'stderr' }[] = [];

  add(text: string, stream: 'stdout' | 'stderr'): void {
    this.#lines.push({ text, stream });
    // Each stream keeps its share, so that output on one does not displace the reason on the other.
    const same = this.#lines.filter((line) => line.stream === stream);
    if (same.length > TAIL) this.#lines.splice(this.#lines.indexOf(same[0]!), 1);
  }

  /** The last line that contains a letter, preferably from stderr. */
  lastWords(): string | undefined {
    const meaningful = this.#lines.filter((line) => /\p{L}/u.test(line.text) && !STEP.test(line.text));
    const words = meaningful.findLast((line) => line.stream === 'stderr') ?? meaningful.at(-1);
    return words?.text.trim();
  }

  toString(): string {
    return this.#lines.map((line) => line.text).join('\n');
  }
}

function failure(
  run: TemplateRun,
  exitCode: number | undefined,
  signal: string | undefined,
  tail: Tail,
  spawnMessage: string | undefined,
): TslxcError {
  const how = exitCode === undefined ? (signal ?? 'could not be started') : `exit status ${exitCode}`;
  const own = `${run.template.slice(run.template.lastIndexOf('/') + 1)}: `;
  const words = tail.lastWords() ?? (exitCode === undefined ? spawnMessage : undefined);
  const reason = words?.startsWith(own) ? words.slice(own.length) : words;
  return new TslxcError({
    code: /no space left on device/i.test(reason ?? '') ? 'DISK_FULL' : 'TEMPLATE_FAILED',
    message: `template ${templateName(run.template)} failed (${how})${reason ? `: ${reason}` : ''}`,
    container: run.name,
    step: 'template',
    hint:
      exitCode === 126 || exitCode === 127 ? 'the interpreter in its first line may be missing' : undefined,
    cause: new Error(tail.toString()),
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
