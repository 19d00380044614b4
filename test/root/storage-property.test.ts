/**
 * Random creates, clones, snapshots, restores, renames, removals and writes: after each of them every container and
 * snapshot has the content that it should, and nothing is left over. TSLXC_STORAGE_STEPS and TSLXC_STORAGE_SEED set how
 * many and which.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { checkStorage, repairStorage } from '../../src/container/lifecycle/check-storage.ts';
import { type Model, type Modelled, type Operation, run, seen } from './storage-operations.ts';
import { scratch } from './storage-scratch.ts';
import { lowersOf, upperOf } from './storage-view.ts';

const { lxcpath } = scratch();
const STEPS = Number(process.env.TSLXC_STORAGE_STEPS ?? 120);
const SEED = Number(process.env.TSLXC_STORAGE_SEED ?? 20261125);
const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'] as const;

/** mulberry32: the same numbers for the same seed. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

/** An operation that can be done now, and what there is after it. */
function choose(random: (below: number) => number, model: Model): [Operation, Model] {
  const pick = <T>(from: readonly T[]): T => from[random(from.length)]!;
  for (;;) {
    const name = pick(NAMES);
    const to = pick(NAMES);
    const mine = model[name];
    const op = pick([
      'create',
      'share',
      'share',
      'copy',
      'snapshot',
      'snapshot',
      'restore',
      'restoreAs',
      'rename',
      'destroy',
      'drop',
      'flatten',
    ]);
    const put = (key: string, value: Modelled | undefined): Model => {
      const { [key]: _, ...others } = model;
      return value ? { ...others, [key]: value } : others;
    };
    if (op === 'create') {
      if (!mine) return [{ op, name }, put(name, { content: { born: name }, snapshots: {} })];
      continue;
    }
    if (!mine) continue;
    const snapshot = pick(Object.keys(mine.snapshots));
    switch (op) {
      case 'share':
      case 'copy':
        if (!model[to]) return [{ op, name, to }, put(to, { content: mine.content, snapshots: {} })];
        break;
      case 'snapshot': {
        let number = 0;
        while (mine.snapshots[`snap${number}`]) number++;
        const snapshots = { ...mine.snapshots, [`snap${number}`]: mine.content };
        return [{ op, name }, put(name, { ...mine, snapshots })];
      }
      case 'restore':
        if (snapshot)
          return [{ op, name, snapshot }, put(name, { ...mine, content: mine.snapshots[snapshot]! })];
        break;
      case 'restoreAs':
        if (snapshot && !model[to])
          return [{ op, name, snapshot, to }, put(to, { content: mine.snapshots[snapshot]!, snapshots: {} })];
        break;
      case 'rename':
        if (!model[to]) {
          const { [name]: moved, ...others } = model;
          return [
            { op, name, to },
            { ...others, [to]: moved! },
          ];
        }
        break;
      case 'drop':
        if (snapshot) {
          const { [snapshot]: _, ...snapshots } = mine.snapshots;
          return [{ op, name, snapshot }, put(name, { ...mine, snapshots })];
        }
        break;
      case 'destroy':
        return [{ op, name }, put(name, undefined)];
      default:
        return [{ op, name }, model];
    }
  }
}

/** Writes, changes or removes a file, as a container would. */
function write(random: (below: number) => number, model: Model): Model {
  const names = Object.keys(model);
  const name = names[random(names.length)];
  if (name === undefined) return model;
  const mine = model[name]!;
  const upper = upperOf(join(lxcpath, name));
  const file = `dir${random(3)}/file${random(4)}`;
  const path = join(upper, file);
  mkdirSync(join(path, '..'), { recursive: true });
  rmSync(path, { force: true });
  const { [file]: _, ...others } = mine.content;
  if (random(3) > 0) {
    const text = String(random(1e9));
    writeFileSync(path, text);
    return { ...model, [name]: { ...mine, content: { ...others, [file]: text } } };
  }
  // A file below is hidden by a device node of no device; where there is none the kernel makes no such node.
  if (lowersOf(join(lxcpath, name)).some((lower) => existsSync(join(lower, file))))
    execFileSync('mknod', [path, 'c', '0', '0']);
  return { ...model, [name]: { ...mine, content: others } };
}

function expected(model: Model): Model {
  const sorted = <T>(record: Readonly<Record<string, T>>): Record<string, T> =>
    Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
  return sorted(model);
}

/** Each test has the directory to itself, whatever became of the one before. */
afterEach(() => {
  for (const entry of readdirSync(lxcpath)) rmSync(join(lxcpath, entry), { recursive: true });
});

async function emptyAgain(model: Model): Promise<void> {
  for (const name of Object.keys(model)) await run(lxcpath, { op: 'destroy', name });
  assert.deepEqual(checkStorage(lxcpath), []);
  assert.equal(lstatSync(join(lxcpath, '.layers')).nlink, 2, 'no layer is left');
}

test(`${STEPS} random operations over ${NAMES.length} containers`, async () => {
  const random = generator(SEED);
  let model: Model = {};
  const done: string[] = [];
  for (let step = 0; step < STEPS; step++) {
    model = write(random, model);
    const [operation, next] = choose(random, model);
    done.push(JSON.stringify(operation));
    const context = `seed ${SEED}, step ${step}: ${done.slice(-4).join(' ')}`;
    await run(lxcpath, operation);
    model = next;
    assert.deepEqual(checkStorage(lxcpath), [], context);
    assert.deepEqual(seen(lxcpath), expected(model), context);
  }
  await emptyAgain(model);
});

test(`${Math.ceil(STEPS / 5)} random operations, every other of which is killed`, async () => {
  const random = generator(SEED + 1);
  let model: Model = {};
  let worker = startWorker();
  let killed = 0;
  try {
    for (let step = 0; step < STEPS / 5; step++) {
      model = write(random, model);
      const [operation, next] = choose(random, model);
      const context = `seed ${SEED + 1}, step ${step}: ${JSON.stringify(operation)}`;
      const kill = random(2) === 0;
      const patience = random(40);
      const result = worker.ask(operation);
      if (kill) {
        await Promise.race([result.catch(() => {}), delay(patience)]);
        await worker.kill();
        killed++;
        worker = startWorker();
        assert.deepEqual(await repairStorage(lxcpath), [], context);
        const now = seen(lxcpath);
        const went = [model, next].find((candidate) => isSame(now, expected(candidate)));
        // Neither as it was nor as it was to be: shows the difference.
        if (!went) assert.deepEqual(now, expected(next), context);
        model = went!;
      } else {
        await result;
        model = next;
        assert.deepEqual(seen(lxcpath), expected(model), context);
      }
      assert.deepEqual(checkStorage(lxcpath), [], context);
    }
  } finally {
    await worker.kill();
  }
  assert.ok(STEPS < 50 || killed > 0);
  await emptyAgain(model);
});

function isSame(a: unknown, b: unknown): boolean {
  try {
    assert.deepEqual(a, b);
    return true;
  } catch {
    return false;
  }
}

interface Worker {
  ask(operation: Operation): Promise<void>;
  kill(): Promise<void>;
}

/** A process that does operations, one after the other. */
function startWorker(): Worker {
  const script = resolve(import.meta.dirname, 'storage-operations.ts');
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script, lxcpath], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = new Promise<void>((done) => child.once('exit', () => done()));
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    async ask(operation) {
      child.stdin.write(`${JSON.stringify(operation)}\n`);
      const { value } = await lines.next();
      if (value !== undefined && value !== 'done') throw new Error(value);
    },
    async kill() {
      child.stdin.on('error', () => {});
      child.kill('SIGKILL');
      await exited;
    },
  };
}
