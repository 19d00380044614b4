/** Completion at the prompt of a real bash, with real containers; the syntax of zsh's and fish's where they are installed. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { Busybox } from './harness/busybox.ts';
import { ContainerHost, skip } from './harness/container-host.ts';
import { BIN } from './harness/run-command.ts';

const COMPLETIONS = resolve(import.meta.dirname, '../../config/completions');
const host = new ContainerHost();
const busybox = new Busybox(host);

test('Tab in bash: commands, containers, states, keys, snapshots', { skip }, async () => {
  await busybox.make('web');
  await busybox.start('wiki');
  await host.ok('snapshot', ['-n', '@web']);
  const shell = host.shellTerminal('/bin/bash', ['--norc', '--noprofile', '-i']);
  shell.line(`PATH=${BIN}:$PATH; cd ${host.root}; bind 'set bell-style none' 2>/dev/null`);
  shell.line(`source ${join(COMPLETIONS, 'tslxc.bash')}; echo re"ady"`);
  await shell.until('ready\r\n');
  /** Types the beginning of a line and Tab; what stands there then. */
  const completed = async (begin: string, rest: string) => {
    shell.write(`${begin}\t`);
    await shell.until(`${begin}${rest}`);
    // Ctrl-U: forget the line.
    shell.write('\x15');
  };
  const at = `-P ${host.lxcpath}`;
  await completed('tslxc che', 'ckconfig ');
  await completed(`tslxc-stop ${at} ${host.name('wi')}`, 'ki ');
  await completed(`tslxc stop ${at} -n ${host.name('we')}`, 'b ');
  await completed(`tslxc-wait ${at} -n ${host.name('web')} -s FROZ`, 'EN ');
  await completed(`tslxc-info ${at} -n ${host.name('web')} -c lxc.start.del`, 'ay ');
  await completed(`tslxc-snapshot ${at} ${host.name('web')} -r sn`, 'ap0 ');
  await completed(`tslxc-snapshot ${at} -n ${host.name('web')} -r sn`, 'ap0 ');
  await completed('tslxc-top --rev', 'erse ');
  await completed('tslxc-logs --source hoo', 'k ');
  shell.line('exit');
  assert.equal((await shell.ended).code, 0);
});

const fish = spawnSync('fish', ['--version']).error === undefined;
test('fish completes containers and snapshots of the directory that -P names', {
  skip: skip || (!fish && 'there is no fish'),
}, async () => {
  await busybox.make('fishy');
  await host.ok('snapshot', ['-n', '@fishy']);
  const name = host.name('fishy');
  const begin = name.slice(0, -2);
  const completed = (line: string) => {
    const script = `source ${join(COMPLETIONS, 'tslxc.fish')}; complete -C ${JSON.stringify(line)}`;
    const env = { ...host.env, PATH: `${BIN}:${process.env.PATH}`, HOME: host.root };
    const { stdout } = spawnSync('fish', ['--no-config', '-c', script], { encoding: 'utf8', env });
    return stdout.split('\n').map((text) => text.split('\t')[0]);
  };
  for (const at of [`-P ${host.lxcpath}`, `-P${host.lxcpath}`, `--lxcpath=${host.lxcpath}`])
    for (const command of ['tslxc-start', 'tslxc start', 'tslxc shell'])
      assert.ok(completed(`${command} ${at} -n ${begin}`).includes(name), `${command} ${at}`);
  assert.ok(!completed(`tslxc-start -n ${begin}`).includes(name), 'elsewhere there is none of that name');
  assert.ok(completed(`tslxc-snapshot -P ${host.lxcpath} -n ${name} -r s`).includes('snap0'));
});

for (const [program, file] of [
  ['zsh', '_tslxc'],
  ['fish', 'tslxc.fish'],
] as const) {
  const missing = spawnSync(program, ['--version']).error !== undefined;
  test(`${program} understands its file`, { skip: missing && `there is no ${program}` }, () => {
    const { status, stderr } = spawnSync(program, ['-n', join(COMPLETIONS, file)], { encoding: 'utf8' });
    assert.equal(stderr, '');
    assert.equal(status, 0);
  });
}
