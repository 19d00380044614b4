/** Whatever becomes of the run directory: a container that runs is found, looked after, and never started twice. */
import assert from 'node:assert/strict';
import { globSync, mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, skip } from './harness/container-host.ts';
import { cgroupsOf, isAlive } from './harness/leftovers.ts';
import { eventually } from './harness/slow.ts';

const host = new ContainerHost({ eachTest: true });
const busybox = new Busybox(host);
const NAME = 'kept';

const file = (name: string) => globSync(join(host.rundir, 'containers/*', host.name(NAME), name))[0]!;
const logs = join(host.root, 'logs');

const DAMAGE: Readonly<Record<string, () => void>> = {
  'state.json is cut short': () => truncateSync(file('state.json'), 100),
  'state.json is gone': () => rmSync(file('state.json')),
  'state.json is of another version': () => writeFileSync(file('state.json'), '{"version":2}'),
  'state.json is an empty record': () => writeFileSync(file('state.json'), '{"version":1}'),
  'plan.json is cut short': () => truncateSync(file('plan.json'), 100),
  'plan.json is of another shape': () => writeFileSync(file('plan.json'), '{"stage":1}'),
  'the journal is no journal': () => writeFileSync(file('journal'), '{"kind":"x"}\n\0\0\n[]\n'),
  'state, plan and journal are gone': () => {
    for (const name of ['state.json', 'plan.json', 'journal']) rmSync(file(name));
  },
  'the directory of the console log is gone': () => rmSync(logs, { recursive: true }),
  'the run directory is gone': () => rmSync(host.rundir, { recursive: true }),
};

async function start(): Promise<number> {
  mkdirSync(logs, { recursive: true });
  await busybox.make(NAME, `lxc.console.logfile = ${logs}/${NAME}.log`);
  await host.ok('start', ['-n', `@${NAME}`]);
  return await host.initPid(NAME);
}

for (const [what, damage] of Object.entries(DAMAGE))
  test(`a running container outlives its manager when ${what}`, { skip }, async () => {
    const init = await start();
    damage();
    assert.equal(await host.state(NAME), 'RUNNING', 'while its manager lives');
    await host.killProcesses(host.managerPid());
    assert.equal(await host.state(NAME), 'RUNNING', 'without a manager');
    const again = await host.tslxc('start', ['-n', `@${NAME}`]);
    assert.equal(again.code, 1);
    assert.match(again.stderr, /it is running already/);
    assert.ok(isAlive(init), 'its init lives');
    assert.equal(await host.initPid(NAME), init);
    assert.equal(await host.inside(NAME, 'echo yes'), 'yes');
    assert.match(await host.ok('ls', ['-1', '--running']), new RegExp(host.name(NAME)));
    await host.kill(NAME);
    assert.equal(await host.state(NAME), 'STOPPED');
    await eventually('its cgroups are gone', () => cgroupsOf(host.mark).length === 0);
    mkdirSync(logs, { recursive: true });
    await host.ok('start', ['-n', `@${NAME}`]);
  });

test('a container has no second init, by any path or run directory', {
  skip,
}, async () => {
  const init = await start();
  const link = join(host.root, 'link');
  symlinkSync(host.lxcpath, link);
  const elsewhere = { env: { TSLXC_RUNDIR: join(host.root, 'other-run') } };
  for (const [args, options] of [
    [['-P', link], {}],
    [[], elsewhere],
    [['-P', link], elsewhere],
  ] as const) {
    const { code, stderr } = await host.tslxc('start', ['-n', `@${NAME}`, ...args], options);
    assert.equal(code, 1, stderr);
    assert.match(stderr, /running already: cgroup .* has its processes/);
    assert.ok(isAlive(init));
  }
  // A container of that name in another directory is another container.
  const other = join(host.root, 'other');
  mkdirSync(other, { recursive: true });
  await busybox.make(NAME, '', other);
  await host.ok('start', ['-P', other, '-n', `@${NAME}`]);
  await host.ok('stop', ['-P', other, '-n', `@${NAME}`, '-k']);
  assert.ok(isAlive(init));
});

test('a container that ends after all traces of it in the run directory are gone leaves no cgroup', {
  skip,
}, async () => {
  const init = await start();
  await host.killProcesses(...host.processes().map(({ pid }) => pid));
  rmSync(host.rundir, { recursive: true });
  process.kill(init, 'SIGKILL');
  await eventually('it ends', () => !isAlive(init));
  await host.tslxc('freeze', ['-n', `@${NAME}`]);
  await eventually('its cgroups are gone', () => cgroupsOf(host.mark).length === 0);
});
