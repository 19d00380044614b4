/** The table backend × operation: what every backing store has to do, through the commands. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ContainerHost, skip as notRoot } from './harness/container-host.ts';
import { eventually } from './harness/slow.ts';

/** A filesystem in an image, mounted for a test file. */
export interface ScratchFilesystem {
  readonly path: string;
  remove(): void;
}

/** @param mkfs the command that makes it, but for the image's path */
export function scratchFilesystem(mkfs: readonly string[], options = '', size = '1G'): ScratchFilesystem {
  const place = mkdtempSync('/var/tmp/tslxc-fs-');
  const image = join(place, 'image');
  const path = join(place, 'mount');
  mkdirSync(path);
  execFileSync('truncate', ['-s', size, image]);
  execFileSync(mkfs[0]!, [...mkfs.slice(1), image], { stdio: 'ignore' });
  try {
    execFileSync('mount', ['-o', `loop${options}`, image, path], { stdio: 'pipe' });
  } catch (error) {
    rmSync(place, { recursive: true });
    throw error;
  }
  return {
    path,
    remove() {
      execFileSync('umount', [path]);
      rmSync(place, { recursive: true });
    },
  };
}

/** Loop devices whose file lies below a directory. */
export function loopDevices(directory: string): string[] {
  return execFileSync('losetup', ['-nlO', 'NAME,BACK-FILE'], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes(` ${directory}/`));
}

export interface Backend {
  /** As `-B` has it. */
  readonly type: string;
  /** Why this host cannot have it. */
  readonly lacking?: string | false;
  /** Made before the first test: the containers are in it. */
  filesystem?(): ScratchFilesystem;
  /** In the names of the tests, when two tables are of one type. */
  readonly title?: string;
  /** What is said besides `-B` for each creation. */
  readonly options?: readonly string[];
  /** The value of lxc.rootfs.path; DIR stands for the container's directory, NAME for its name. */
  readonly path: string;
  /** `-s`, and ephemeral copies: whether they share, or what they say. */
  readonly shares: true | RegExp;
  /** A type that a copy with `-s` has, if it is another. */
  readonly shared?: string;
  /** How a size is asked for; `undefined` where there is none (then what is said of it). */
  readonly quota: readonly string[] | RegExp;
  /** Looked at when everything has been destroyed. */
  left?(lxcpath: string): readonly string[];
}

const MAP = `lxc.include = /usr/share/tslxc/config/userns.conf
lxc.idmap = u 0 100000 65536
lxc.idmap = g 0 100000 65536
`;

