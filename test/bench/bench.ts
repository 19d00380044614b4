/** What a bench is given and what it gives: see benches.ts for the table of them. */
import { spinner } from '../setup/progress.mjs';
import type { Peer } from './peers.ts';
import { Times } from './times.ts';

export interface Place {
  /** For the bench alone; removed afterwards, with the containers in the peers' folders. */
  readonly folder: string;
  /** Default config of both peers' containers: no network. */
  readonly config: string;
  /** A bridge without anything on it. */
  readonly bridge: string;
  readonly peers: readonly [Peer, Peer];
  readonly runs: number;
  /** How many containers, where there are many. */
  readonly many: number;
  /** Set by Ctrl-C: the bench ends with what it has. */
  readonly stopped: () => boolean;
}

/** Medians in milliseconds; what only one of the two can do has one. */
export interface Row {
  readonly step: string;
  readonly tslxc: number;
  readonly lxc?: number;
}

export interface Outcome {
  readonly title: string;
  readonly rows: readonly Row[];
  readonly marks: readonly Mark[];
}

export interface Mark {
  readonly mark: string;
  readonly reached: boolean;
}

export interface Bench {
  readonly summary: string;
  run(place: Place): Promise<Outcome>;
}

const WARM_UP = 2;

/** Each peer in turn, and each first every other time, after some rounds that do not count. Times by the peer's name. */
export async function inTurn(
  { peers, runs, stopped }: Place,
  once: (peer: Peer, times: Times, round: number) => Promise<void> | void,
  warmUp = WARM_UP,
): Promise<Readonly<Record<Peer['name'], Times>>> {
  const times = { tslxc: new Times(), LXC: new Times() };
  for (let round = -warmUp; round < runs && !stopped(); round++) {
    const wait = spinner(round < 0 ? 'warming up' : `run ${round + 1} of ${runs}`);
    for (const peer of round % 2 ? [...peers].reverse() : peers)
      await once(peer, round < 0 ? new Times() : times[peer.name], round + warmUp);
    wait.stop();
  }
  return times;
}

export function rowOf(step: string, times: Readonly<Record<Peer['name'], Times>>): Row {
  const lxc = times.LXC.median(step);
  return { step, tslxc: times.tslxc.median(step), ...(Number.isNaN(lxc) ? {} : { lxc }) };
}
