import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runHook } from '../../src/container/hooks/run-hook.ts';

const ref = { name: 'web', lxcpath: '/var/lib/tslxc' };

async function said(run: Partial<Parameters<typeof runHook>[0]>): Promise<string[]> {
  const lines: string[] = [];
  await runHook({
    ref,
    type: 'pre-start',
    command: 'echo',
    env: {},
    version: 0,
    onLine: (text) => lines.push(text),
    ...run,
  });
  return lines;
}

test('version 0 has the name, the section and the type as arguments, version 1 as variables', async () => {
  assert.deepEqual(await said({ args: ['x'] }), ['web lxc pre-start x']);
  assert.deepEqual(await said({ section: 'net', type: 'up', args: ['veth', 'br0'] }), [
    'web net up veth br0',
  ]);
  const command = 'echo $LXC_HOOK_VERSION $LXC_HOOK_TYPE $LXC_HOOK_SECTION $EXTRA';
  assert.deepEqual(await said({ command, version: 1, args: ['x'], env: { EXTRA: 'e' } }), [
    '1 pre-start lxc e x',
  ]);
});

test('arguments are never shell text, the environment is the one given', async () => {
  assert.deepEqual(await said({ args: ['$(id)', '; ls'] }), ['web lxc pre-start $(id) ; ls']);
  const caller = { env: { PATH: process.env.PATH! }, cwd: '/', umask: 0o022 };
  assert.deepEqual(await said({ command: 'echo "$HOME" "$PWD";:', caller }), [' /']);
});

test('a hook that fails says why', async () => {
  await assert.rejects(
    said({ command: 'echo one; echo two >&2; exit 4; :', origin: { file: '/c', line: 7 } }),
    (error: Error & { code: string; line: number }) => {
      assert.equal(error.code, 'HOOK_FAILED');
      assert.equal(error.line, 7);
      assert.match(error.message, /^hook pre-start \(.*\) ended with status 4: .*two/);
      return true;
    },
  );
  await assert.rejects(said({ command: 'kill -9 $$; :' }), { message: /SIGKILL/ });
  await assert.rejects(said({ command: '/no/such/script' }), { message: /status 127/ });
});

test('a daemon that a hook leaves behind keeps nobody waiting', async () => {
  const begun = Date.now();
  assert.deepEqual(await said({ command: 'sleep 4 & echo done;:' }), ['done']);
  assert.ok(Date.now() - begun < 3500);
});

test('a hook can be broken off', async () => {
  await assert.rejects(said({ command: 'sleep 60;:', signal: AbortSignal.timeout(50) }), {
    name: 'TimeoutError',
  });
});
