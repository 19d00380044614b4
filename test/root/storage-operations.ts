/** The operations of storage-property.test.ts, also as a process that can be killed: one for each line of JSON. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { cloneContainer } from '../../src/container/copies/clone.ts';
import { flattenContainer } from '../../src/container/copies/flatten.ts';
import { renameContainer } from '../../src/container/copies/rename.ts';
import { restoreSnapshot } from '../../src/container/copies/restore.ts';
import { createSnapshot, destroySnapshot } from '../../src/container/copies/snapshot.ts';
import { createContainer } from '../../src/container/lifecycle/create.ts';
import { destroyContainer } from '../../src/container/lifecycle/destroy.ts';
import { definedContainers } from '../../src/container/state/list.ts';
import { snapshotNames } from '../../src/container/state/snapshot-layout.ts';
import { contentOf } from './storage-view.ts';

type Content = Readonly<Record<string, string>>;
export interface Modelled {
  readonly content: Content;
  readonly snapshots: Readonly<Record<string, Content>>;
}
export type Model = Readonly<Record<string, Modelled>>;

export interface Operation {
  readonly op: string;
  readonly name: string;
  readonly to?: string;
  readonly snapshot?: string;
}

export async function run(lxcpath: string, { op, name, to = '', snapshot = '' }: Operation): Promise<void> {
  const ref = { name, lxcpath };
  const other = { name: to, lxcpath };
  switch (op) {
    case 'create': {
      // By a template: a container appears with its files or not at all.
      const template = join(lxcpath, '..', `template-${name}`);
      const config = join(lxcpath, '..', 'empty.conf');
      writeFileSync(template, `#!/bin/sh\necho -n ${name} >"${join(lxcpath, name)}/rootfs/born"\n`, {
        mode: 0o755,
      });
      return await createContainer(ref, { template, config });
    }
    case 'share':
      return await cloneContainer(ref, other, { snapshot: true, keepName: true });
    case 'copy':
      return await cloneContainer(ref, other, { keepName: true });
    case 'snapshot':
      await createSnapshot(ref);
      return;
    case 'restore':
      return await restoreSnapshot(ref, snapshot);
    case 'restoreAs':
      return await restoreSnapshot(ref, snapshot, { newName: to });
    case 'rename':
      return await renameContainer(ref, to, { keepName: true });
    case 'drop':
      return await destroySnapshot(ref, snapshot);
    case 'destroy':
      return await destroyContainer(ref, { snapshots: true });
    case 'flatten':
      await flattenContainer(ref);
      return;
    default:
      throw new Error(`no operation ${op}`);
  }
}

/** What there is. */
export function seen(lxcpath: string): Model {
  return Object.fromEntries(
    definedContainers(lxcpath).map((name) => {
      const directory = join(lxcpath, name);
      const snapshots = snapshotNames({ name, lxcpath }).map((snapshot) => [
        snapshot,
        contentOf(join(directory, 'snaps', snapshot)),
      ]);
      return [name, { content: contentOf(directory), snapshots: Object.fromEntries(snapshots) }];
    }),
  );
}

if (process.argv[1] === import.meta.filename)
  for await (const line of createInterface(process.stdin)) {
    try {
      await run(process.argv[2]!, JSON.parse(line) as Operation);
      process.stdout.write('done\n');
    } catch (error) {
      process.stdout.write(`${(error as Error).stack?.replaceAll('\n', ' ')}\n`);
    }
  }
