/** A scratch container directory for tests: own run directory, everything removed at the end. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after } from 'node:test';
import { delay, seconds } from './harness/slow.ts';
import { unmountViews } from './harness/views.ts';

export interface Scratch {
  readonly root: string;
  readonly lxcpath: string;
  /** Writes an executable template script; its absolute path. */
  template(body: string): string;
  /** Entries of the container directory, hidden ones too. */
  entries(path?: string): string[];
}

export function scratch(): Scratch {
  const root = mkdtempSync(join(tmpdir(), 'tslxc-storage-'));
  const lxcpath = join(root, 'lxc');
  process.env.TSLXC_RUNDIR = join(root, 'run');
  mkdirSync(lxcpath);
  writeFileSync(join(root, 'empty.conf'), '# first line\nlxc.net.0.type = empty\n');
  after(() => {
    unmountViews(root);
    unmountBelow(root);
    spawnSync('chattr', ['-R', '-f', '-i', '-a', root], { stdio: 'ignore' });
    rmSync(root, { recursive: true, force: true });
  });
  let number = 0;
  return {
    root,
    lxcpath,
    template(body) {
      const file = join(root, `template-${number++}`);
      writeFileSync(file, `#!/bin/sh\n${PARSE}\n${body}\n`);
      chmodSync(file, 0o755);
      return file;
    },
    entries: (path = lxcpath) => (existsSync(path) ? readdirSync(path).sort() : []),
  };
}

/** LXC's calling contract. */
const PARSE = `set -e
for arg; do case $arg in --path=*) P=\${arg#*=};; --name=*) N=\${arg#*=};; --rootfs=*) R=\${arg#*=};; esac; done`;

export function unmountBelow(root: string): void {
  const mounts = execFileSync('findmnt', ['-rno', 'TARGET'], { encoding: 'utf8' })
    .split('\n')
    .filter((target) => target.startsWith(`${root}/`));
  for (const target of mounts.reverse()) execFileSync('umount', ['-l', target]);
}

/**
 * Runs code of ours in a process of its own and kills it with SIGKILL when `when` says so. The code sees the modules
 * of src/container as `load(name)`.
 */
export async function killedIn(code: string, when: () => boolean, limit = seconds(20)): Promise<void> {
  const source = resolve(import.meta.dirname, '../../src');
  const script = `const load = (name) => import(${JSON.stringify(source)} + '/' + name); ${code}`;
  const child = spawn(process.execPath, ['--input-type=module', '--no-warnings', '-e', script], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const exited = new Promise<void>((done) => child.once('exit', () => done()));
  for (const end = Date.now() + limit; child.exitCode === null && !when(); await delay(1)) {
    if (Date.now() <= end) continue;
    child.kill('SIGKILL');
    throw new Error('the moment to kill at did not come');
  }
  const inTime = child.exitCode === null;
  child.kill('SIGKILL');
  await exited;
  if (!inTime) throw new Error('it ended before it could be killed');
}
