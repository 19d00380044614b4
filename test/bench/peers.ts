/** The two that are compared, and how each is told to do the same thing. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../setup/prepare.mjs';

export interface Peer {
  readonly name: 'tslxc' | 'LXC';
  /** Where its containers are: its own folder. */
  readonly lxcpath: string;
  /** Runs one of its commands and gives what it printed. */
  run(command: string, args: readonly string[], environment?: NodeJS.ProcessEnv): string;
}

function runner(program: (command: string) => string, lxcpath: string, environment: NodeJS.ProcessEnv) {
  return (command: string, args: readonly string[], more: NodeJS.ProcessEnv = {}): string => {
    const { status, stdout, stderr, error } = spawnSync(program(command), ['-P', lxcpath, ...args], {
      encoding: 'utf8',
      cwd: '/',
      env: { ...environment, ...more },
    });
    if (status !== 0)
      throw new Error(
        `${program(command)} ${args.join(' ')}: ${error?.message ?? `exit ${status}`}\n${stderr}`,
      );
    return stdout;
  };
}

export function peers(folder: string): readonly [Peer, Peer] {
  // The same environment for both: a long one would be copied by each of them.
  const PATH = process.env.PATH ?? '/usr/sbin:/usr/bin:/sbin:/bin';
  const ours = join(folder, 'tslxc');
  const theirs = join(folder, 'lxc');
  const environment = { PATH, TSLXC_RUNDIR: '/run/tslxc', TSLXC_IDLE_SECONDS: '10' };
  return [
    { name: 'tslxc', lxcpath: ours, run: runner((c) => join(ROOT, `bin/tslxc-${c}`), ours, environment) },
    { name: 'LXC', lxcpath: theirs, run: runner((c) => `/usr/bin/lxc-${c}`, theirs, { PATH }) },
  ];
}

/** Whether tslxc has the command. */
export function has(command: string): boolean {
  return existsSync(join(ROOT, `bin/tslxc-${command}`));
}
