import { TslxcError } from '../../errors/tslxc-error.ts';
import { CLONE } from '../../kernel/constants.ts';
import { hostIdOf, type IdMapEntry } from '../../security/id-map.ts';
import { environmentList } from '../parse/environment-list.ts';
import { usage } from '../parse/getopt.ts';
import { command } from '../run/command.ts';
import { execFailure } from '../run/exec-failure.ts';
import { exitCodeOf } from '../run/exit-status.ts';
import { spec } from './usernsexec.options.ts';

const NO_CHANGE = 0xffffffff;

export default command(
  spec,
  async ({ values, operands, io }) => {
    const { uid = 0, gid = 0 } = values;
    const map = values.map.length > 0 ? values.map.flatMap(parseMap) : await defaultMap(io.uid);
    const whole = values.self ? [...map, ...selfEntries(map)] : map;
    mustBeMapped(whole, 'u', uid);
    mustBeMapped(whole, 'g', gid);
    const { unshare } = await import('../../api/unshare.ts');
    const status = await unshare({
      namespaces: CLONE.NEWUSER | CLONE.NEWNS,
      command: operands.length > 0 ? operands : ['/bin/sh'],
      env: environmentList(io.env),
      inherited: io.context.inherited,
      idmap: whole,
      ids: { uid, gid },
    });
    return exitCodeOf(status!);
  },
  { anyUser: true, exitCode: execFailure },
);

/** `b:0:100000:65536`; LXC's order of the numbers is that of lxc.idmap. */
export function parseMap(text: string): IdMapEntry[] {
  const match = /^([ugb]):(\d{1,10}):(\d{1,10}):(\d{1,10})$/.exec(text);
  if (!match)
    throw usage(
      `'${text}' is not a map`,
      'as in b:0:100000:65536, with u, g or b, then inside, outside, range',
    );
  const [nsId, hostId, range] = match.slice(2).map(Number) as [number, number, number];
  const types = match[1] === 'b' ? (['u', 'g'] as const) : ([match[1] as 'u' | 'g'] as const);
  return types.map((type) => ({ type, nsId, hostId, range }));
}

async function defaultMap(uid: number): Promise<IdMapEntry[]> {
  const { defaultIdMap } = await import('../../security/subordinate-ids.ts');
  const map = defaultIdMap(uid);
  if (map) return map;
  throw new TslxcError({
    code: 'IDMAP_UNAVAILABLE',
    message: `/etc/subuid or /etc/subgid gives no ids to this user (${uid})`,
    hint: 'name a map with -m, or give the user a range: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 USER',
  });
}

/** The caller's own ids, after the last ones of the map. */
function selfEntries(map: readonly IdMapEntry[]): IdMapEntry[] {
  const next = (type: 'u' | 'g') =>
    Math.max(0, ...map.filter((entry) => entry.type === type).map(({ nsId, range }) => nsId + range));
  return [
    { type: 'u', nsId: next('u'), hostId: process.geteuid!(), range: 1 },
    { type: 'g', nsId: next('g'), hostId: process.getegid!(), range: 1 },
  ];
}

function mustBeMapped(map: readonly IdMapEntry[], type: 'u' | 'g', id: number): void {
  if (id >= 0 && id < NO_CHANGE && hostIdOf(map, type, id) !== undefined) return;
  const [kind, option] = type === 'u' ? ['user', '-u'] : ['group', '-g'];
  throw new TslxcError({
    code: 'IDMAP_UNAVAILABLE',
    message: `the map has no ${kind} ${id}, which the program would run as`,
    hint: `map it, or name another with ${option}`,
  });
}
