import { resolve } from 'node:path';
import type { AttachOptions } from '../../api/options.ts';
import { arch } from '../../config/values/arch.ts';
import { attachEnvironment } from '../parse/attach-environment.ts';
import { flagList } from '../parse/flag-list.ts';
import { usage } from '../parse/getopt.ts';
import { namespaceBits } from '../parse/namespace-names.ts';
import { callerStreams } from '../run/caller-streams.ts';
import { type Call, command } from '../run/command.ts';
import { execFailure } from '../run/exec-failure.ts';
import { exitCodeOf } from '../run/exit-status.ts';
import { spec } from './attach.options.ts';

type AttachCall = Call<typeof spec.options>;

const PRIVILEGES = { CAP: 'keepCapabilities', CGROUP: 'keepCgroup', LSM: 'keepLsm' } as const;

export default command(
  spec,
  async (call) => {
    const options = attachOptions(call);
    return exitCodeOf(await (await call.container()).attach(options));
  },
  { exitCode: execFailure },
);

export function attachOptions({ values, operands, io }: AttachCall): AttachOptions {
  const { uid, gid } = values;
  for (const setting of values['set-var'])
    if (!/^[^=]+=/.test(setting)) throw usage(`'${setting}' is not NAME=VALUE`);
  // To the kernel the largest number means "leave it as it is", which would be root.
  for (const id of [uid, gid])
    if (id !== undefined && (id < 0 || id >= 0xffffffff)) throw usage(`${id} is not an id`);
  const kept = privileges(values['elevated-privileges'], values.namespaces !== undefined);
  if (kept.keepLsm && values.context !== undefined && values['elevated-privileges'] !== undefined)
    throw usage("'-e LSM' can't be used with '-c'", '-c sets the label that -e LSM would keep');
  return {
    command: operands,
    env: attachEnvironment(io.env, {
      clear: values['clear-env'],
      keep: values['keep-var'],
    }),
    setEnv: values['set-var'],
    cwd: io.cwd,
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
    ...kept,
    ...(values.namespaces === undefined ? {} : { namespaces: namespaceBits(values.namespaces) }),
    ...(values['remount-sys-proc'] ? { remountProcSys: true } : {}),
    ...(values.rcfile === undefined ? {} : { rcfile: resolve(io.cwd, values.rcfile) }),
    ...(values.arch === undefined ? {} : { bits: bitsOf(values.arch) }),
    ...(values.context === undefined ? {} : { context: values.context }),
    ...(values['pty-log'] === undefined ? {} : { ptyLog: resolve(io.cwd, values['pty-log']) }),
    ...callerStreams(io),
  };
}

function bitsOf(name: string): 32 | 64 {
  try {
    return arch.parse(name, { env: undefined }).bits;
  } catch {
    throw usage(`'${name}' is not an architecture`, `valid is ${arch.valid}`);
  }
}

/** A bare -e, and -s without a list of its own, keep all. */
function privileges(list: string | undefined, partial: boolean): Partial<AttachOptions> {
  if (list === undefined && !partial) return {};
  const kept = list ? flagList(list, PRIVILEGES, 'privilege') : Object.values(PRIVILEGES);
  return Object.fromEntries(kept.map((option) => [option, true]));
}
