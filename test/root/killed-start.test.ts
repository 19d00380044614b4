/** A start that is killed at any moment: the next one succeeds, and nothing is left behind. */
import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, skip } from './harness/container-host.ts';
import { processesIn } from './harness/leftovers.ts';
import { delay, SLOW } from './harness/slow.ts';

const host = new ContainerHost({ eachTest: true });
const busybox = new Busybox(host);
const ROUNDS = Number(process.env.TSLXC_TEST_ROUNDS ?? 50);
/** The same seed gives the same moments, as far as a machine is ever the same. */
const SEED = Number(process.env.TSLXC_TEST_SEED ?? Date.now() % 1_000_000);
/** Within this time a command has found its manager and begun the start, milliseconds. */
const LOADING = 90 * SLOW;
/** Within this time a start that has begun is over, milliseconds. */
const STARTING = 25 * SLOW;

let state = SEED;
/** Park and Miller's generator: 0 to below 1. */
function random(): number {
  state = (state * 48271 + 11) % 2147483647;
  return state / 2147483647;
}

/** Any process below the fork server, and the one that will be init: it hangs on the keeper, under our name. */
function stages(): number[] {
  const server = host.forkServerPid();
  const isStage = ({ title }: { title: string }) => /^tslxc-(forkserver|spawner)/.test(title);
  const named = host.processes().filter(isStage);
  const inside = processesIn(host.mark).filter(isStage);
  return [...new Set([...named, ...inside].map(({ pid }) => pid))].filter((pid) => pid !== server);
}

interface Known {
  readonly manager: number | undefined;
  readonly server: number | undefined;
  readonly keeper: number | undefined;
}

/** Whom to kill. Those that are known before the start are not looked for at the moment itself: a look takes long. */
const VICTIMS: Record<string, (known: Known) => (number | undefined)[]> = {
  manager: ({ manager }) => [manager],
  'fork server': ({ server }) => [server],
  'manager and fork server': ({ manager, server }) => [manager, server],
  stages,
  'one stage': () => {
    const found = stages();
    return found.slice(Math.floor(random() * found.length)).slice(0, 1);
  },
  keeper: ({ keeper }) => [keeper],
  all: ({ manager, server, keeper }) => [manager, server, keeper, ...stages()],
};

const journal = (short: string) =>
  globSync(join(host.rundir, 'containers/*', host.name(short), 'journal')).length > 0;

const PLAIN = 'plain';
const MAPPED = 'mapped';

before(async () => {
  if (skip) return;
  const { name: bridge } = await host.bridge();
  const nic = `lxc.net.0.type = veth\nlxc.net.0.link = ${bridge}\nlxc.net.0.flags = up`;
  await busybox.make(PLAIN, nic);
  await busybox.make(
    MAPPED,
    `${nic}\nlxc.include = /usr/share/tslxc/config/userns.conf\nlxc.idmap = u 0 100000 65536\nlxc.idmap = g 0 100000 65536`,
  );
  await host.ok('start', ['-n', `@${PLAIN}`]);
  await host.kill(PLAIN);
});

for (let round = 0; round < ROUNDS; round++) {
  const kinds = Object.keys(VICTIMS);
  const kind = kinds[round % kinds.length]!;
  const name = random() < 0.7 ? PLAIN : MAPPED;
  // Most of them in the middle of the manager's work, the rest at any time from the command's first moment on.
  const working = random() < 0.75;
  const moment = random() * (working ? STARTING : LOADING);
  const when = `${moment.toFixed(1)} ms after ${working ? 'its first act' : 'the command'}`;
  test(`round ${round}, seed ${SEED}: ${kind} of ${name} killed ${when}`, { skip }, async (t) => {
    // A manager is there, and has its spares.
    await host.tslxc('attach', ['-n', `@${name}`, '--', 'true']);
    await delay(100 * SLOW);
    const known = { manager: host.managerPid(), server: host.forkServerPid(), keeper: host.keeperPid() };
    let ended = false;
    const starting = host.tslxc('start', ['-n', `@${name}`]).finally(() => {
      ended = true;
    });
    while (working && !ended && !journal(name)) await delay(1);
    await delay(moment);
    let killed = 0;
    for (const pid of VICTIMS[kind]!(known))
      try {
        if (pid !== undefined && process.kill(pid, 'SIGKILL')) killed++;
      } catch {
        // It was faster.
      }
    const first = await starting;
    t.diagnostic(`killed ${killed}; the start returned ${first.code} ${first.stderr.split('\n')[0]}`);
    assert.notEqual(first.code, null);
    if (first.code !== 0) assert.notEqual(first.stderr, '', 'a failure is told');
    const running = (await host.state(name)) === 'RUNNING';
    // A stage may have become the container's init between the look and the kill: then that has ended, after its start.
    const mayEnd = /stage|all/.test(kind);
    if (first.code === 0 && !mayEnd) assert.ok(running, 'what was said to be started runs');
    const second = await host.tslxc('start', ['-n', `@${name}`]);
    // A start waits for an end that is under way.
    if (running && !(mayEnd && second.code === 0)) assert.match(second.stderr, /running already/);
    else assert.equal(second.code, 0, `the next start: ${second.stderr}`);
    assert.equal(await host.inside(name, 'cat /proc/1/comm'), 'init');
    await host.ok('stop', ['-n', `@${name}`, '-k']);
    await host.assertNothingLeft();
    const ours = host.processes();
    // Manager, keeper, fork server and its spare, two spawners, the pool and some request processes.
    assert.ok(
      ours.length <= 12,
      `they pile up: ${ours.map(({ pid, title }) => `${pid} ${title}`).join(', ')}`,
    );
  });
}
