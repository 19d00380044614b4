import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ContainerShape } from '../../api/container.ts';
import type { CopyPlan } from '../../api/options.ts';
import { usage } from '../parse/getopt.ts';
import { sizeOf } from '../parse/volume-options.ts';
import { copying } from '../render/copy-progress.ts';
import { inForeground } from '../run/caller-streams.ts';
import { type Call, command } from '../run/command.ts';
import { exitCodeOf } from '../run/exit-status.ts';
import { missing } from '../run/refusals.ts';
import { spec } from './copy.options.ts';

/** How long a removal may be waited for. */
const REMOVAL_MS = 10_000;

type CopyCall = Call<typeof spec.options>;

export default command(spec, async (call) => {
  const { values } = call;
  const container = await call.container();
  if (!container.defined()) throw missing(container);
  if (values.flatten) return await flatten(call, container);
  if (values['dry-run']) return await dryRun(call, container);
  if (values.ephemeral) return await runEphemeral(call, container);
  // LXC passes all words to the clone hooks; a name is missing then, so `tslxc-copy A B` can only
  // mean one thing.
  const [word] = call.operands;
  const asWord = values.newname === undefined && call.as === 'tslxc' && call.operands.length === 1;
  const newName = asWord ? word : values.newname;
  if (newName === undefined)
    throw usage('no name for the copy given', `tslxc-copy ${container.name} -N NEWNAME`);
  if (values.rename) return await rename(call, container, newName);
  const to = await call.library.container(newName, newPath(call, container));
  const options = { ...cloneOptions(call), ...(asWord ? { hookArgs: [] } : {}) };
  await copying(call, (telling) => container.copy(to, { ...options, ...telling }));
  tell(call, container, to);
  return 0;
});

/** How the files of the original are used. */
const WORDS: { readonly [K in CopyPlan['kind']]: string } = {
  seal: 'its files become a read-only layer, which both share',
  stand: 'the copy writes above its files, which stay where they are',
  'copy-upper': 'its lower layers are shared, and what was written above them is copied',
  clone: 'the backing store makes a clone',
  copy: 'all files are copied',
};

async function dryRun(call: CopyCall, container: ContainerShape): Promise<number> {
  const { ephemeral, newname } = call.values;
  if (newname === undefined && !ephemeral)
    throw usage('no name for the copy given: name one with -N NEWNAME');
  const to = await call.library.container(newname ?? `${container.name}_copy`, newPath(call, container));
  const sharing = ephemeral ? { snapshot: true, inPlace: true } : {};
  const plan = await container.planCopy(to, { ...cloneOptions(call), ...sharing });
  const why = plan?.kind === 'copy' && plan.why !== undefined ? `: ${plan.why}` : '';
  call.io.print(`${container.name}: ${plan ? WORDS[plan.kind] + why : 'there is no root filesystem'}\n`);
  return 0;
}

async function flatten(call: CopyCall, container: ContainerShape): Promise<number> {
  const done = await copying(call, (telling) => container.flatten(telling));
  if (call.json) call.io.print(`${JSON.stringify({ name: container.name, flattened: done })}\n`);
  return 0;
}

async function rename(call: CopyCall, container: ContainerShape, name: string): Promise<number> {
  await container.rename(name, { keepName: call.values.keepname });
  if (call.json) call.io.print(`${JSON.stringify({ name, lxcpath: container.lxcpath })}\n`);
  return 0;
}

async function runEphemeral(call: CopyCall, container: ContainerShape): Promise<number> {
  const { values, operands, io } = call;
  const { ephemeralName, ephemeralSettings, prepareMounts } = await import('../../api/ephemeral.ts');
  const name = values.newname ?? ephemeralName(container.name);
  const to = await call.library.container(name, newPath(call, container));
  const options = {
    keepData: values.keepdata,
    memory: values.tmpfs,
    mounts: values.mount,
    cwd: io.cwd,
  };
  await copying(call, (telling) =>
    container.copy(to, {
      ...cloneOptions(call),
      hookArgs: [],
      snapshot: true,
      inPlace: true,
      settings: ephemeralSettings(to, options),
      ...telling,
    }),
  );
  tell(call, container, to, 'Created %s as clone of %s\n');
  try {
    prepareMounts(to, options);
    if (values.foreground && operands.length === 0)
      return exitCodeOf(await to.startForeground(inForeground(io, {})));
    for (const warning of (await to.start()).warnings) await call.complain(warning, 'warning');
  } catch (error) {
    // The removal at its stop never comes: the container has not started.
    if (!values.keepdata) await to.destroy({ force: true }).catch(() => {});
    throw error;
  }
  if (operands.length === 0) return 0;
  const { stdin, stdout, stderr } = io;
  try {
    return exitCodeOf(
      await to.attach({ command: operands, env: environment(io.env), stdin, stdout, stderr }),
    );
  } finally {
    await to.stop({ timeout: 30 });
    if (!values.keepdata) await gone(to);
  }
}

/** The manager removes it, soon after it has stopped. */
async function gone(container: ContainerShape): Promise<void> {
  for (const end = Date.now() + REMOVAL_MS; container.defined() && Date.now() < end; ) await delay(10);
}

function environment(env: Readonly<NodeJS.ProcessEnv>): string[] {
  const { TERM } = env;
  return TERM === undefined ? [] : [`TERM=${TERM}`];
}

function newPath({ values, io }: CopyCall, container: ContainerShape): string {
  return values.newpath === undefined ? container.lxcpath : resolve(io.cwd, values.newpath);
}

function cloneOptions({ values, operands }: CopyCall) {
  return {
    snapshot: values.snapshot,
    allowRunning: values.allowrunning,
    keepName: values.keepname,
    keepMac: values.keepmac,
    hookArgs: operands,
    ...(values.backingstorage === undefined ? {} : { backingStore: values.backingstorage }),
    ...(values.fssize === undefined ? {} : { size: sizeOf(values.fssize) }),
  };
}

/** LXC says it of ephemeral copies only. */
function tell(call: CopyCall, from: ContainerShape, to: ContainerShape, sentence?: string): void {
  if (call.json)
    call.io.print(`${JSON.stringify({ name: to.name, lxcpath: to.lxcpath, origin: from.name })}\n`);
  else if (sentence && !call.quiet) call.io.print(sentence.replace('%s', to.name).replace('%s', from.name));
}
