/** Which spawner a start gets, and what becomes of it: the pool alone, with spawners that are played. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SpawnerPool } from '../../src/manager/forks/spawner-pool.ts';
import type { SpawnerEvents, StageSocket } from '../../src/manager/forks/stage-socket.ts';

interface Played {
  readonly events: SpawnerEvents;
  isAble: boolean;
  onIdle: () => void;
  ended: boolean;
}

/** A pool, and what it has had made. */
function scene() {
  const made: Played[] = [];
  const pool = new SpawnerPool((events) => {
    const played = {
      events,
      pid: 100 + made.length,
      isAble: false,
      onIdle: () => {},
      ended: false,
      begin(_onLog: unknown, onIdle: () => void) {
        played.onIdle = onIdle;
      },
      end() {
        played.ended = true;
        events.gone(true);
      },
    };
    made.push(played);
    return played as unknown as StageSocket;
  });
  const becomeAble = (played: Played) => {
    played.isAble = true;
    played.events.able();
  };
  return { pool, made, becomeAble, take: () => pool.take(() => {}) as unknown as Played | undefined };
}

test('no start is given to one before one was able to work', () => {
  const { pool, made, becomeAble, take } = scene();
  pool.warm();
  assert.equal(take(), undefined);
  becomeAble(made[0]!);
  assert.equal(take(), made[0]);
});

test('one that has done is used again; there are not more than may be at work', () => {
  const { pool, made, becomeAble, take } = scene();
  pool.warm();
  becomeAble(made[0]!);
  take();
  made[0]!.onIdle();
  assert.equal(take(), made[0]);
  const others: (Played | undefined)[] = [];
  while (others.at(-1) !== undefined || others.length === 0) others.push(take());
  assert.ok(made.length >= 8);
  assert.equal(new Set(others).size, others.length, 'each is another');
  made[3]!.onIdle();
  assert.equal(take(), made[3]);
});

test('after one that could not work, none is used until another can', () => {
  const { pool, made, becomeAble, take } = scene();
  pool.warm();
  becomeAble(made[0]!);
  take();
  const second = take()!;
  second.events.gone(false);
  made[0]!.onIdle();
  assert.equal(take(), undefined);
  becomeAble(made[0]!);
  assert.equal(take(), made[0]);
  pool.forget();
});

test('the keeper has gone: all go, those at work when they have done, and none of them is used again', () => {
  const { pool, made, becomeAble, take } = scene();
  pool.warm();
  becomeAble(made[0]!);
  take();
  take();
  made[1]!.onIdle();
  assert.deepEqual(pool.forget(), [101]);
  assert.deepEqual(
    made.map(({ ended }) => ended),
    [false, true],
  );
  made[0]!.onIdle();
  assert.equal(made[0]!.ended, true);
  assert.notEqual(take(), made[0]);
  pool.forget();
});
