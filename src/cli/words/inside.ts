/** What `exec` and `shell` have in common: options, and a clean environment. */
import type { AttachOptions } from '../../api/options.ts';
import type { OptionTable } from '../parse/command-options.ts';
import { CONTAINER_OPTIONS, OPTIONS_BUT_RCFILE } from '../parse/common-options.ts';
import { usage } from '../parse/getopt.ts';
import { callerStreams } from '../run/caller-streams.ts';
import type { Io } from '../run/io.ts';

export const INSIDE_OPTIONS = {
  user: {
    short: 'u',
    kind: 'required',
    argument: 'UID[:GID]',
    summary: 'ids inside; the group is that of the same number unless given',
    default: '0:0',
  },
  env: {
    short: 'e',
    kind: 'required',
    argument: 'NAME=VALUE',
    repeatable: true,
    summary: 'set a variable',
  },
  ...OPTIONS_BUT_RCFILE,
  name: CONTAINER_OPTIONS.name,
} as const satisfies OptionTable;

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

interface Asked {
  readonly user: string | undefined;
  readonly env: readonly string[];
}

/**
 * Attach options without a variable of the caller's but for the terminal's kind and the language of
 * its characters.
 * @throws TslxcError USAGE
 */
export function cleanAttach(io: Io, { user, env }: Asked): AttachOptions {
  for (const setting of env) if (!/^[^=]+=/.test(setting)) throw usage(`'${setting}' is not NAME=VALUE`);
  const [uid, gid] = idsOf(user);
  const terminal = ['TERM', 'COLORTERM'].flatMap((name) => {
    const value = io.env[name];
    return value === undefined ? [] : [`${name}=${value}`];
  });
  return {
    env: [`PATH=${PATH}`, 'container=lxc', ...(uid === 0 ? ['HOME=/root'] : []), ...terminal],
    setEnv: env,
    cwd: '/',
    uid,
    gid,
    ...callerStreams(io),
  };
}

function idsOf(user: string | undefined): [uid: number, gid: number] {
  if (user === undefined) return [0, 0];
  const [, uid, gid] = /^(\d+)(?::(\d+))?$/.exec(user) ?? [];
  if (uid === undefined || Number(uid) >= 0xffffffff || Number(gid ?? 0) >= 0xffffffff)
    throw usage(
      `'${user}' is not UID or UID:GID`,
      'names of users are known inside only: tslxc exec NAME -- id USER',
    );
  return [Number(uid), Number(gid ?? uid)];
}
