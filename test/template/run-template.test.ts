import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import { TslxcError } from '../../src/errors/tslxc-error.ts';
import { runTemplate, type TemplateRun, templateArguments } from '../../src/template/run-template.ts';
import { templateHelp } from '../../src/template/template-help.ts';

const folder = mkdtempSync(join(tmpdir(), 'tslxc-run-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function template(name: string, body: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  return path;
}

function run(path: string, more: Partial<TemplateRun> = {}): TemplateRun {
  return { template: path, path: folder, name: 'c1', rootfs: join(folder, 'rootfs'), ...more };
}

async function failure(promise: Promise<void>): Promise<TslxcError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert(error instanceof TslxcError);
  assert.equal(error.code, 'TEMPLATE_FAILED');
  return error;
}

/** Waits until no process has the text in its command line any more. */
async function gone(text: string): Promise<boolean> {
  for (let tries = 0; tries < 50; tries++) {
    const { exitCode } = await execa('pgrep', ['-f', text], { reject: false });
    if (exitCode !== 0) return true;
    await delay(100);
  }
  return false;
}

test('calls a template as LXC does', async () => {
  assert.deepEqual(templateArguments(run('/t', { args: ['-r', 'x'], mappedIds: { uid: 1000, gid: 100 } })), [
    `--path=${folder}`,
    '--name=c1',
    `--rootfs=${folder}/rootfs`,
    '-r',
    'x',
    ...['--mapped-uid', '1000', '--mapped-gid', '100'],
  ]);
  const lines: string[] = [];
  const path = template('show', 'printf "%s\\n" "$@"; umask; echo "$EXTRA"; readlink /proc/self/fd/0');
  await runTemplate(
    run(path, { args: ["a b'c"], env: { EXTRA: 'more' }, onLine: (text) => lines.push(text) }),
  );
  assert.deepEqual(lines.slice(3), ["a b'c", '0022', 'more', '/dev/null']);
});

test('tells steps from other lines', async () => {
  const heard: string[] = [];
  await runTemplate(
    run(template('steps', 'echo "==> first"; echo chatter; echo "==> not a step" >&2; printf "==> last"'), {
      onStep: (text) => heard.push(`step ${text}`),
      onLine: (text, stream) => heard.push(`${stream} ${text}`),
    }),
  );
  assert.deepEqual(
    heard.filter((line) => !line.startsWith('stderr')),
    ['step first', 'stdout chatter', 'step last'],
  );
  assert(heard.includes('stderr ==> not a step'));
});

test("a failure carries the template's last words and its exit status", async () => {
  const path = template(
    'tslxc-bad',
    'echo early >&2; echo "tslxc-bad: the disk is on fire" >&2; echo "---" >&2; echo later; exit 7',
  );
  const error = await failure(runTemplate(run(path)));
  assert.equal(error.message, 'template bad failed (exit status 7): the disk is on fire');
  // Of which stream something is heard first is not settled.
  for (const word of [/early/, /later/]) assert.match(String(error.cause), word);
  assert.equal(
    (await failure(runTemplate(run(template('mute', 'exit 3'))))).message,
    'template mute failed (exit status 3)',
  );
});

test('why a template failed is told once: its reason in the message, what explains it as the cause', async () => {
  const told: string[] = [];
  const failed = async (name: string, body: string) => {
    told.length = 0;
    const onLine = (text: string) => void told.push(text);
    const error = await failure(runTemplate(run(template(name, body), { onLine })));
    return [error.message.replace(/^.*\): /, ''), (error.cause as Error | undefined)?.message];
  };
  assert.deepEqual(
    await failed(
      'tslxc-told',
      'echo hello; echo "tslxc-told: no" >&2; echo "    E: why" >&2; sleep 0.4; exit 1',
    ),
    ['no', 'E: why'],
  );
  assert.deepEqual(told, ['hello']);
  assert.deepEqual(await failed('lxc-any', 'echo first >&2; echo "not today" >&2; exit 1'), [
    'not today',
    undefined,
  ]);
  assert.deepEqual(told, ['first']);
  // What looked like a reason is told when the template goes on, or ends well.
  assert.deepEqual(await failed('tslxc-on', 'echo "tslxc-on: never mind" >&2; echo "but this" >&2; exit 1'), [
    'but this',
    undefined,
  ]);
  assert.deepEqual(told, ['tslxc-on: never mind']);
  const ok: string[] = [];
  await runTemplate(
    run(template('tslxc-ok', 'echo "tslxc-ok: careful" >&2'), { onLine: (text) => void ok.push(text) }),
  );
  assert.deepEqual(ok, ['tslxc-ok: careful']);
});

test('a lot of chatter on stdout does not push out the reason', async () => {
  const path = template(
    'chatty',
    'echo reason >&2; i=0; while [ $i -lt 3000 ]; do echo "line $i"; i=$((i+1)); done; exit 1',
  );
  assert.match((await failure(runTemplate(run(path)))).message, /: reason$/);
});

test('an abort ends the template and all that it started', async () => {
  const controller = new AbortController();
  const marker = `86${process.pid}1`;
  const path = template(
    'slow',
    `trap 'rm -f "${folder}/half"; exit 143' TERM\n: >"${folder}/half"\nsetsid sleep ${marker} &\necho "==> on"\nsleep ${marker}`,
  );
  const started = Date.now();
  const promise = runTemplate(run(path, { signal: controller.signal, onStep: () => controller.abort() }));
  assert.match((await failure(promise)).message, /was interrupted/);
  assert(Date.now() - started < 4000, 'it was asked to end first');
  assert(!existsSync(join(folder, 'half')), 'it could clean up');
  if (process.getuid?.() === 0) assert(await gone(`sleep ${marker}`), 'nothing is left');
  await failure(runTemplate(run(path, { signal: controller.signal })));
});

test('a template does not outlive a killed parent', async () => {
  const marker = `87${process.pid}1`;
  const path = template('orphan', `echo $$ >"${folder}/up"\nsleep ${marker}`);
  const code = `
    import { runTemplate } from ${JSON.stringify(resolve(import.meta.dirname, '../../src/template/run-template.ts'))};
    await runTemplate(${JSON.stringify(run(path))});`;
  const parent = execa(process.execPath, ['--input-type=module', '-e', code], { reject: false });
  for (let tries = 0; !existsSync(join(folder, 'up')) && tries < 100; tries++) await delay(50);
  assert(readFileSync(join(folder, 'up'), 'utf8').trim());
  process.kill(parent.pid!, 'SIGKILL');
  await parent;
  if (process.getuid?.() === 0) assert(await gone(`sleep ${marker}`));
});

test('help is what the template prints, on whichever stream', async () => {
  assert.equal(await templateHelp(template('h1', 'echo "use me"')), 'use me');
  assert.equal(await templateHelp(template('h2', 'echo "use me" >&2; exit 1')), 'use me');
  assert.equal(await templateHelp(template('h3', 'exit 1')), undefined);
});
