import { resolve } from 'node:path';
import type { StartOptions, StorageFault } from '../../api/options.ts';
import { loadSystemConfig } from '../../config/system-config.ts';
import { SYSTEM_KEYS, type SystemKey } from '../../config/system-keys.ts';
import { TslxcError } from '../../errors/tslxc-error.ts';
import { usage } from '../parse/getopt.ts';
import { usageText } from '../render/help.ts';
import { type Call, command } from '../run/command.ts';
import { spec } from './config.options.ts';

type ConfigCall = Call<typeof spec.options>;

/** The words that make it another work than showing a key; no key begins like them. */
const CHECK = 'check';
const SET = 'set';

export default command(
  spec,
  async (call) => {
    const { values, operands, io, json } = call;
    const [word, ...more] = operands;
    if (word === CHECK) return values.storage ? await checkStorage(call) : await check(call);
    if (values.storage) throw usage(`'--storage' is for '${CHECK}'`);
    if (word === SET) {
      refuseOptions(values, ['rcfile', 'define'], CHECK);
      if (values.list) throw usage(`'-l' can't be used with '${SET}'`);
      return await (await import('./config-set.ts')).set(call);
    }
    refuseCheckOptions(call, more);
    const keys = Object.keys(SYSTEM_KEYS) as SystemKey[];
    const listed = keys.filter((key) => SYSTEM_KEYS[key].listed);
    if (values.list) {
      io.print(json ? `${JSON.stringify(listed)}\n` : listed.map((key) => `${key}\n`).join(''));
      return 0;
    }
    if (word === undefined) {
      io.print(usageText(spec));
      return 0;
    }
    const key = keys.find((known) => known === word) ?? listed.find((known) => known.startsWith(word));
    if (!key)
      throw new TslxcError({
        code: 'CONFIG_UNKNOWN_KEY',
        message: `the system file has no key '${word}'`,
        hint: "'tslxc-config -l' lists the keys",
      });
    const value = loadSystemConfig().get(key);
    if (json) io.print(`${JSON.stringify({ key, value: value ?? null })}\n`);
    else io.print(value === undefined ? `${key} is not set.\n` : `${value}\n`);
    return 0;
  },
  { anyUser: true },
);

function refuseCheckOptions({ values }: ConfigCall, operands: readonly string[]): void {
  if (operands[0] !== undefined) throw usage(`unexpected argument '${operands[0]}'`);
  refuseOptions(values, ['name', 'lxcpath', 'rcfile', 'define'], CHECK);
}

/** @param work what they are for */
function refuseOptions(
  values: ConfigCall['values'],
  options: readonly ('name' | 'lxcpath' | 'rcfile' | 'define')[],
  work: string,
): void {
  const given = options.find((option) =>
    option === 'define' ? values.define.length > 0 : values[option] !== undefined,
  );
  if (given) throw usage(`'--${given}' is for '${work}'`);
}

/** Prints all that is wrong with the config of a container. */
async function check({ values, operands, io, json, library, ...call }: ConfigCall): Promise<number> {
  const [, operand, ...more] = operands;
  const name = values.name ?? operand;
  const stray = values.name === undefined ? more[0] : operand;
  if (stray !== undefined) throw usage(`unexpected argument '${stray}'`);
  if (values.list) throw usage(`'-l' can't be used with '${CHECK}'`);
  if (name === undefined) throw usage('the name of the container to check is missing');
  const container = await library.container(name, await call.lxcpath());
  const options: StartOptions = {
    ...(values.rcfile === undefined ? {} : { rcfile: resolve(io.cwd, values.rcfile) }),
    ...(values.define.length > 0 ? { defines: values.define } : {}),
  };
  const { errors, warnings } = await container.check(options);
  if (json) {
    const report = { name, ok: errors.length === 0, errors, warnings };
    io.print(`${JSON.stringify(report, null, 2)}\n`);
  } else {
    for (const error of errors) await call.complain(error);
    for (const warning of warnings) await call.complain(warning, 'warning');
    if (errors.length === 0) io.print(`${name}: ${summary(warnings.length)}\n`);
  }
  return errors.length === 0 ? 0 : 1;
}

/** Prints faults in the storage of a container directory: tslxc's fsck. */
async function checkStorage({ values, operands, io, json, library, ...call }: ConfigCall): Promise<number> {
  if (operands[1] !== undefined) throw usage(`unexpected argument '${operands[1]}'`);
  const lxcpath = await call.lxcpath();
  const storage = await library.storage();
  const faults = values.repair ? await storage.repairStorage(lxcpath) : storage.checkStorage(lxcpath);
  if (json) io.print(`${JSON.stringify({ lxcpath, ok: faults.length === 0, faults }, null, 2)}\n`);
  else if (faults.length === 0) io.print(`${lxcpath}: nothing is wrong with its storage\n`);
  else for (const fault of faults) await call.complain(faultError(fault));
  return faults.length === 0 ? 0 : 1;
}

function faultError({ message, path, repairable }: StorageFault): TslxcError {
  return new TslxcError({
    code: 'STORAGE',
    message,
    file: path,
    hint: repairable ? "'tslxc-config check --storage --repair' puts it right" : undefined,
  });
}

function summary(warnings: number): string {
  if (warnings === 0) return 'nothing is wrong with its config';
  return `nothing keeps it from starting; ${warnings} warning${warnings === 1 ? '' : 's'}`;
}
