/** The act of a start: the plan carried out step by step, undone as a whole when a step fails. */

import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { applyDevices, type CgroupNote, type CgroupPlan } from '../../cgroup/container-cgroup.ts';
import { TslxcError, toTslxcError } from '../../errors/tslxc-error.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { createHostSide, resolveNic } from '../../network/host-side.ts';
import type { ResolvedNic } from '../../network/nic-plan.ts';
import { mapText } from '../../security/id-map.ts';
import type { StartDescriptors, StartStagePlan } from '../../stage/plan.ts';
import { canShareMemory } from '../../stage/start-by-vfork.ts';
import { savePlan } from '../plan/saved-plan.ts';
import { openJoined } from '../plan/shared-namespace.ts';
import type { StartPlan } from '../plan/start-plan.ts';
import {
  identify,
  ourselves,
  type ProcessIdentity,
  parentOf,
  type RuntimeRecord,
  writeRecord,
} from '../state/runtime-record.ts';
import { writeProcFile } from './proc-files.ts';
import { prepareVolume } from './rootfs-size.ts';
import { serveListener } from './seccomp-listener.ts';
import { makeSharedMount } from './shared-mount.ts';
import { expectFrom, expectProgram, failureOf, firstProcess } from './stage-messages.ts';
import { claimCgroups, completeCgroups, entrance, makeHookCgroups } from './start-cgroups.ts';
import type { ClientStdio, StartContext } from './start-context.ts';
import type { StageProcess } from './start-host.ts';
import { closeTerminals, keepTerminals, type TerminalDescriptors } from './start-terminals.ts';

/** What a successful start leaves in the manager's hands. */
export interface Started {
  readonly record: RuntimeRecord;
  /** Descriptors of this process. */
  readonly terminals: TerminalDescriptors;
  /** Cgroup values that the kernel rounded. */
  readonly notes: readonly CgroupNote[];
}

/**
 * Starts a container. Every thing that is made is in the journal before; the caller releases the journal when this
 * throws. Init is executed last, after the record that lets a successor adopt it is on disk.
 */
export async function startContainer(context: StartContext): Promise<Started> {
  const { host, plan, journal, hooks } = context;
  makeHookCgroups(context);
  await hooks.run('pre-start');
  if (plan.volume) await prepareVolume(plan.volume);
  const claim = (path: string) => journal.add({ kind: 'shared-mount', path });
  for (const shared of plan.sharedMounts) makeSharedMount(host.kernel, claim, shared);
  let stage: StageProcess | undefined;
  let fds: StartDescriptors = {};
  let terminals: Promise<TerminalDescriptors> | undefined;
  try {
    fds = openJoined(plan.stage.joined);
    const mapped = plan.stage.idmap.length > 0;
    if (mapped) fds.user ??= await makeUserNamespace(context);
    if (handsOver(context) && context.stdio) Object.assign(fds, takeStdio(host.kernel, context.stdio));
    const stagePlan: StartStagePlan = { ...plan.stage, hookEnv: hooks.environmentList() };
    // From here on it prepares what it can while we do.
    stage = host.stage('start', shares(context), context.log);
    const cgroups = claimCgroups(context);
    const { cgroup, initCgroup } = cgroups;
    stage.send({ type: 'plan', plan: stagePlan, fds, ...(initCgroup === undefined ? {} : { initCgroup }) });
    const notes = completeCgroups(context, cgroups);
    const nics = plan.nics.map((nic) => resolveNic(host.kernel, nic));
    for (const { pair, link, proxied } of nics) {
      if (pair) journal.add({ kind: 'veth', host: pair });
      if (link && proxied?.length) journal.add({ kind: 'proxies', link, proxied });
    }
    const inside = { type: 'network', nics } as const;
    const nicsSent = nics.every(hasNoHostSide);
    stage.send(entrance(cgroups), ...(nicsSent ? [inside] : []));
    // While the stage is at work.
    savePlan(plan, hooks.caller);
    const pid = await firstProcess(stage);
    const init = identify(pid);
    if (!init) throw await failureOf(stage, 'the first process of the container ended at once');
    journal.add({ kind: 'process', process: init });
    const keep = (ptys: TerminalDescriptors) => (terminals = keepTerminals(host, plan, init.pid, ptys));
    const record = await prepareInit(context, stage, init, nics, cgroup, nicsSent, keep);
    stage.send({ type: 'go' });
    const proxy = plan.seccomp?.proxy;
    await expectProgram(stage, async (fd) => {
      if (proxy)
        await serveListener(
          host,
          holderOf(plan, init.pid),
          fd,
          { ...proxy, init: init.pid, mustAnswer: true },
          context.log,
        );
    });
    if (plan.stage.init.supervised) shieldFromOomKiller(pid);
    return { record, terminals: await terminals!, notes };
  } catch (error) {
    await terminals?.then(closeTerminals, () => {});
    throw error;
  } finally {
    stage?.close();
    for (const fd of Object.values(fds)) closeSync(fd);
  }
}

