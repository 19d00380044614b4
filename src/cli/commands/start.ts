import { resolve } from 'node:path';
import type { ContainerShape } from '../../api/container.ts';
import type { StartOptions, StartResult } from '../../api/options.ts';
import { TslxcError } from '../../errors/tslxc-error.ts';
import { settingOptions } from '../parse/start-options.ts';
import { inForeground } from '../run/caller-streams.ts';
import { type Call, command } from '../run/command.ts';
import { exitCodeOf } from '../run/exit-status.ts';
import { missing } from '../run/refusals.ts';
import { spec } from './start.options.ts';

type StartCall = Call<typeof spec.options>;

export default command(spec, async (call) => {
  const container = await call.container();
  try {
    return await startOrPlan(call, container);
  } catch (error) {
    // Only now: a start brings back what a killed restore has left under another name.
    const unread = error instanceof TslxcError && error.code === 'CONFIG_READ';
    if (unread && !container.defined() && call.values.rcfile === undefined) throw missing(container);
    if (call.as !== 'lxc' || !isRunningAlready(error)) throw withProgram(error, call);
    // Programs that drive LXC start without asking first: to LXC this is a success.
    await call.complain(
      new TslxcError({
        code: 'ALREADY_RUNNING',
        message: 'Container is already running',
        container: container.name,
      }),
      'warning',
    );
    return 0;
  }
});

/** A second name is the program to run as init: said where that is what failed. */
function withProgram(error: unknown, { operands, name }: StartCall): unknown {
  const [program] = operands;
  if (!(error instanceof TslxcError) || error.code !== 'INIT_MISSING' || program === undefined) return error;
  const hint = `'${program}' was taken for the program to run as init of ${name}; several containers are started one by one`;
  return new TslxcError({ ...error.toJSON(), hint, cause: error.cause });
}

function isRunningAlready(error: unknown): boolean {
  return error instanceof TslxcError && error.code === 'ALREADY_RUNNING';
}

async function startOrPlan(call: StartCall, container: ContainerShape): Promise<number> {
  const options = startOptions(call);
  if (call.values['dry-run']) return await showPlan(call, container, options);
  if (call.values.foreground) {
    const status = await container.startForeground(
      inForeground(call.io, {
        ...options,
        // Nothing waits for the warnings: by now the terminal is the container's.
        onStarted: (result: StartResult) => void told(call, result),
      }),
    );
    return exitCodeOf(status);
  }
  const result = await container.start(options);
  await told(call, result);
  if (call.json)
    call.io.print(
      `${JSON.stringify({ name: container.name, pid: result.pid, milliseconds: result.milliseconds })}\n`,
    );
  return 0;
}

function startOptions({ values, operands, io }: StartCall): StartOptions {
  const here = (path: string) => resolve(io.cwd, path);
  const { console } = values;
  // `none` (no console at all) is a word of the key, not a file.
  const path = console === undefined || console === 'none' ? console : here(console);
  return {
    ...settingOptions(values, io, path === undefined ? [] : [`lxc.console.path=${path}`]),
    ...(operands.length > 0 ? { init: operands } : {}),
    ...(values['console-log'] === undefined ? {} : { consoleLog: here(values['console-log']) }),
    ...(values.pidfile === undefined ? {} : { pidFile: here(values.pidfile) }),
  };
}

/**
 * Nothing is begun: what stands in the way of a start ends the command as it would end the start.
 */
async function showPlan(call: StartCall, container: ContainerShape, options: StartOptions): Promise<number> {
  const result = await container.plan(options);
  if (call.json) {
    const { plan, ...rest } = result;
    call.io.print(`${JSON.stringify({ ...plan, ...rest }, null, 2)}\n`);
    return 0;
  }
  const { planText } = await import('../render/plan-text.ts');
  call.io.print(planText(result));
  return 0;
}

async function told(call: StartCall, result: StartResult): Promise<void> {
  for (const warning of result.warnings) await call.complain(warning, 'warning');
}
