import type { PeerCase } from './peer-case.ts';
import type { Outcome, PeerWorld } from './world.ts';

/** Where LXC and tslxc say different things in a case; undefined where they agree. */
export async function difference(world: PeerWorld, one: PeerCase): Promise<string | undefined> {
  const peer = await world.outcome('lxc', one);
  const ours = await world.outcome('tslxc', one);
  for (const [i, line] of [...one.lines, ...(one.beside ? [one.beside] : [])].entries()) {
    const [theirs, own] = [peer[i]!, ours[i]!];
    const told = `${line.join(' ')}\n    lxc   ${shown(theirs)}\n    tslxc ${shown(own)}`;
    if (theirs.code !== own.code) return told;
    if (one.compare !== 'code' && theirs.stdout !== own.stdout) return told;
  }
  return undefined;
}

const shown = ({ code, stdout, stderr }: Outcome) =>
  `${code} ${JSON.stringify(stdout)} ${JSON.stringify(stderr.split('\n')[0])}`;