/** Defines the tests of a backing store: a row of the table, each cell a test. */
export function storageTable(backend: Backend): ContainerHost {
  const skip = notRoot || (backend.lacking ?? false);
  const filesystem = skip ? undefined : backend.filesystem?.();
  const host = new ContainerHost({ manual: true, ...(filesystem ? { lxcpath: filesystem.path } : {}) });
  after(async () => {
    await host.dispose();
    filesystem?.remove();
  });
  const directory = (short: string) => join(host.lxcpath, host.name(short));
  const config = (short: string) => readFileSync(host.config(short), 'utf8');
  const type = (short: string) => /^lxc\.rootfs\.path = (\w+):/m.exec(config(short))?.[1];
  const cell = (name: string, run: () => Promise<void>) =>
    test(`${backend.title ?? backend.type}: ${name}`, { skip }, run);
  const create = (short: string, ...more: string[]) =>
    host.tslxc('create', [
      ...['-n', `@${short}`, '-t', 'busybox', '-f', join(host.root, 'empty.conf'), '-B', backend.type],
      ...(backend.options ?? []),
      ...more,
    ]);
  /** Runs a command in a started container. */
  const once = async (short: string, command: string) => {
    await host.ok('start', ['-n', `@${short}`]);
    const printed = await host.inside(short, command);
    await host.kill(short);
    return printed;
  };
  const destroyed = async (short: string) => {
    await host.ok('destroy', ['-n', `@${short}`, '-s']);
    assert.ok(!existsSync(directory(short)));
  };

  cell('create', async () => {
    appendFileSync(join(host.root, 'empty.conf'), 'lxc.net.0.type = empty\n');
    const { code, stderr } = await create('a');
    assert.equal(code, 0, stderr);
    const path = backend.path.replaceAll('DIR', directory('a')).replaceAll('NAME', host.name('a'));
    assert.ok(config('a').includes(`lxc.rootfs.path = ${path}\n`), config('a'));
  });

  cell('start and write', async () => {
    await once(
      'a',
      'echo 1 >/root/one; chown 1000:1001 /root/one; ln /root/one /root/link; mkfifo /root/fifo',
    );
    assert.equal(await once('a', 'stat -c "%u %g %h" /root/one; ls /root'), '1000 1001 2\nfifo\nlink\none');
  });

  cell('start with an id map', async () => {
    const made = config('a');
    appendFileSync(host.config('a'), MAP);
    assert.equal(
      await once('a', 'stat -c "%u %g" / /root/one; touch /root/mapped; stat -c %u /root/mapped'),
      '0 0\n1000 1001\n0',
    );
    execFileSync('sh', ['-c', 'cat >"$0"', host.config('a')], { input: made });
    assert.equal(await once('a', 'stat -c %u /root/mapped; rm /root/mapped'), '0');
  });

  cell('snapshot and restore', async () => {
    await host.ok('snapshot', ['-n', '@a']);
    await once('a', 'echo 2 >/root/two; rm /root/one; mkdir /root/one');
    await host.ok('snapshot', ['-n', '@a']);
    assert.match(await host.ok('snapshot', ['-n', '@a', '-L']), /^snap0 .*\nsnap1 /);
    await host.ok('snapshot', ['-n', '@a', '-r', 'snap0']);
    assert.equal(await once('a', 'cat /root/one; ls /root'), '1\nfifo\nlink\none');
    await host.ok('snapshot', ['-n', '@a', '-r', 'snap1', '-N', host.name('later')]);
    assert.equal(
      await once('later', 'cat /root/two; stat -c %F /root/one; hostname'),
      `2\ndirectory\n${host.name('later')}`,
    );
    await destroyed('later');
    await host.ok('snapshot', ['-n', '@a', '-d', 'snap0']);
    assert.match(await host.ok('snapshot', ['-n', '@a', '-L']), /^snap1 /);
    const { code, stderr } = await host.tslxc('destroy', ['-n', '@a']);
    assert.equal(code, 1);
    assert.match(stderr, /it has a snapshot: snap1/);
    await host.ok('snapshot', ['-n', '@a', '-d', 'ALL']);
  });

  cell('clone -s', async () => {
    const { code, stderr } = await host.tslxc('copy', ['-n', '@a', '-N', host.name('s'), '-s']);
    if (backend.shares !== true) {
      assert.equal(code, 1);
      assert.match(stderr, backend.shares);
      assert.ok(!existsSync(directory('s')));
      return;
    }
    assert.equal(code, 0, stderr);
    assert.equal(type('s'), backend.shared ?? backend.type);
    assert.equal(await once('s', 'cat /root/one; echo s >/root/one; hostname'), `1\n${host.name('s')}`);
    assert.equal(await once('a', 'cat /root/one'), '1');
    assert.equal(await once('s', 'cat /root/one'), 's');
    await destroyed('s');
    assert.equal(await once('a', 'cat /root/one'), '1');
  });

  cell('copy, rename', async () => {
    await host.ok('copy', ['-n', '@a', '-N', host.name('c')]);
    assert.equal(await once('c', 'stat -c "%u %g %h" /root/one; echo c >/root/one'), '1000 1001 2');
    assert.equal(await once('a', 'cat /root/one'), '1');
    await host.ok('copy', ['-R', '-n', '@c', '-N', host.name('r')]);
    assert.ok(!existsSync(directory('c')));
    assert.equal(await once('r', 'cat /root/one; hostname'), `c\n${host.name('r')}`);
    await destroyed('r');
  });

  cell('conversion to a directory and from one', async () => {
    await host.ok('copy', ['-n', '@a', '-N', host.name('d'), '-B', 'dir']);
    assert.equal(type('d'), 'dir');
    assert.equal(await once('d', 'cat /root/one'), '1');
    await host.ok('copy', ['-n', '@d', '-N', host.name('e'), '-B', backend.type]);
    assert.equal(type('e'), backend.type);
    assert.equal(await once('e', 'stat -c "%u %g %h" /root/one'), '1000 1001 2');
    await destroyed('e');
    await destroyed('d');
  });

  cell('ephemeral', async () => {
    const args = ['-e', '-n', '@a', '-N', host.name('x'), '--', '/bin/cat', '/root/one'];
    const { code, stdout, stderr } = await host.tslxc('copy', args);
    if (backend.shares !== true) {
      assert.equal(code, 1);
      assert.match(stderr, backend.shares);
    } else {
      assert.equal(code, 0, stderr);
      assert.match(stdout, /^1$/m);
    }
    await eventually('the ephemeral copy is gone', () => !existsSync(directory('x')));
  });

  cell('quota', async () => {
    const { quota } = backend;
    const { code, stderr } = await create('q', ...(quota instanceof RegExp ? ['--fssize', '48M'] : quota));
    if (quota instanceof RegExp) {
      assert.equal(code, 1);
      assert.match(stderr, quota);
      assert.ok(!existsSync(directory('q')));
      return;
    }
    assert.equal(code, 0, stderr);
    const written = await once(
      'q',
      'dd if=/dev/zero of=/big bs=1M count=600 2>/dev/null; sync; stat -c %s /big',
    );
    assert.ok(Number(written) > 1e6 && Number(written) < 500e6, written);
    await destroyed('q');
  });

  cell('destroy', async () => {
    await destroyed('a');
    assert.deepEqual(
      readdirSync(host.lxcpath).filter((name) => name.includes(host.mark)),
      [],
    );
    assert.deepEqual(loopDevices(host.lxcpath), []);
    assert.deepEqual(backend.left?.(host.lxcpath) ?? [], []);
  });
  return host;
}
