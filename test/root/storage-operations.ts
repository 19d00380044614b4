/** The operations of storage-property.test.ts, also as a process that can be killed: one for each line of JSON. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { cloneContainer } from '../../src/container/copies/clone.ts';
import { flattenContainer } from '../../src/container/copies/flatten.ts';
import { renameContainer } from '../../src/container/copies/rename.ts';
import { restoreSnapshot } from '../../src/container/copies/restore.ts';
import { createSnapshot, destroySnapshot } from '../../src/container/copies/snapshot.ts';
import { createContainer } from '../../src/container/create.ts';
import { destroyContainer } from '../../src/container/destroy.ts';
import type { Operation } from './storage-property.test.ts';

export async function run(lxcpath: string, { op, name, to = '', snapshot = '' }: Operation): Promise<void> {
  const ref = { name, lxcpath };
  const other = { name: to, lxcpath };
  switch (op) {
    case 'create': {
      // A container without a template is there at once; its files are put into place before anybody looks.
      const source = join(lxcpath, '..', `config-${name}`);
      writeFileSync(source, `lxc.rootfs.path = dir:${join(lxcpath, name)}/rootfs\nlxc.net.0.type = empty\n`);
      await createContainer(ref, { template: 'none', config: source });
      mkdirSync(join(lxcpath, name, 'rootfs'), { mode: 0o755 });
      return writeFileSync(join(lxcpath, name, 'rootfs/born'), name);
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

if (process.argv[1] === import.meta.filename)
  for await (const line of createInterface(process.stdin)) {
    try {
      await run(process.argv[2]!, JSON.parse(line) as Operation);
      process.stdout.write('done\n');
    } catch (error) {
      process.stdout.write(`${(error as Error).stack?.replaceAll('\n', ' ')}\n`);
    }
  }
