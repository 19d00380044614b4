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
  await completed(`tslxc-snapshot ${at} -n ${host.name('web')} -r sn`, 'ap0 ');
  await completed('tslxc-top --rev', 'erse ');
  await completed('tslxc-logs --source hoo', 'k ');
  shell.line('exit');
  assert.equal((await shell.ended).code, 0);
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
