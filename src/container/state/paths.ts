import { join, resolve } from 'node:path';
import { ownVariable } from '../../util/own-process.ts';
import { shortHash } from '../../util/short-hash.ts';

/** Which container: its name below a container directory (`lxcpath`). */
export interface ContainerRef {
  readonly name: string;
  /** Absolute, without a trailing slash. */
  readonly lxcpath: string;
}

/** A container's key in maps and in the labels of kept descriptors. Names hold no `|`. */
export function refKey({ name, lxcpath }: ContainerRef): string {
  return `${lxcpath}|${name}`;
}

/** Where the manager keeps what does not outlive a boot. `TSLXC_RUNDIR` moves it (tests do). */
export function runDirectory(): string {
  const moved = ownVariable('TSLXC_RUNDIR');
  if (moved) return resolve(moved);
  if (process.getuid!() === 0) return '/run/tslxc';
  return join(ownVariable('XDG_RUNTIME_DIR') ?? `/run/user/${process.getuid!()}`, 'tslxc');
}

/** `LXCPATH/NAME`. */
export function containerDirectory(ref: ContainerRef): string {
  return join(ref.lxcpath, ref.name);
}

/** `LXCPATH/NAME/config`. */
export function configFile(ref: ContainerRef): string {
  return join(containerDirectory(ref), 'config');
}

/** A directory below the run directory that is the container's own: state, journal, lock. */
export function containerRunDirectory(ref: ContainerRef): string {
  return join(runDirectory(), 'containers', shortHash(ref.lxcpath), ref.name);
}

/** The log file of a container whose config names none: where LXC writes it. */
export function defaultLogFile(ref: ContainerRef): string {
  return process.getuid!() === 0 && ref.lxcpath === '/var/lib/tslxc'
    ? `/var/log/tslxc/${ref.name}.log`
    : join(containerDirectory(ref), `${ref.name}.log`);
}
