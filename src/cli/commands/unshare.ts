import { execFileSync } from 'node:child_process';
import { TslxcError } from '../../errors/tslxc-error.ts';
import { CLONE } from '../../kernel/constants.ts';
import { environmentList } from '../parse/environment-list.ts';
import { usage } from '../parse/getopt.ts';
import { namespaceBits } from '../parse/namespace-names.ts';
import { command } from '../run/command.ts';
import { exitCodeOf } from '../run/exit-status.ts';
import { spec } from './unshare.options.ts';

export default command(
  spec,
  async ({ values, operands, io }) => {
    if (values.namespaces === undefined) throw usage('no namespace is named', 'name one or more with -s');
    const namespaces = namespaceBits(values.namespaces);
    needs(values.hostname !== undefined, '-H', namespaces, CLONE.NEWUTS, 'UTSNAME');
    needs(values.ifname.length > 0, '-i', namespaces, CLONE.NEWNET, 'NETWORK');
    needs(values.remount, '-M', namespaces, CLONE.NEWNS, 'MOUNT');
    const { unshare } = await import('../../api/unshare.ts');
    const own = { uid: process.geteuid!(), gid: process.getegid!() };
    const user = values.user === undefined ? undefined : identity(values.user);
    const mapped = (namespaces & CLONE.NEWUSER) !== 0;
    const inside = mapped ? { uid: user?.uid ?? 0, gid: user?.gid ?? 0 } : user;
    const status = await unshare({
      namespaces,
      command: operands,
      env: environmentList(io.env),
      inherited: io.context.inherited,
      ...(inside ? { ids: inside } : {}),
      ...(mapped
        ? {
            idmap: [
              { type: 'u', nsId: inside!.uid, hostId: own.uid, range: 1 },
              { type: 'g', nsId: inside!.gid, hostId: own.gid, range: 1 },
            ],
          }
        : {}),
      ...(values.hostname === undefined ? {} : { hostname: values.hostname }),
      interfaces: values.ifname,
      remount: values.remount,
      detached: values.daemon,
    });
    return status === undefined || exitCodeOf(status) === 0 ? 0 : 1;
  },
  { anyUser: true },
);

function needs(given: boolean, option: string, bits: number, bit: number, word: string): void {
  if (given && !(bits & bit)) throw usage(`${option} needs a new namespace: -s ${word}`);
}

/** A number, or what the host's user database says of a name. */
function identity(user: string): { uid: number; gid: number } {
  const look = (flag: string) =>
    Number(execFileSync('id', [flag, '--', user], { stdio: ['ignore', 'pipe', 'ignore'] }));
  try {
    return { uid: look('-u'), gid: look('-g') };
  } catch {
    if (/^\d{1,9}$/.test(user)) return { uid: Number(user), gid: Number(user) };
    throw new TslxcError({ code: 'USAGE', message: `there is no user '${user}'` });
  }
}
