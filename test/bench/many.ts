/** Many containers of a group, started, listed and ended by one command each. */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { spinner } from '../setup/progress.mjs';
import { type Bench, inTurn, type Place, rowOf } from './bench.ts';
import { has } from './peers.ts';

const STEPS = ['autostart', 'ls -f', 'autostart -k'] as const;

/** Empty containers that share a root filesystem: only the commands under test are to take time. */
function makeContainers({ peers, many, config }: Place): void {
  for (const peer of peers) {
    const wait = spinner(`${many} containers for ${peer.name}`);
    for (let i = 0; i < many; i++) {
      const name = `m${i}`;
      peer.run('create', ['-n', name, '-t', i === 0 ? 'busybox' : 'none', '-f', config]);
      if (i > 0)
        appendFileSync(
          join(peer.lxcpath, name, 'config'),
          `lxc.rootfs.path = dir:${join(peer.lxcpath, 'm0/rootfs')}\nlxc.init.cmd = /sbin/init\n`,
        );
      appendFileSync(join(peer.lxcpath, name, 'config'), 'lxc.start.auto = 1\n');
    }
    wait.stop();
  }
}

export default {
  summary: 'many containers: autostart, ls -f, autostart -k (--many N)',
  async run(place) {
    if (!has('autostart')) throw new Error('there is no tslxc-autostart yet');
    makeContainers(place);
    const times = await inTurn(
      place,
      (peer, mine) => {
        mine.time('autostart', () => peer.run('autostart', []));
        mine.time('ls -f', () => peer.run('ls', ['-f']));
        mine.time('autostart -k', () => peer.run('autostart', ['-k']));
      },
      1,
    );
    const rows = STEPS.map((step) => rowOf(step, times));
    return {
      title: `${place.many} containers`,
      rows,
      marks: rows.map(({ step, tslxc, lxc }) => ({
        mark: `${step} faster than LXC's`,
        reached: tslxc < lxc!,
      })),
    };
  },
} satisfies Bench;
