/** A start that is killed at any moment: the next one succeeds, and nothing is left behind. */
import assert from 'node:assert/strict';
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
/** Within this time a start is over, milliseconds. */
const SPAN = 60 * SLOW;

let state = SEED;
/** Park and Miller's generator: 0 to below 1. */
function random(): number {
  state = (state * 48271 + 11) % 2147483647;
  return state / 2147483647;
}

/** Any process below the fork server, and the one that will be init: it hangs on the keeper, under our name. */
function stages(): number[] {
  const server = host.forkServerPid();
  const keeper = host.keeperPid();
  const named = host.processes().filter(({ title }) => title.startsWith('tslxc-forkserver'));
  const below = named.filter(({ pid, parent }) => pid !== server && (parent === server || parent === keeper));
  const inside = processesIn(host.mark).filter(({ title }) => title.startsWith('tslxc-forkserver'));
  return [...new Set([...below, ...inside].map(({ pid }) => pid))];
}

const VICTIMS: Record<string, () => number[]> = {
  manager: () => [host.managerPid()].filter((pid) => pid !== undefined),
  'fork server': () => [host.forkServerPid()].filter((pid) => pid !== undefined),
  stages,
  'one stage': () => {
    const found = stages();
    return found.slice(Math.floor(random() * found.length)).slice(0, 1);
  },
  keeper: () => [host.keeperPid()].filter((pid) => pid !== undefined),
  all: () =>
    host
      .processes()
      .filter(({ title }) => title.startsWith('tslxc'))
      .map(({ pid }) => pid),
};

const PLAIN = 'plain';
const MAPPED = 'mapped';

before(async () => {
  if (skip) return;
  const bridge = await host.bridge('10.213.81.1/24');
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
  const moment = random() * SPAN;
  test(`round ${round}, seed ${SEED}: ${kind} of ${name} killed after ${moment.toFixed(1)} ms`, {
    skip,
  }, async (t) => {
    // The command itself takes its time to load: count from when a manager hears of it.
    await host.tslxc('attach', ['-n', `@${name}`, '--', 'true']);
    const starting = host.tslxc('start', ['-n', `@${name}`]);
    await delay(30 * SLOW + moment);
    const victims = VICTIMS[kind]!();
    for (const pid of victims)
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It was faster.
      }
    const first = await starting;
    t.diagnostic(`killed ${victims.length}; the start returned ${first.code} ${first.stderr.split('\n')[0]}`);
    assert.notEqual(first.code, null);
    if (first.code !== 0) assert.notEqual(first.stderr, '', 'a failure is told');
    const running = (await host.state(name)) === 'RUNNING';
    if (first.code === 0 && victims.length === 0) assert.ok(running);
    const second = await host.tslxc('start', ['-n', `@${name}`]);
    if (running) assert.match(second.stderr, /running already/);
    else assert.equal(second.code, 0, `the next start: ${second.stderr}`);
    assert.equal(await host.inside(name, 'cat /proc/1/comm'), 'init');
    await host.ok('stop', ['-n', `@${name}`, '-k']);
    await host.assertNothingLeft();
    const ours = host.processes();
    assert.ok(
      ours.length <= 8,
      `they pile up: ${ours.map(({ pid, title }) => `${pid} ${title}`).join(', ')}`,
    );
  });
}
