/** One container's life, each step of it timed. */
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { pinnedNode } from '../setup/prepare.mjs';
import { type Bench, inTurn, type Place, type Row, rowOf } from './bench.ts';
import type { Peer } from './peers.ts';
import type { Times } from './times.ts';

/** What the manager says of a start: from its receipt until init's execve. */
const INSIDE = 'receipt to execve';
const BARE_NODE = 'node -e 0';
/** LXC looks once, and again a second later if that was too early: how often it is shows in the mean alone. */
const BUSY = 'freeze, unfreeze, busy';
const BUSY_MEAN = `${BUSY}, mean` as const;
/** In each round, since what is looked for does not happen every time. */
const BUSY_TIMES = 4;
const STEPS = [
  'create -t busybox',
  'start -d',
  INSIDE,
  'attach -- true',
  'info',
  'info -s',
  BARE_NODE,
  'ls -f',
  'freeze, unfreeze, idle',
  BUSY,
  BUSY_MEAN,
  'stop -k',
  'start -d, veth',
  'start -d, no manager',
  'snapshot',
  'destroy -s',
] as const;
type Step = (typeof STEPS)[number];

const FLAG = '/tmp/bench-work';
/** Twice as many as processors, as `make` is often told. */
const LOOPS = 2 * availableParallelism();
/** What is frozen is at work: processes that fork and execute without a pause while the flag is there. */
const WORK = `>${FLAG}; i=0; while [ $((i += 1)) -le ${LOOPS} ]; do sh -c 'while [ -e ${FLAG} ]; do /bin/true; done' </dev/null >/dev/null 2>&1 & done`;

function liveOnce(peer: Peer, times: Times, place: Place, round: number): void {
  const name = `b${round}`;
  const run = (command: string, args: readonly string[] = [], environment?: NodeJS.ProcessEnv) =>
    peer.run(command, ['-n', name, ...args], environment);
  const timed = (step: Step, ...call: Parameters<typeof run>) => times.time(step, () => run(...call));
  const ours = peer.name === 'tslxc';

  timed('create -t busybox', 'create', ['-t', 'busybox', '-f', place.config]);
  // LXC has no --json; it costs tslxc a little and is left on its side of the scales.
  const started = timed('start -d', 'start', ['-d', ...(ours ? ['--json'] : [])]);
  if (ours) {
    times.add(INSIDE, JSON.parse(started).milliseconds ?? Number.NaN);
    times.time(BARE_NODE, () => spawnSync(pinnedNode(), ['-e', '0'], { env: { PATH: process.env.PATH } }));
  }
  timed('attach -- true', 'attach', ['--', 'true']);
  timed('info', 'info');
  timed('info -s', 'info', ['-s']);
  times.time('ls -f', () => peer.run('ls', ['-f']));
  const frozen = (step: Step) =>
    times.time(step, () => {
      run('freeze');
      run('unfreeze');
    });
  frozen('freeze, unfreeze, idle');
  run('attach', ['--', 'sh', '-c', WORK]);
  for (let time = 0; time < BUSY_TIMES; time++) frozen(BUSY);
  run('attach', ['--', 'rm', FLAG]);
  timed('stop -k', 'stop', ['-k']);

  const veth = { type: 'veth', link: place.bridge, flags: 'up' };
  const nic = Object.entries(veth).flatMap(([key, value]) => ['-s', `lxc.net.0.${key}=${value}`]);
  timed('start -d, veth', 'start', ['-d', ...nic]);
  run('stop', ['-k']);

  // A run directory that is new: no manager has been there.
  const fresh = { TSLXC_RUNDIR: `/run/tslxc-${round}`, TSLXC_IDLE_SECONDS: '1' };
  timed('start -d, no manager', 'start', ['-d'], fresh);
  run('stop', ['-k'], fresh);

  timed('snapshot', 'snapshot');
  timed('destroy -s', 'destroy', ['-s']);
}

function marksOf(rows: readonly Row[]) {
  const row = (step: Step) => rows.find((one) => one.step === step)!;
  const start = row('start -d');
  const freeze = row(BUSY_MEAN);
  return [
    {
      mark: 'from receipt to execve at most what lxc-start -d takes',
      reached: row(INSIDE).tslxc <= start.lxc!,
    },
    { mark: 'start -d at most 3 times lxc-start -d', reached: start.tslxc <= 3 * start.lxc! },
    {
      mark: 'info -s at most 1.5 times a bare node -e 0',
      reached: row('info -s').tslxc <= 1.5 * row(BARE_NODE).tslxc,
    },
    {
      mark: "freeze and unfreeze of a container at work (not of an idle one) below a tenth of LXC's in the mean (hybrid cgroups)",
      reached: freeze.tslxc < freeze.lxc! / 10,
    },
  ];
}

export default {
  summary: "one container's life, step by step",
  async run(place) {
    const times = await inTurn(place, (peer, mine, round) => liveOnce(peer, mine, place, round));
    const mean = { step: BUSY_MEAN, tslxc: times.tslxc.mean(BUSY), lxc: times.LXC.mean(BUSY) };
    const rows = STEPS.map((step) => (step === BUSY_MEAN ? mean : rowOf(step, times)));
    return { title: "one container's life", rows, marks: marksOf(rows) };
  },
} satisfies Bench;
