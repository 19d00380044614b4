import type { ContainerRef } from '../container/state/paths.ts';
import { SIG } from '../kernel/constants.ts';
import type { ExitStatus } from '../kernel/kernel.ts';
import type { StartRequest } from '../manager/wire/protocol.ts';
import type { RequestContext } from '../util/request-context.ts';
import { type CallerStreams, callerTerminal } from './caller-streams.ts';
import { relayConsole, startAndStay } from './foreground.ts';
import { SignalForwarder } from './forward-signals.ts';
import { HandedStreams } from './handed-streams.ts';
import type { ExecuteOptions, StartResult } from './options.ts';
import { startInBackground, startRequest, startResult } from './start.ts';

/**
 * In the background the program's output and errors go to the console, which keeps them. There is
 * no input.
 */
const BACKGROUND = [1, 2];

async function request(
  context: RequestContext,
  ref: ContainerRef,
  options: ExecuteOptions,
  onConsole: readonly number[],
  foreground: boolean,
): Promise<StartRequest> {
  const { command, ...start } = options;
  return await startRequest(
    context,
    ref,
    { ...start, ...(command?.length ? { init: command } : {}) },
    foreground,
    { onConsole },
  );
}

/**
 * Starts a container with one program below tslxc's own init, and waits until all of its processes
 * have ended. The program gets the caller's standard streams; in place of a terminal it gets the
 * container's console.
 *
 * @throws TslxcError as a start; EXEC_FAILED, INIT_MISSING
 */
export async function execute(
  context: RequestContext,
  ref: ContainerRef,
  options: ExecuteOptions & CallerStreams & { onStarted?(result: StartResult): void },
): Promise<ExitStatus> {
  const { stdin, stdout, stderr, onStarted, ...rest } = options;
  const terminal = callerTerminal({ stdin, stdout, stderr });
  const asked = await request(context, ref, rest, terminal?.terminals ?? [], true);
  // Like LXC, a caller that hangs up ends the program.
  const streams = new HandedStreams(terminal?.terminals ?? [], { 1: () => stdout, 2: () => stderr });
  const signals = new SignalForwarder(terminal !== undefined, { SIGHUP: SIG.TERM });
  const run = startAndStay(context, ref, { ...asked, stdio: streams.fds }, async (container) => {
    const { manager, reply, end } = container;
    const printed = streams.shown();
    onStarted?.(startResult(reply));
    signals.begin({ manager, pid: reply.pid });
    const shown =
      terminal &&
      reply.fd !== undefined &&
      relayConsole(ref, container, {
        input: terminal.input,
        output: terminal.screen,
        terminal: terminal.terminals[0],
      });
    const status = await Promise.race([shown || end, signals.givenUp]);
    await Promise.race([printed, signals.givenUp]);
    return status;
  });
  return await Promise.race([run, signals.calledOff]).finally(() => {
    signals.stop();
    streams.close();
  });
}

/** The same in the background; settles when the program runs. */
export function executeInBackground(
  context: RequestContext,
  ref: ContainerRef,
  options: ExecuteOptions,
): Promise<StartResult> {
  return startInBackground(context, request(context, ref, options, BACKGROUND, false));
}
