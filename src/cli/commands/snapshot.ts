import { join, resolve } from 'node:path';
import type { ContainerShape } from '../../api/container.ts';
import type { SnapshotInfo } from '../../api/options.ts';
import { usage } from '../parse/getopt.ts';
import { copying } from '../render/copy-progress.ts';
import { type Call, command } from '../run/command.ts';
import { missing } from '../run/refusals.ts';
import { spec } from './snapshot.options.ts';

type SnapshotCall = Call<typeof spec.options>;

export default command(spec, async (call) => {
  const { values, operands } = call;
  const container = await call.container();
  if (!container.defined()) throw missing(container);
  // LXC's command passes over an argument that it has no use for.
  if (operands[0] && values.restore === undefined && call.as !== 'lxc')
    throw usage(`unexpected argument '${operands[0]}'`);
  if (values.tree) await tree(call, container);
  else if (values.list) list(call, await container.snapshots());
  else if (values.restore !== undefined) await restore(call, container, values.restore);
  else if (values.destroy !== undefined) await container.destroySnapshot(values.destroy);
  else await take(call, container);
  return 0;
});

async function take(call: SnapshotCall, container: ContainerShape): Promise<void> {
  const { values, io, json } = call;
  const { comment, message } = values;
  const taken = await copying(call, (telling) =>
    container.snapshot({
      ...(comment === undefined ? {} : { commentFile: resolve(io.cwd, comment) }),
      ...(message === undefined ? {} : { comment: message }),
      full: values.full,
      ...telling,
    }),
  );
  if (json) io.print(`${JSON.stringify(jsonOf(taken), null, 2)}\n`);
}

/**
 * LXC writes the directory of all snapshots and a time of its own; JSON has what programs need: its
 * own, and ISO 8601.
 */
function jsonOf(info: SnapshotInfo): SnapshotInfo {
  const [day = '', time = ''] = info.timestamp.split(' ');
  const taken = new Date(`${day.replaceAll(':', '-')}T${time}`);
  const timestamp = Number.isNaN(taken.getTime()) ? info.timestamp : taken.toISOString();
  return { ...info, path: join(info.path, info.name), timestamp };
}

async function restore(call: SnapshotCall, container: ContainerShape, snapshot: string): Promise<void> {
  const { values, operands } = call;
  const newName = values.newname ?? operands[0];
  await copying(call, (telling) =>
    container.restore(snapshot, {
      ...(newName === undefined ? {} : { newName }),
      full: values.full,
      ...telling,
    }),
  );
}

async function tree({ io, json }: SnapshotCall, container: ContainerShape): Promise<void> {
  const nodes = await container.storageTree();
  if (json) io.print(`${JSON.stringify(nodes, null, 2)}\n`);
  else io.print((await import('../render/tree-text.ts')).treeText(nodes));
}

function list({ values, io, json }: SnapshotCall, snapshots: readonly SnapshotInfo[]): void {
  if (json) {
    io.print(`${JSON.stringify(snapshots.map(jsonOf), null, 2)}\n`);
    return;
  }
  if (snapshots.length === 0) io.print('No snapshots\n');
  for (const { name, path, timestamp, comment } of snapshots) {
    io.print(`${name} (${path}) ${timestamp}\n`);
    if (values.showcomments && comment) io.print(comment.endsWith('\n') ? comment : `${comment}\n`);
  }
}
