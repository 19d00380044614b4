import { resolve } from 'node:path';
import type { ContainerShape } from '../../api/container.ts';
import type { SnapshotInfo } from '../../api/options.ts';
import { type Call, command } from '../command.ts';
import { usage } from '../getopt.ts';
import { interruptible } from '../interrupt.ts';
import { withProgress } from '../progress.ts';
import { missing } from '../refusals.ts';
import { spec } from './snapshot.spec.ts';

type SnapshotCall = Call<typeof spec.options>;

export default command(spec, async (call) => {
  const { values, operands } = call;
  const container = await call.container();
  if (!container.defined()) throw missing(container);
  if (operands[0] !== undefined && values.restore === undefined)
    throw usage(`unexpected argument '${operands[0]}'`);
  if (values.list) list(call, await container.snapshots());
  else if (values.restore !== undefined) await restore(call, container, values.restore);
  else if (values.destroy !== undefined) await container.destroySnapshot(values.destroy);
  else await take(call, container);
  return 0;
});

/** The steps are shown on a terminal only: LXC says nothing. */
async function take({ values, io, quiet, json }: SnapshotCall, container: ContainerShape): Promise<void> {
  const { comment } = values;
  const taken = await withProgress(io, { quiet: quiet || json, terminalOnly: true }, ({ step }) =>
    interruptible(io, (signal) =>
      container.snapshot({
        ...(comment === undefined ? {} : { commentFile: resolve(io.cwd, comment) }),
        onStep: step,
        signal,
      }),
    ),
  );
  if (json) io.print(`${JSON.stringify(taken, null, 2)}\n`);
}

async function restore(call: SnapshotCall, container: ContainerShape, snapshot: string): Promise<void> {
  const { values, operands, io, quiet } = call;
  const newName = values.newname ?? operands[0];
  await withProgress(io, { quiet: quiet || call.json, terminalOnly: true }, ({ step }) =>
    interruptible(io, (signal) =>
      container.restore(snapshot, { ...(newName === undefined ? {} : { newName }), onStep: step, signal }),
    ),
  );
}

function list({ values, io, json }: SnapshotCall, snapshots: readonly SnapshotInfo[]): void {
  if (json) {
    io.print(`${JSON.stringify(snapshots, null, 2)}\n`);
    return;
  }
  if (snapshots.length === 0) io.print('No snapshots\n');
  for (const { name, path, timestamp, comment } of snapshots) {
    io.print(`${name} (${path}) ${timestamp}\n`);
    if (values.showcomments && comment) io.print(comment.endsWith('\n') ? comment : `${comment}\n`);
  }
}
