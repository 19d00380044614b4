/**
 * An attempt to start a container. `prepare` makes everything up to init's execve; `commit` lets
 * init's program run; disposing of an attempt that was not committed undoes all of it and runs the
 * hooks of an end, as LXC does.
 */

import { closeSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { applyDevices, type CgroupNote } from '../../cgroup/container-cgroup.ts';
import { together } from '../../errors/tslxc-error.ts';
import { nicFaultsOnHost } from '../../network/nic-checks.ts';
import { hasInterface, type NicPlan, type ResolvedNic } from '../../network/nic-plan.ts';
import type { NicClaim } from '../../network/nics/nic-driver.ts';
import { createNic, driverOf, resolveNic } from '../../network/nics/nics.ts';
import { withHostRoot } from '../../security/id-map.ts';
import type { StartDescriptors } from '../../stage/plan.ts';
import { needsOwnOverlay } from '../../stage/rootfs.ts';
import { canShareMemory } from '../../stage/start-by-vfork.ts';
import { childrenOf } from '../../util/child-processes.ts';
import { savePlan } from '../plan/saved-plan.ts';
import { openJoined } from '../plan/shared-namespace.ts';
import { containerRunDirectory } from '../state/paths.ts';
import { noteOnCgroup } from '../state/run-mark.ts';
import {
  identify,
  ourselves,
  type ProcessIdentity,
  parentOf,
  type RuntimeRecord,
  writeRecord,
} from '../state/runtime-record.ts';
import { handsOver, takeStdio } from './client-stdio.ts';
import { isLent, isOfNic, type JournalEntry } from './journal.ts';
import { makeUserNamespace } from './make-user-namespace.ts';
import { keepDrawn, recordOf } from './nic-record.ts';
import { writeProcFile } from './proc-files.ts';
import { publishPorts } from './published-ports.ts';
import { closeContainerDirectory } from './rootfs-checks.ts';
import { prepareVolume } from './rootfs-size.ts';
import { serveListener } from './seccomp-listener.ts';
import { makeSharedMount } from './shared-mount.ts';
import { expectFrom, expectProgram, failureOf, firstProcess } from './stage-messages.ts';
import {
  type ClaimedCgroups,
  claimCgroups,
  completeCgroups,
  entrance,
  makeHookCgroups,
} from './start-cgroups.ts';
import { checkAfterPreStart } from './start-checks.ts';
import type { StartContext, Started } from './start-context.ts';
import type { StageProcess } from './start-host.ts';
import { closeTerminals, keepTerminals, type TerminalDescriptors } from './start-terminals.ts';

export class StartAttempt implements AsyncDisposable {
  #context: StartContext;
  #stage: StageProcess | undefined;
  /** Descriptors of this process that the stage copies. */
  #fds: StartDescriptors = {};
  #cgroups: ClaimedCgroups | undefined;
  #notes: readonly CgroupNote[] = [];
  readonly #nics: ResolvedNic[] = [];
  /** The claims of each nic, by its index. */
  readonly #nicClaims: (readonly NicClaim[])[] = [];
  /** The stage knows the nics before init exists: nothing of them is made outside. */
  #nicsSent = false;
  #init: ProcessIdentity | undefined;
  #terminals: Promise<TerminalDescriptors> | undefined;
  #record: RuntimeRecord | undefined;
  #committed = false;

  constructor(context: StartContext) {
    this.#context = context;
  }

  /**
   * Everything but init's execve. Each thing is in the journal before it is made, and the record is
   * on disk at the end, so that a later manager finds the container.
   */
  async prepare(): Promise<void> {
    makeHookCgroups(this.#context);
    await this.#context.hooks.run('pre-start');
    if (this.#context.plan.awaited) this.#context = { ...this.#context, plan: this.#context.planAgain() };
    await checkAfterPreStart(this.#context.host, this.#context.plan);
    await this.#prepareRootfs();
    await this.#openDescriptors();
    this.#sendPlan();
    this.#completeCgroups();
    await this.#expectInit();
    await this.#attachNetwork();
    await this.#keepTerminals();
    await this.#expectReady();
    await this.#writeRecord();
  }

  /** Init's program runs from here on. */
  async commit(): Promise<Started> {
    const { plan } = this.#context;
    this.#stage!.send({ type: 'go' });
    await expectProgram(this.#stage!, (fd) => this.#serveListener(fd));
    if (plan.stage.init.supervised) shieldFromOomKiller(this.#init!.pid);
    const terminals = await this.#terminals!;
    this.#committed = true;
    return { plan, record: this.#record!, terminals, notes: this.#notes };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#context.hooks.aborter.stageIsOver();
    if (!this.#committed) this.#context.hooks.holdNamespaces(this.#context.host.kernel, false);
    this.#stage?.close();
    for (const fd of Object.values(this.#fds)) closeSync(fd);
    if (!this.#committed) await this.#undo();
  }

  async #undo(): Promise<void> {
    const { host, hooks, journal, log } = this.#context;
    const tell = (what: string, error: unknown) => log(`${what}: ${(error as Error).message}`);
    await this.#terminals?.then(closeTerminals, () => {});
    const release = async (which?: (entry: JournalEntry) => boolean) => {
      for (const failure of await journal.release(host.kernel, which)) tell('could not clean up', failure);
    };
    await hooks.startFailed({
      giveBack: () => release(isLent),
      releaseNics: () => release(isOfNic),
      onFailure: tell,
    });
    await release();
    await hooks.postStop().catch((error) => tell('post-stop hook', error));
  }

  async #prepareRootfs(): Promise<void> {
    const { host, plan, journal, log } = this.#context;
    if (closeContainerDirectory(host.kernel, plan))
      log('closed the directory of the container to other users: owners in it are mapped');
    if (plan.volume) await prepareVolume(plan.volume);
    const claim = (path: string) => journal.add({ kind: 'shared-mount', path });
    for (const shared of plan.sharedMounts) makeSharedMount(host.kernel, claim, shared);
    if (needsOwnOverlay(plan.stage))
      journal.add({ kind: 'rootfs-view', name: plan.name, lxcpath: plan.lxcpath });
  }

  async #openDescriptors(): Promise<void> {
    const { host, plan, stdio } = this.#context;
    this.#fds = openJoined(plan.stage.joined);
    const { idmap } = plan.stage;
    if (idmap.length > 0) this.#fds.user ??= await makeUserNamespace(this.#context, idmap);
    if (idmap.length > 0 && needsOwnOverlay(plan.stage))
      this.#fds.layers = await makeUserNamespace(this.#context, withHostRoot(idmap));
    if (handsOver(plan, stdio)) Object.assign(this.#fds, takeStdio(host.kernel, stdio));
  }

  /** From here on the stage prepares what it can, at the same time as this process. */
  #sendPlan(): void {
    const { host, plan, hooks, log } = this.#context;
    const stage = host.stage('start', this.#sharesMemory(), log);
    this.#stage = stage;
    // A spawner goes on to start other containers: only the child that becomes init is this one's.
    const ownStage = () => (stage.isSpawner ? undefined : stage.pid);
    hooks.aborter.watchStage(host.kernel, () => [ownStage(), this.#init?.pid]);
    this.#cgroups = claimCgroups(this.#context);
    const { initCgroup } = this.#cgroups;
    // The caller's environment goes no further than it has to: only where there are hooks in the
    // stage.
    const hookSurroundings =
      plan.stage.hooks.length > 0 ? { hookSurroundings: hooks.stageSurroundings() } : {};
    this.#stage.send({
      type: 'plan',
      order: {
        kind: 'start',
        plan: { ...plan.stage, ...hookSurroundings },
        fds: this.#fds,
        ...(initCgroup === undefined ? {} : { initCgroup }),
      },
    });
  }

  /**
   * Whether a spawner can start it. Not with /proc/PID/coredump_filter and its like, which belong
   * to the memory: the next container would have them too.
   */
  #sharesMemory(): boolean {
    const { plan, alone, stdio } = this.#context;
    return !alone && !handsOver(plan, stdio) && plan.procFiles.length === 0 && canShareMemory(plan.stage);
  }

  #completeCgroups(): void {
    const { plan, hooks } = this.#context;
    this.#notes = completeCgroups(this.#context, this.#cgroups!);
    this.#planNics();
    this.#stage!.send(
      entrance(this.#cgroups!),
      ...(this.#nicsSent ? [{ type: 'network', nics: this.#nics } as const] : []),
    );
    savePlan(plan, hooks.caller);
  }

  /**
   * A script of an earlier nic may make what a later one needs: nics behind it are resolved after
   * the script.
   */
  #planNics(): void {
    const { plan } = this.#context;
    const scripted = plan.nics.findIndex(({ scriptUp }) => scriptUp !== undefined);
    for (const nic of scripted < 0 ? plan.nics : plan.nics.slice(0, scripted + 1)) this.#resolveNic(nic);
    this.#nicsSent = plan.nics.every((nic) => !hasInterface(nic) && nic.scriptUp === undefined);
  }

  /** @throws TslxcError what the host lacks for the nic after the scripts of those before it */
  #resolveLate(nic: NicPlan): void {
    const fault = together(nicFaultsOnHost(this.#context.host.kernel, [nic]));
    if (fault) throw fault;
    this.#resolveNic(nic);
  }

  #resolveNic(plan: NicPlan): void {
    const { host, journal } = this.#context;
    const kept = keepDrawn(plan, this.#context.previousNics);
    const resolved = resolveNic(host.kernel, kept, containerRunDirectory(this.#context.plan));
    for (const claim of resolved.claims) journal.add({ kind: 'nic', claim });
    this.#nics.push(resolved.nic);
    this.#nicClaims.push(resolved.claims);
  }

  async #expectInit(): Promise<void> {
    const { journal, hooks } = this.#context;
    const pid = await firstProcess(this.#stage!);
    this.#init = identify(pid);
    if (!this.#init) throw await failureOf(this.#stage!, 'the first process of the container ended at once');
    journal.add({ kind: 'process', process: this.#init });
    hooks.initPid = pid;
  }

  async #attachNetwork(): Promise<void> {
    if (this.#nicsSent) return;
    const { host, plan, hooks, journal } = this.#context;
    for (const [i, planned] of plan.nics.entries()) {
      if (i >= this.#nics.length) this.#resolveLate(planned);
      const nic = this.#nics[i]!;
      createNic(host.kernel, nic, { pid: this.#init!.pid }, this.#nicClaims[i]!);
      const bridge = driverOf(nic).bridge(nic);
      if (bridge && hasInterface(nic) && nic.hwaddr)
        host.reserveName(plan.name, nic.hwaddr, nic.ipv4[0]?.address);
      await publishPorts(host, plan, nic, this.#init!.pid, (claim) => journal.add({ kind: 'nic', claim }));
      await hooks.networkScript({ nic, host: driverOf(nic).hostInterface(nic) }, 'up');
    }
    this.#stage!.send({ type: 'network', nics: this.#nics });
  }

  async #keepTerminals(): Promise<void> {
    const { host, plan } = this.#context;
    const ptys = await expectFrom(this.#stage!, 'ptys');
    this.#terminals = keepTerminals(host, plan, this.#init!.pid, ptys);
    await Promise.all([
      this.#terminals,
      // The nodes in /dev have been made: from here on the rules bind. While stage and keeper are
      // at work.
      Promise.resolve().then(() => applyDevices(host.kernel, this.#cgroups!.cgroup)),
    ]);
  }

  async #expectReady(): Promise<void> {
    const { host, plan, hooks } = this.#context;
    const { pid } = this.#init!;
    await expectFrom(this.#stage!, 'ready');
    hooks.aborter.stageIsOver();
    // A short program may have ended by the time that it is known to run.
    hooks.holdNamespaces(host.kernel);
    for (const file of plan.procFiles) writeProcFile(host.kernel, pid, file);
    // The parent sends the signal, and the keeper has to be the parent by then.
    if (plan.stage.init.parentDeath !== 0) while (parentOf(pid) === this.#stage!.pid) await delay(1);
  }

  async #writeRecord(): Promise<void> {
    const { plan, journal, hooks, overrides } = this.#context;
    const record: RuntimeRecord = {
      version: 1,
      name: plan.name,
      lxcpath: plan.lxcpath,
      state: 'RUNNING',
      manager: ourselves(),
      configFile: plan.configFile,
      overrides,
      init: this.#init!,
      startedAt: new Date().toISOString(),
      cgroup: this.#cgroups!.cgroup,
      nics: this.#nics.map((nic, i) => recordOf(nic, plan.nics[i]!)),
      ...(hooks.cgroups.length > 0 ? { hookCgroups: hooks.cgroups } : {}),
      ttys: plan.stage.ttys,
      unprivileged: plan.stage.idmap.length > 0,
    };
    await hooks.run('start-host');
    // The cgroup keeps all that a later manager needs, even when the run directory is lost.
    noteOnCgroup(this.#cgroups!.cgroup, 'plan', { ...plan, caller: hooks.caller });
    noteOnCgroup(this.#cgroups!.cgroup, 'journal', journal.entries());
    writeRecord(record);
    this.#record = record;
  }

  async #serveListener(fd: number): Promise<void> {
    const { host, plan, log } = this.#context;
    const proxy = plan.seccomp?.proxy;
    if (!proxy) return;
    const init = this.#init!.pid;
    // The filter is on init, or on the one program below our own init.
    const holder = plan.stage.init.supervised ? childrenOf(init)[0]! : init;
    await serveListener(host, holder, fd, { ...proxy, init, mustAnswer: true }, log);
  }
}

/**
 * Keeps the OOM killer away from our own init: most of its RSS is shared with the fork server, but
 * the kernel charges it in full. Best effort: needs CAP_SYS_RESOURCE.
 */
function shieldFromOomKiller(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, '-999');
  } catch {}
}