/** Whether init has streams of the client's. */
function handsOver({ plan, stdio }: StartContext): boolean {
  return stdio !== undefined && (plan.stage.init.supervised !== undefined || plan.console.none === true);
}

function takeStdio(kernel: Kernel, { pid, fds }: ClientStdio): StartDescriptors {
  const client = kernel.pidfdOpen(pid);
  const taken = (['stdin', 'stdout', 'stderr'] as const).flatMap((name, i) => {
    const fd = fds[i];
    return fd === null || fd === undefined ? [] : [[name, kernel.pidfdGetfd(client, fd)]];
  });
  kernel.close(client);
  return Object.fromEntries(taken);
}

/** The process that a filter is put on: init, or the one program below an init of ours. */
function holderOf({ stage }: StartPlan, init: number): number {
  if (!stage.init.supervised) return init;
  return Number(readFileSync(`/proc/${init}/task/${init}/children`, 'utf8').trim().split(' ')[0]);
}

/**
 * Keeps the OOM killer away from our own init: most of its RSS is shared with the fork server, but the kernel charges it
 * in full. Best effort: needs CAP_SYS_RESOURCE.
 */
function shieldFromOomKiller(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, '-999');
  } catch {}
}

/** Not with /proc/PID/coredump_filter and its like, which belong to the memory: the next container would have them too. */
function shares(context: StartContext): boolean {
  const { plan, alone } = context;
  return !alone && !handsOver(context) && plan.procFiles.length === 0 && canShareMemory(plan.stage);
}

/** Nothing of it is made outside. */
const hasNoHostSide = ({ type, scriptUp }: ResolvedNic) => type !== 'veth' && scriptUp === undefined;

async function prepareInit(
  { host, plan, hooks, overrides }: StartContext,
  stage: StageProcess,
  init: ProcessIdentity,
  nics: readonly ResolvedNic[],
  cgroup: CgroupPlan,
  /** The stage knows the nics already. */
  nicsSent: boolean,
  keep: (ptys: TerminalDescriptors) => Promise<TerminalDescriptors>,
): Promise<RuntimeRecord> {
  for (const nic of nicsSent ? [] : nics) {
    createHostSide(host.kernel, nic, { pid: init.pid });
    if (nic.link && nic.hwaddr) host.reserveName(plan.name, nic.hwaddr, nic.ipv4[0]?.address);
    await hooks.networkScript(nic, 'up');
  }
  if (!nicsSent) stage.send({ type: 'network', nics });
  const ptys = await expectFrom(stage, 'ptys');
  await Promise.all([
    keep(ptys),
    // The nodes in /dev have been made: from here on the rules bind. While stage and keeper are at work.
    Promise.resolve().then(() => applyDevices(host.kernel, cgroup)),
  ]);
  await expectFrom(stage, 'ready');
  for (const file of plan.procFiles) writeProcFile(host.kernel, init.pid, file);
  // It is sent by whoever is the parent now, which is to be the keeper.
  if (plan.stage.init.parentDeath !== 0) while (parentOf(init.pid) === stage.pid) await delay(1);
  const record: RuntimeRecord = {
    version: 1,
    name: plan.name,
    lxcpath: plan.lxcpath,
    state: 'RUNNING',
    manager: ourselves(),
    configFile: plan.configFile,
    overrides,
    init,
    startedAt: new Date().toISOString(),
    cgroup,
    nics: nics.map(({ index, type, link, pair, name }) => ({
      index,
      type,
      name,
      ...(link ? { link } : {}),
      ...(pair ? { host: pair } : {}),
    })),
    ...(hooks.cgroups.length > 0 ? { hookCgroups: hooks.cgroups } : {}),
    ttys: plan.stage.ttys,
    unprivileged: plan.stage.idmap.length > 0,
  };
  hooks.initPid = init.pid;
  await hooks.run('start-host');
  writeRecord(record);
  return record;
}

/** A user namespace with the container's maps, as a descriptor of this process. */
async function makeUserNamespace({ host, plan, log }: StartContext): Promise<number> {
  const holder = host.stage('userns', false, log);
  try {
    await holder.begun;
    await expectFrom(holder, 'userns');
    for (const [file, type] of [
      ['uid_map', 'u'],
      ['gid_map', 'g'],
    ] as const)
      try {
        writeFileSync(`/proc/${holder.pid}/${file}`, mapText(plan.stage.idmap, type));
      } catch (error) {
        throw new TslxcError({
          ...toTslxcError(error, 'IDMAP_UNAVAILABLE').toJSON(),
          message: `the kernel refused the id map: ${(error as NodeJS.ErrnoException).code}`,
          file: plan.configFile,
          step: `write ${file}`,
        });
      }
    return openSync(`/proc/${holder.pid}/ns/user`, 'r');
  } finally {
    holder.send({ type: 'taken' });
    holder.close();
  }
}
