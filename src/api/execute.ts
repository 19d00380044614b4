import type { ContainerRef } from '../container/state/paths.ts';
import { SIG } from '../kernel/constants.ts';
import type { ExitStatus } from '../kernel/kernel.ts';
import type { StartRequest } from '../manager/protocol.ts';
import { type CallerStreams, callerTerminal } from './caller-streams.ts';
import { relayConsole, startAndStay } from './foreground.ts';
import { SignalForwarder } from './forward-signals.ts';
import type { ExecuteOptions, StartResult } from './options.ts';
import { startInBackground, startRequest, startResult } from './start.ts';

/** In the background output and errors go to the console, where they are kept; there is no input. */
const BACKGROUND = [1, 2];

async function request(
  ref: ContainerRef,
  options: ExecuteOptions,
  onConsole: readonly number[],
  foreground: boolean,
): Promise<StartRequest> {
  const { command, ...start } = options;
  return {
    ...(await startRequest(ref, { ...start, ...(command?.length ? { init: command } : {}) }, foreground)),
    execute: { onConsole },
  };
}

/**
 * Starts a container in which one program runs below an init of ours, and waits until all its processes have ended. The
 * program has the caller's standard streams, but for those that are a terminal: for them it has the container's console.
 *
 * @throws TslxcError what a start throws; EXEC_FAILED, INIT_MISSING
 */
export async function execute(
  ref: ContainerRef,
  options: ExecuteOptions & CallerStreams & { onStarted?(result: StartResult): void },
): Promise<ExitStatus> {
  const { stdin, stdout, stderr, onStarted, ...rest } = options;
  const terminal = callerTerminal({ stdin, stdout, stderr });
  const asked = await request(ref, rest, terminal?.terminals ?? [], true);
  // As LXC: whoever hangs up wants the program to end.
  const signals = new SignalForwarder(terminal !== undefined, { SIGHUP: SIG.TERM });
  return await startAndStay(ref, { ...asked, stdio: [0, 1, 2] }, async (container) => {
    const { manager, reply, end } = container;
    onStarted?.(startResult(reply));
    signals.begin({ manager, pid: reply.pid });
    const shown =
      terminal &&
      relayConsole(ref, container, {
        input: terminal.input,
        output: terminal.screen,
        terminal: terminal.terminals[0],
      });
    return await Promise.race([shown ?? end, signals.givenUp]);
  }).finally(() => signals.stop());
}

/** The same in the background; settles when the program runs. */
export function executeInBackground(ref: ContainerRef, options: ExecuteOptions): Promise<StartResult> {
  return startInBackground(request(ref, options, BACKGROUND, false));
}
