/** One container's life, each step of it timed. */
import { join } from 'node:path';
import type { Peer } from './peers.ts';

export const STEPS = [
  'create -t busybox',
  'start -d',
  'attach -- true',
  'info',
  'ls -f',
  'stop -k',
  'start -d, veth',
  'start -d, no manager',
  'snapshot',
  'destroy -s',
] as const;
export type Step = (typeof STEPS)[number];

/** Milliseconds, one number a run. */
export class Times {
  readonly #values = new Map<string, number[]>();

  add(name: string, milliseconds: number): void {
    const values = this.#values.get(name) ?? [];
    values.push(milliseconds);
    this.#values.set(name, values);
  }

  median(name: string): number {
    const sorted = [...(this.#values.get(name) ?? [])].sort((a, b) => a - b);
    const half = sorted.length >> 1;
    if (sorted.length === 0) return Number.NaN;
    return sorted.length % 2 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
  }
}

export interface Place {
  readonly folder: string;
  /** The config both start from. */
  readonly config: string;
  /** A bridge without anything on it. */
  readonly bridge: string;
}

/** What the manager says of a start: from its receipt until init's execve. */
export const INSIDE = 'receipt to execve';

export function liveOnce(peer: Peer, times: Times, place: Place, round: number): void {
  const name = `b${round}`;
  const timed = (step: Step, command: string, args: readonly string[], environment?: NodeJS.ProcessEnv) => {
    const since = performance.now();
    const output = peer.run(command, ['-n', name, ...args], environment);
    times.add(step, performance.now() - since);
    return output;
  };
  const kill = (environment?: NodeJS.ProcessEnv) => peer.run('stop', ['-n', name, '-k'], environment);
  const ours = peer.name === 'tslxc';
  // LXC has no --json; it costs tslxc a little and is left on its side of the scales.
  const json = ours ? ['--json'] : [];

  timed('create -t busybox', 'create', ['-t', 'busybox', '-f', place.config]);
  const started = timed('start -d', 'start', ['-d', ...json]);
  if (ours) times.add(INSIDE, JSON.parse(started).milliseconds ?? Number.NaN);
  timed('attach -- true', 'attach', ['--', 'true']);
  timed('info', 'info', []);
  const since = performance.now();
  peer.run('ls', ['-f']);
  times.add('ls -f', performance.now() - since);
  timed('stop -k', 'stop', ['-k']);

  const veth = { type: 'veth', link: place.bridge, flags: 'up' };
  const nic = Object.entries(veth).flatMap(([key, value]) => ['-s', `lxc.net.0.${key}=${value}`]);
  timed('start -d, veth', 'start', ['-d', ...nic]);
  kill();

  // A run directory that is new: no manager has been there.
  const fresh = { TSLXC_RUNDIR: join(place.folder, `run-${round}`), TSLXC_IDLE_SECONDS: '1' };
  timed('start -d, no manager', 'start', ['-d'], fresh);
  kill(fresh);

  timed('snapshot', 'snapshot', []);
  timed('destroy -s', 'destroy', ['-s']);
}
