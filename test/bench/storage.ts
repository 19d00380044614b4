/** What copies cost: snapshots and clones of a plain directory, a small one and a large one. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Bench, inTurn, type Place, type Row, rowOf } from './bench.ts';
import type { Peer } from './peers.ts';
import type { Times } from './times.ts';

/** Of root filesystems, in MB and files of equal size. */
const SIZES = {
  small: { name: '20 MB', megabytes: 20, files: 200 },
  large: { name: '2 GB', megabytes: 2000, files: 2000 },
};
type Size = (typeof SIZES)[keyof typeof SIZES];

function makeContainer(peer: Peer, { config }: Place, size: Size): void {
  const name = `origin${size.megabytes}`;
  peer.run('create', ['-n', name, '-t', 'busybox', '-f', config]);
  const data = join(peer.lxcpath, name, 'rootfs/data');
  mkdirSync(data);
  const each = Math.round((size.megabytes * 1e6) / size.files);
  const script =
    'head -c "$2" /dev/urandom >"$1/0"; i=1; while [ $i -lt "$3" ]; do cp "$1/0" "$1/$i"; i=$((i+1)); done';
  const { status, stderr } = spawnSync('sh', ['-euc', script, 'sh', data, String(each), String(size.files)], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`the files of ${name} cannot be made: ${stderr}`);
}

function copyOnce(peer: Peer, times: Times, size: Size): void {
  const name = `origin${size.megabytes}`;
  const timed = (what: string, command: string, args: readonly string[]) =>
    times.time(`${what}, ${size.name}`, () => peer.run(command, ['-n', name, ...args]));
  timed('snapshot', 'snapshot', []);
  timed('restore as another', 'snapshot', ['-r', 'snap0', '-N', 'back']);
  peer.run('destroy', ['-n', 'back']);
  timed('clone -s', 'copy', ['-N', 'clone', '-s']);
  peer.run('destroy', ['-n', 'clone']);
  peer.run('snapshot', ['-n', name, '-d', 'snap0']);
}

const STEPS = ['snapshot', 'restore as another', 'clone -s'];
const EXPENSIVE_RUNS = 3;

export default {
  summary: 'snapshots and clones of a plain directory of 20 MB and 2 GB',
  async run(place) {
    const rows: Row[] = [];
    for (const size of Object.values(SIZES)) {
      for (const peer of place.peers) makeContainer(peer, place, size);
      const runs = size.megabytes > 100 ? Math.min(EXPENSIVE_RUNS, place.runs) : place.runs;
      const times = await inTurn({ ...place, runs }, (peer, mine) => copyOnce(peer, mine, size), 1);
      rows.push(...STEPS.map((step) => rowOf(`${step}, ${size.name}`, times)));
      for (const peer of place.peers) peer.run('destroy', ['-n', `origin${size.megabytes}`, '-s']);
    }
    const row = (step: string, size: Size) => rows.find((one) => one.step === `${step}, ${size.name}`)!;
    const { small, large } = SIZES;
    const snapshotOfLxc = row('snapshot', large).lxc!;
    return {
      title: `copies of a plain directory (${filesystemOf(place.folder)})`,
      rows,
      marks: ['snapshot', 'clone -s'].flatMap((step) => [
        {
          mark: `${step} of ${large.name} below 0.2 of lxc-snapshot`,
          reached: row(step, large).tslxc < 0.2 * snapshotOfLxc,
        },
        {
          mark: `${step} of ${large.name} at most twice that of ${small.name}`,
          reached: row(step, large).tslxc <= 2 * row(step, small).tslxc,
        },
      ]),
    };
  },
} satisfies Bench;

function filesystemOf(folder: string): string {
  return (
    spawnSync('stat', ['-f', '-c', '%T', folder], { encoding: 'utf8' }).stdout.trim() ||
    `device ${statSync(folder).dev}`
  );
}
