/** The library as another project sees it: packed, installed in a folder of its own, type-checked and run. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { before, test } from 'node:test';
import { ContainerHost, isRoot } from './harness/container-host.ts';
import { BASE_ENV, run } from './harness/run-command.ts';
import { eventually, seconds } from './harness/slow.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const skip = isRoot ? false : 'needs root';
const host = new ContainerHost();
const project = join(host.root, 'project');
const examples = readdirSync(join(ROOT, 'examples')).filter((file) => file.endsWith('.ts'));
const env = { TSLXC_RUNDIR: host.rundir, TSLXC_IDLE_SECONDS: '2' };

/** A program of the project, with its output; its exit code has to be 0. */
async function node(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(process.execPath, args, { cwd: project, env });
  assert.equal(code, 0, `node ${args.join(' ')}: ${stdout}${stderr}`);
  return stdout;
}

before(async () => {
  if (skip) return;
  const types = await run(process.execPath, ['packaging/declarations.mjs'], {
    cwd: ROOT,
    timeout: seconds(120),
  });
  assert.equal(types.code, 0, types.stderr);
  mkdirSync(project, { recursive: true });
  const pack =
    'npm pack --silent --ignore-scripts --pack-destination "$1" && mkdir -p "$2" && tar -xzf "$1"/*.tgz -C "$2" --strip-components=1';
  const installed = join(project, 'node_modules/tslxc');
  const { code, stderr } = await run('sh', ['-c', pack, 'sh', project, installed], {
    cwd: ROOT,
    env: process.env,
  });
  assert.equal(code, 0, stderr);
  // What npm would install beside it: the native parts of this architecture, and Node's types.
  for (const name of ['@koromix', '@types', 'undici-types'])
    symlinkSync(join(ROOT, 'node_modules', name), join(project, 'node_modules', name));
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }\n');
  for (const file of examples) cpSync(join(ROOT, 'examples', file), join(project, file));
});

test('the declarations and the examples pass tsc --strict without the sources', { skip }, async () => {
  const text = readFileSync(join(project, 'node_modules/tslxc/dist/index.d.mts'), 'utf8');
  assert.deepEqual(
    [...text.matchAll(/from ['"]([^'"]+)/g)].map(([, from]) => from),
    ['node:stream'],
  );
  const options = [
    '--strict',
    '--noEmit',
    '--module',
    'nodenext',
    '--target',
    'es2023',
    '--lib',
    'es2023,esnext.disposable',
  ];
  await node(join(ROOT, 'node_modules/typescript/bin/tsc'), ...options, '--types', 'node', ...examples);
});

test('first-container.ts creates, starts, asks, stops and destroys', { skip }, async () => {
  const said = await node('first-container.ts', host.lxcpath);
  assert.match(said, /the host name is first-container/);
  assert.match(said, /^RUNNING, \d+ bytes/m);
  assert.ok(!readdirSync(host.lxcpath).includes('first-container'));
});

test('test-service.ts: a throw-away server answers', { skip }, async () => {
  await node('--test-reporter=tap', 'test-service.ts', host.lxcpath);
});

test('fleet.ts: containers from one image, side by side, with events seen by event-log.ts', {
  skip,
}, async () => {
  const log = spawn(process.execPath, ['event-log.ts', host.lxcpath], {
    cwd: project,
    env: { ...BASE_ENV, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  await once(log.stderr, 'data');
  let seen = '';
  log.stdout.setEncoding('utf8').on('data', (text: string) => {
    seen += text;
  });
  const ended = new Promise<number | null>((done) => log.once('close', done));
  const said = await node('fleet.ts', host.lxcpath, '8');
  assert.match(said, /^8 containers run/m);
  assert.match(said, /the sum of their squares is 204$/m);
  await eventually('eight events', () => [...seen.matchAll(/"state":"RUNNING"/g)].length === 8);
  log.kill('SIGTERM');
  assert.equal(await ended, 0);
  assert.match(seen, /"type":"exit".*"reason":"a kill asked for by user 0/);
});

test('router.ts: a container with two cards forwards between them', { skip }, async () => {
  const said = await node('router.ts', host.lxcpath);
  assert.match(said, /192\.0\.2\.0\/24 dev left/);
  assert.match(said, /198\.51\.100\.0\/24 dev right/);
  assert.match(said, /forwarding: 1/);
});

test('a throw-away container goes with a program that is killed', { skip }, async () => {
  const program = `import { Container } from 'tslxc';
    const box = await Container.ephemeral({ image: 'busybox', lxcpath: process.argv[2], settings: { network: 'none' } });
    console.log(box.name);
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, '-', host.lxcpath], {
    cwd: project,
    env: { ...BASE_ENV, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const name = await new Promise<string>((done) => {
    child.stdout.setEncoding('utf8').once('data', (text: string) => done(text.trim()));
  });
  assert.ok(readdirSync(host.lxcpath).includes(name));
  child.kill('SIGKILL');
  await eventually('removal of the container', () => !readdirSync(host.lxcpath).includes(name));
});

test('errors are classes with codes, in another process too', { skip }, async () => {
  writeFileSync(
    join(project, 'errors.mjs'),
    `import { Container, ConfigError, ExecError, NotFoundError, StateError, TslxcError } from 'tslxc';
    const lxcpath = process.argv[2];
    const of = (promise) => promise.then(() => assert.fail('no error'), (error) => error);
    const image = await Container.create('plain', { template: 'busybox', lxcpath, settings: { network: 'none' } });
    const errors = {
      missing: await of(new Container('nope', { lxcpath }).start()),
      stopped: await of(image.exec(['true'])),
      setting: await of(image.configure({ memory: 'much' })),
    };
    await image.start();
    errors.program = await of(image.exec(['nosuch']));
    errors.aborted = await of(image.exec(['sleep', '60'], { signal: AbortSignal.timeout(100) }));
    await image.destroy({ force: true });
    const kinds = { NotFoundError, StateError, ConfigError, ExecError, TslxcError };
    const name = (error) => Object.keys(kinds).find((kind) => error instanceof kinds[kind]) ?? error.name;
    for (const [key, error] of Object.entries(errors)) console.log(key, name(error), error.code);`,
  );
  const said = (await node('errors.mjs', host.lxcpath)).trim().split('\n');
  assert.deepEqual(said, [
    'missing NotFoundError CONTAINER_MISSING',
    'stopped StateError NOT_RUNNING',
    'setting ConfigError CONFIG_VALUE',
    'program ExecError EXEC_FAILED',
    'aborted TimeoutError 23',
  ]);
  rmSync(join(project, 'errors.mjs'));
});
