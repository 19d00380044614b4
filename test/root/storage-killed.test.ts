/** Every operation on storage, killed at each of its steps, and with a disk that is full from each of its steps on. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { exportContainer } from '../../src/container/archive/export.ts';
import { importContainer } from '../../src/container/archive/import.ts';
import { sweepUnfinishedArchives } from '../../src/container/archive/unfinished-archive.ts';
import { createSnapshot } from '../../src/container/copies/snapshot.ts';
import { checkStorage, repairStorage } from '../../src/container/lifecycle/check-storage.ts';
import { dyingAt } from './storage-fault.ts';
import { type Operation, run, seen } from './storage-operations.ts';
import { scratch } from './storage-scratch.ts';
import { upperOf } from './storage-view.ts';

const { root, lxcpath } = scratch();
const archive = join(root, 'archive.tslxc');
const MOST_STEPS = 80;

const ref = (name: string) => ({ name, lxcpath });

const golden = join(root, 'golden');

function empty(): void {
  for (const entry of readdirSync(lxcpath)) rmSync(join(lxcpath, entry), { recursive: true });
}

/** Containers to begin with: `a` is plain, `b` stands on a layer with a snapshot of it, and has written since. */
before(async () => {
  await run(lxcpath, { op: 'create', name: 'a' });
  await run(lxcpath, { op: 'create', name: 'b' });
  await run(lxcpath, { op: 'snapshot', name: 'b' });
  const upper = upperOf(join(lxcpath, 'b'));
  mkdirSync(join(upper, 'etc'));
  writeFileSync(join(upper, 'etc/later'), 'later');
  cpSync(lxcpath, golden, { recursive: true });
  await exportContainer(ref('b'), { file: join(root, 'made.tslxc') });
});

const operation = (op: Operation) => () => run(lxcpath, op);

const OPERATIONS: Readonly<Record<string, () => Promise<unknown>>> = {
  'first snapshot': operation({ op: 'snapshot', name: 'a' }),
  'second snapshot': operation({ op: 'snapshot', name: 'b' }),
  'full snapshot': () => createSnapshot(ref('a'), { full: true }),
  'clone that shares': operation({ op: 'share', name: 'a', to: 'c' }),
  'clone of a clone': operation({ op: 'share', name: 'b', to: 'c' }),
  copy: operation({ op: 'copy', name: 'b', to: 'c' }),
  'restore in place': operation({ op: 'restore', name: 'b', snapshot: 'snap0' }),
  'restore as another': operation({ op: 'restoreAs', name: 'b', snapshot: 'snap0', to: 'c' }),
  rename: operation({ op: 'rename', name: 'b', to: 'c' }),
  flatten: operation({ op: 'flatten', name: 'b' }),
  'removal of a snapshot': operation({ op: 'drop', name: 'b', snapshot: 'snap0' }),
  destroy: operation({ op: 'destroy', name: 'b' }),
  export: () => exportContainer(ref('b'), { file: archive }),
  import: () => importContainer({ file: join(root, 'made.tslxc'), lxcpath, name: 'c' }),
};

for (const full of [false, true])
  for (const [what, work] of Object.entries(OPERATIONS))
    test(`${what}, ${full ? 'the disk full from' : 'killed at'} each step`, async () => {
      const begin = () => {
        empty();
        rmSync(archive, { force: true });
        cpSync(golden, lxcpath, { recursive: true });
      };
      begin();
      const before = seen(lxcpath);
      await work();
      const after = seen(lxcpath);
      let step = 0;
      for (let reached = true; reached; step++) {
        assert.ok(step < MOST_STEPS);
        begin();
        reached = await dyingAt(step, work, full);
        // A rename with room for one config and not for the other ends when there is room again.
        if (!full || what === 'rename') assert.deepEqual(await repairStorage(lxcpath), [], `step ${step}`);
        assert.deepEqual(checkStorage(lxcpath), [], `step ${step}`);
        const now = JSON.stringify(seen(lxcpath));
        assert.ok(
          [before, after].some((model) => JSON.stringify(model) === now),
          `step ${step}: ${now}`,
        );
        // What is left of an archive has a name that nothing reads, and goes with the next export.
        if (!full) sweepUnfinishedArchives(root);
        const half = readdirSync(root).filter((entry) => entry.startsWith('.archive'));
        assert.deepEqual(half, [], `step ${step}`);
      }
      assert.ok(full || step > 1);
    });
