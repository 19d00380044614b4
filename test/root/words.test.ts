/** The words of `tslxc` alone: launch, exec, shell, list, rm, completion. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ContainerHost, skip } from './harness/container-host.ts';
import { BIN, run } from './harness/run-command.ts';

const host = new ContainerHost();
const name = host.name('web');

async function tslxc(word: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  return await run(`${BIN}/tslxc`, [word, '-P', host.lxcpath, ...args], { env: { ...host.env, ...env } });
}

async function ok(word: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await tslxc(word, args);
  assert.equal(code, 0, `${word} ${args.join(' ')}: ${stdout}${stderr}`);
  return stdout;
}

test('launch creates, starts and says how to go on; the settings given come last', { skip }, async () => {
  const settings = ['lxc.net.0.type=empty', 'lxc.uts.name=mine'].flatMap((line) => ['-c', line]);
  const said = await ok('launch', ...settings, 'busybox', name);
  assert.match(said, new RegExp(`^${name} is RUNNING after [\\d.]+ s$`, 'm'));
  assert.match(said, new RegExp(`^ {2}next: tslxc shell -P ${host.lxcpath} ${name}$`, 'm'));
  assert.equal((await ok('exec', name, '--', 'hostname')).trim(), 'mine');
});

test('exec has a clean environment, a working directory, ids, and the exit code of the program', {
  skip,
}, async () => {
  const { stdout } = await tslxc(
    'exec',
    [name, '-e', 'GIVEN=1', '--cwd', '/etc', '--', 'sh', '-c', 'env; pwd'],
    {
      SECRET: 'x',
      TERM: 'vt100',
    },
  );
  const lines = stdout.trim().split('\n');
  for (const line of ['GIVEN=1', 'TERM=vt100', 'HOME=/root', 'container=lxc', '/etc'])
    assert.ok(lines.includes(line), `${line} is missing: ${stdout}`);
  assert.ok(!stdout.includes('SECRET'));
  assert.equal(
    (await ok('exec', '-u', '1000:1001', name, '--', 'sh', '-c', 'id -u; id -g')).trim(),
    '1000\n1001',
  );
  assert.equal((await tslxc('exec', [name, '--', 'sh', '-c', 'exit 7'])).code, 7);
  assert.equal((await tslxc('exec', [name, '--', 'nosuch'])).code, 127);
});

test('shell is a login shell; list shows state; rm removes', { skip }, async () => {
  const shell = await run(`${BIN}/tslxc`, ['shell', '-P', host.lxcpath, name], {
    env: host.env,
    input: 'echo $0 $HOME\n',
  });
  assert.match(shell.stdout, /^-?(\/bin\/)?sh \/root$/m);
  assert.match(await ok('list'), new RegExp(`^${name} +RUNNING`, 'm'));
  const refused = await tslxc('rm', [name]);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /running/);
  await ok('rm', '-f', name);
  assert.ok(!(await ok('list')).includes(name));
});

test('mistakes have one error each and leave nothing', { skip }, async () => {
  const mistakes: [word: string, args: string[], words: RegExp][] = [
    ['launch', [], /IMAGE is missing/],
    ['launch', ['nosuch/1'], /there is no template nosuch/],
    ['launch', ['busybox/1'], /busybox has no releases/],
    ['launch', ['busybox', 'x', '-c', 'nonsense'], /'nonsense' is not KEY=VALUE/],
    ['launch', ['local:nosuch', 'x'], /nosuch/],
    ['exec', [name], /COMMAND is missing/],
    ['exec', [name, '-u', 'root', '--', 'id'], /'root' is not UID/],
    ['lunch', ['busybox'], /did you mean launch/],
  ];
  for (const [word, args, words] of mistakes) {
    const { code, stderr } = await tslxc(word, args);
    assert.equal(code, 1, `${word} ${args.join(' ')}`);
    assert.match(stderr, words);
  }
  assert.equal((await ok('list')).trim(), '');
  // Under LXC's names there are no such words.
  assert.equal((await run(`${BIN}/tslxc`, ['lxc-exec'], { env: host.env })).code, 1);
});

test('completion prints what a shell reads', { skip }, async () => {
  const completion = async (shell: string) =>
    await run(`${BIN}/tslxc`, ['completion', shell], { env: host.env });
  assert.match((await completion('bash')).stdout, /^complete -F _tslxc tslxc tslxc-attach /m);
  assert.match((await completion('fish')).stdout, /^complete -c tslxc-attach /m);
  assert.match((await completion('zsh')).stdout, /^#compdef tslxc tslxc-attach /m);
  const { code, stderr } = await completion('csh');
  assert.equal(code, 1);
  assert.match(stderr, /'csh' is no shell with completions\n {2}hint: there are bash, fish, zsh/);
});
