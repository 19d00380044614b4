/** Runs the host's tools (cp, rm, …) so that they can be broken off and do not outlive us. */

import { realpathSync } from 'node:fs';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { TslxcError } from '../errors/tslxc-error.ts';
import { toolEnvironment } from '../util/own-process.ts';

export interface ToolRun {
  readonly tool: string;
  readonly args: readonly string[];
  /** Package that brings the tool, for the error when it is not there. */
  readonly package: string;
  readonly signal?: AbortSignal | undefined;
  /** Called when the tool runs. */
  onStart?(pid: number): void;
  /** Called with a line of standard output, which is not shown otherwise. */
  onOutput?(line: string): void;
  /** The same as it comes, for output that is no text. */
  onChunk?(chunk: Uint8Array): void;
  /** Its standard input; without it there is none. */
  input?(): Iterable<Uint8Array>;
}

export interface ToolResult {
  /** 0 when it went well; -1 when a signal ended it. */
  readonly code: number;
  /** The first and the last lines that it printed on stderr. */
  readonly complaints: readonly string[];
}

/** A tree of a million unreadable files must not fill the memory. */
const COMPLAINTS_KEPT = 20;

/**
 * Runs a tool to its end. Throws the signal's reason when the tool was interrupted, TOOL_MISSING
 * when the tool is not installed.
 */
export async function runTool(run: ToolRun): Promise<ToolResult> {
  run.signal?.throwIfAborted();
  // Late: the commands that need no tool (info, ls) do not pay for it.
  const { execa } = await import('execa');
  const [file, ...args] = [...dyingWithUs(), run.tool, ...run.args];
  const child = execa(file!, args, {
    stdin: run.input ? 'pipe' : 'ignore',
    stdout: run.onOutput || run.onChunk ? 'pipe' : 'ignore',
    stderr: 'pipe',
    buffer: false,
    reject: false,
    extendEnv: false,
    // Messages are read (`tellsOfFullDisk`), so they come in one language.
    env: toolEnvironment(),
    ...(run.signal ? { cancelSignal: run.signal } : {}),
    forceKillAfterDelay: 2000,
  });
  if (child.pid !== undefined) run.onStart?.(child.pid);
  const complaints: string[] = [];
  const streams = [
    ...(run.onOutput ? [follow(child.iterable({ from: 'stdout' }), run.onOutput)] : []),
    ...(run.onChunk ? [follow(child.iterable({ from: 'stdout', binary: true }), run.onChunk)] : []),
    ...(run.input && child.stdin ? [feed(run.input(), child.stdin)] : []),
  ];
  try {
    for await (const line of child.iterable({ from: 'stderr' })) {
      complaints.push(line);
      // The first lines name the cause, the last lines the result.
      if (complaints.length > COMPLAINTS_KEPT) complaints.splice(COMPLAINTS_KEPT / 2, 1);
    }
  } catch {
    // The way it ended is in the result below.
  }
  const result = await child;
  await Promise.all(streams);
  run.signal?.throwIfAborted();
  if (isMissing(result, complaints)) {
    throw new TslxcError({
      code: 'TOOL_MISSING',
      message: `${run.tool} is not installed`,
      hint: `it is in the package ${run.package}`,
    });
  }
  return { code: result.exitCode ?? -1, complaints };
}

async function follow<Part>(parts: AsyncIterable<Part>, tell: (part: Part) => void): Promise<void> {
  try {
    for await (const part of parts) tell(part);
  } catch {
    // The way it ended is in its result.
  }
}

async function feed(parts: Iterable<Uint8Array>, stdin: Writable): Promise<void> {
  try {
    await pipeline(Readable.from(parts), stdin);
  } catch {
    // The tool has closed its input.
  }
}

function isMissing(
  result: { code?: string | undefined; exitCode?: number | undefined },
  complaints: readonly string[],
): boolean {
  if (result.code === 'ENOENT') return true;
  // setpriv's exit status for a program that is not there.
  return result.exitCode === 127 && complaints.some((line) => line.includes('No such file'));
}

let wrapper: readonly string[] | undefined;

/**
 * A kill of this process must end the tool as well: it would go on to write into a tree that the
 * next command is about to remove. setpriv asks the kernel for that; where it cannot (busybox's),
 * the next command copes.
 */
function dyingWithUs(): readonly string[] {
  wrapper ??= ['/usr/bin/setpriv', '/bin/setpriv']
    .filter((path) => {
      try {
        return !realpathSync(path).includes('busybox');
      } catch {
        return false;
      }
    })
    .slice(0, 1)
    .flatMap((path) => [path, '--pdeathsig', 'KILL', '--']);
  return wrapper;
}
