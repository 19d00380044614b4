/** Runs the programs that the bridge service uses. Never in a stage: this awaits and spawns. */

import { AsyncLocalStorage } from 'node:async_hooks';
import { TslxcError } from '../errors/tslxc-error.ts';
import { toolEnvironment } from '../util/own-process.ts';

/** Debian's package of each; other distributions call them alike. */
const PACKAGE_OF = {
  dnsmasq: 'dnsmasq-base',
  nft: 'nftables',
  iptables: 'iptables',
  'iptables-restore': 'iptables',
  ip6tables: 'iptables',
  'ip6tables-restore': 'iptables',
} as const;

export type Tool = keyof typeof PACKAGE_OF;

export interface ToolResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

const TIMEOUT_MS = 20_000;

const heldLock = new AsyncLocalStorage<number>();

/**
 * Does `work`; programs that it runs get the lock's descriptor. When we are killed, the lock is
 * held on until they have ended too: else an `nft` that we left behind would make rules after
 * another process's stop had removed them.
 */
export function holdingLock<T>(fd: number, work: () => Promise<T>): Promise<T> {
  return heldLock.run(fd, work);
}

function missing(tool: Tool): TslxcError {
  return new TslxcError({
    code: 'TOOL_MISSING',
    message: `${tool} is not installed`,
    hint: `install the package ${PACKAGE_OF[tool]}`,
  });
}

/** Runs a program; a failure of its own is a result, its absence an error. */
export async function tryTool(tool: Tool, args: readonly string[], input = ''): Promise<ToolResult> {
  const { execa } = await import('execa');
  const lock = heldLock.getStore();
  const result = await execa(tool, args, {
    input,
    // execa's types know descriptors up to 9 only; it takes any.
    ...(lock === undefined ? {} : { stdio: ['pipe', 'pipe', 'pipe', lock as 3] as const }),
    reject: false,
    timeout: TIMEOUT_MS,
    maxBuffer: 10_000_000,
    // Nothing of the caller's environment: dnsmasq's scripts and nft's includes would see it.
    env: toolEnvironment(),
    extendEnv: false,
    cwd: '/',
  });
  if (result.code === 'ENOENT') throw missing(tool);
  return {
    exitCode: result.exitCode ?? -1,
    stdout: result.stdout,
    stderr: result.stderr || result.shortMessage || '',
  };
}

/** Runs a program that must succeed. `action` says what it is for. */
export async function runTool(
  tool: Tool,
  args: readonly string[],
  action: string,
  input = '',
): Promise<string> {
  const { exitCode, stdout, stderr } = await tryTool(tool, args, input);
  if (exitCode === 0) return stdout;
  const words = stderr.trim().split('\n').slice(0, 3).join('; ');
  throw new TslxcError({
    code: 'NETWORK_FAILED',
    message: `${action}: ${tool}: ${words || `exit code ${exitCode}`}`,
  });
}

/** Whether the program is there and runs (`args` is something harmless). */
export async function hasTool(tool: Tool, ...args: readonly string[]): Promise<boolean> {
  try {
    return (await tryTool(tool, args)).exitCode === 0;
  } catch (error) {
    if (error instanceof TslxcError && error.code === 'TOOL_MISSING') return false;
    throw error;
  }
}
