import { resolve } from 'node:path';
import type { ContainerEvent } from '../../api/watch.ts';
import { TslxcError } from '../../errors/tslxc-error.ts';
import { extendedExpression } from '../parse/extended-expression.ts';
import { jsonLine } from '../render/json-output.ts';
import { type Call, command } from '../run/command.ts';
import { spec } from './monitor.options.ts';

type MonitorCall = Call<typeof spec.options>;

export default command(spec, async (call) => {
  const { values, io } = call;
  const { watchContainers, quitManager } = await call.library.watch();
  if (values.quit) {
    if (await quitManager()) return 0;
    throw new TslxcError({
      code: 'RUNNING',
      message: 'the manager stays: it has containers to look after',
      hint: "'tslxc-ls --active' lists those of one directory",
    });
  }
  // The whole name has to match, as with LXC.
  const pattern = extendedExpression(call.name ?? '.*', true);
  const { reasonText } = await import('../../container/state/end-reason.ts');
  const { interruptible } = await import('../run/interrupt.ts');
  await interruptible(io, async (signal) => {
    await watchContainers(
      await lxcpaths(call),
      {
        onEvent(event) {
          if (pattern.test(event.name)) io.print(lineOf(event, call, reasonText));
        },
      },
      signal,
    );
    // Only a signal ends the watch.
    throw signal.reason;
  });
  return 0;
});

async function lxcpaths({ values, io, library }: MonitorCall): Promise<string[]> {
  if (values.lxcpath.length === 0) return [await library.defaultLxcpath()];
  return values.lxcpath.map((path) => resolve(io.cwd, path));
}

function lineOf(
  event: ContainerEvent,
  { json, values }: MonitorCall,
  reasonText: typeof import('../../container/state/end-reason.ts').reasonText,
): string {
  if (json) return jsonLine('monitor', event);
  const why = values.why && event.reason ? ` (${reasonText(event.reason)})` : '';
  return event.type === 'state'
    ? `'${event.name}' changed state to [${event.state}]${why}\n`
    : `'${event.name}' exited with status [${event.status?.code ?? 0}]${why}\n`;
}
