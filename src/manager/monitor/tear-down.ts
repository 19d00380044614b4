/** The end of a run: its reason, and the release of its resources. */
import { killedByOom, oomKills, oomKillsLogged } from '../../cgroup/container-cgroup.ts';
import { destroyContainer } from '../../container/lifecycle/destroy.ts';
import { oomLine } from '../../container/observe/oom-line.ts';
import { keptPrefix, type StartHost } from '../../container/start/start-host.ts';
import type { ContainerLog } from '../../container/state/container-log.ts';
import { type EndReason, endReason } from '../../container/state/end-reason.ts';
import type { History } from '../../container/state/history.ts';
import { bootId, noteRun } from '../../container/state/last-run.ts';
import { type RuntimeRecord, sinceBoot } from '../../container/state/runtime-record.ts';
import { toTslxcError } from '../../errors/tslxc-error.ts';
import type { ExitStatus } from '../../kernel/kernel.ts';
import type { NicPlan } from '../../network/nic-plan.ts';
import type { StartRequest } from '../wire/protocol.ts';
import type { ContainerTerminals } from './container-terminals.ts';
import type { Run } from './run.ts';
import type { RunResources } from './run-resources.ts';
import { hookSurroundings } from './start-run.ts';

export interface TearDown {
  readonly host: Pick<StartHost, 'releaseName'> & {
    drop(prefix: string): Promise<void>;
    forget(pid: number): Promise<void>;
  };
  readonly terminals: ContainerTerminals;
  readonly history: History;
  readonly log: ContainerLog | undefined;
  readonly resources: RunResources;
}

/**
 * Asked before the cgroups go: the cgroups and the kernel's log know which processes ran out of
 * memory.
 */
export function reasonOfEnd({ record, plan }: Run, status: ExitStatus | null, history: History): EndReason {
  const { init, cgroup, asked, startedAt } = record;
  const since = sinceBoot(init);
  const reason = endReason({
    status,
    operator: asked,
    oomKilled: () => cgroup !== undefined && killedByOom(cgroup, init!.pid, since),
  });
  if (cgroup) for (const kill of oomKillsLogged(cgroup, since)) history.add('kernel', ...oomLine(kill));
  // An orderly stop is no lack of memory, even if a process inside was killed for one before.
  const kills = cgroup && reason.kind !== 'operator' ? Number(oomKills(cgroup, since) ?? 0) : 0;
  noteRun(plan, {
    started: { at: startedAt, bootId: bootId() },
    ended: { at: new Date().toISOString(), startedAt, reason, ...(kills > 0 ? { oomKills: kills } : {}) },
    failed: undefined,
  });
  return reason;
}

/** @returns whether the post-stop hooks succeeded; every other failure is only logged */
export async function tearDown(
  run: Run,
  target: 'stop' | 'reboot',
  { host, terminals, history, log, resources }: TearDown,
): Promise<boolean> {
  const { record, plan, hooks } = run;
  const attempt = async (what: string, work: () => Promise<void> | void): Promise<boolean> => {
    try {
      await work();
      return true;
    } catch (error) {
      log?.error('ERROR', toTslxcError(error, 'INTERNAL', { step: what }));
      return false;
    }
  };
  const nics = plan.nics.map((nic) => ({ nic, host: hostInterface(nic, record) }));
  await hooks.runEnded(target, nics, {
    giveBack: () => resources.giveBack(),
    releaseNics: () => resources.releaseNics(),
    onFailure: (step, error) => log?.error('ERROR', toTslxcError(error, 'INTERNAL', { step })),
  });
  await attempt('terminals', () => {
    run.close();
    terminals.close();
    history.endConsole();
  });
  if (record.nics.some(({ link }) => link)) await attempt('name', () => host.releaseName(record.name));
  await attempt('keeper', async () => {
    await host.drop(keptPrefix(record));
    await host.forget(record.init!.pid);
  });
  await attempt('release', () => resources.releaseAll());
  return await attempt('post-stop hook', () => hooks.postStop());
}

/** As it was drawn at the start. */
function hostInterface({ index }: NicPlan, { nics }: RuntimeRecord): string | undefined {
  return nics.find((nic) => nic.index === index)?.host;
}

/** The end of a container that lasts for one run (`lxc.ephemeral`). */
export async function destroyEphemeral(request: StartRequest, log: ContainerLog | undefined): Promise<void> {
  const { name, lxcpath } = request;
  try {
    const caller = hookSurroundings(request);
    await destroyContainer({ name, lxcpath }, { force: false, snapshots: false, caller });
  } catch (error) {
    log?.write('ERROR', `the ephemeral container could not be destroyed: ${(error as Error).message}`);
  }
}
