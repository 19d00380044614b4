/**
 * Hooks of a container that run on the host, and the scripts of its nics: arguments, variables and
 * order, as LXC's.
 */
import { type HookCgroup, hookFiles } from '../../cgroup/container-cgroup.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import type { NicPlan } from '../../network/nic-plan.ts';
import { driverOf } from '../../network/nics/nics.ts';
import type { HookSurroundings } from '../../stage/plan.ts';
import type { CallerSurroundings } from '../../util/request-context.ts';
import { completePath } from '../../util/search-path.ts';
import type { StartPlan } from '../plan/start-plan.ts';
import { type HeldNamespaces, holdNamespaces } from './held-namespaces.ts';
import { HookAborter } from './hook-aborter.ts';

/** A nic whose scripts run. */
export interface ScriptedNic {
  readonly nic: NicPlan;
  /** Its interface on the host, where it has one. */
  readonly host: string | undefined;
}

/** What the first part of an end needs of its container. */
export interface EndOfHooks {
  /** Gives interfaces of the host back that the container had, before the down scripts. */
  giveBack(): Promise<void>;
  /** Removes the nics, after their scripts and before the stop hooks. */
  releaseNics(): Promise<void>;
  /** A hook or script fails; the rest goes on. */
  onFailure(what: string, error: unknown): void;
}

export class HostHooks {
  readonly #plan: StartPlan;
  /** The surroundings of the request that started the run: hooks and scripts run in them. */
  readonly caller: CallerSurroundings;
  readonly #log: (text: string) => void;
  /** Ends a hook that hangs. */
  readonly aborter = new HookAborter();
  /** Known once init exists: LXC_PID. */
  initPid: number | undefined;
  #target: 'stop' | 'reboot' | undefined;
  #namespaces: HeldNamespaces | undefined;
  /** Version 1: LXC leaves those of the last network script to all later hooks. */
  #network: Readonly<Record<string, string>> = {};
  /** Cgroups in which they run, where the container has such; else they run in the manager's. */
  cgroups: readonly HookCgroup[] = [];

  /** @param reboots the run follows a reboot: LXC_TARGET says so until its end */
  constructor(plan: StartPlan, caller: CallerSurroundings, log: (text: string) => void, reboots = false) {
    this.#plan = plan;
    this.caller = caller;
    if (reboots) this.#target = 'reboot';
    this.#log = log;
  }

  /**
   * Keeps init's namespaces for the hooks and scripts of its end. @param complete false: init has
   * not made all of them
   */
  holdNamespaces(kernel: Kernel, complete = true): void {
    if (this.initPid === undefined || this.#namespaces) return;
    this.#namespaces = holdNamespaces(kernel, this.#plan, { pid: this.initPid, complete });
  }

  #variables(): Record<string, string> {
    return {
      ...this.#plan.hookVariables,
      ...this.#network,
      ...(this.initPid ? { LXC_PID: String(this.initPid) } : {}),
      ...(this.#target ? { LXC_TARGET: this.#target } : {}),
    };
  }

  /**
   * How hooks run in the stage. `start` hooks are programs of the guest: nothing of the caller's
   * environment is theirs.
   */
  stageSurroundings(): HookSurroundings {
    const { env, cwd, umask } = this.caller;
    const own = [...this.#plan.stage.hookEnv, ...assignments(this.#variables())];
    return {
      env: [...assignments({ ...env, PATH: completePath(env.PATH) }), ...own],
      guestEnv: [`PATH=${completePath(undefined)}`, ...own],
      cwd,
      umask,
    };
  }

  /** Runs the hooks of one type in the order of the config. @throws TslxcError HOOK_FAILED */
  async run(
    type: string,
    args: readonly string[] = [],
    env: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    for (const hook of this.#plan.hostHooks)
      if (hook.type === type)
        await this.aborter.run({
          ref: this.#plan,
          caller: this.caller,
          type,
          command: hook.command,
          env: { ...this.#variables(), ...env },
          version: this.#plan.stage.hookVersion,
          args,
          cgroupFiles: hookFiles(this.cgroups),
          origin: hook.origin,
          onLine: (text) => this.#log(`hook ${type}: ${text}`),
        });
  }

  /**
   * `lxc.net.N.script.up` and `.down`: `NAME net up TYPE [LINK] [HOSTVETH]`. @throws TslxcError
   * HOOK_FAILED
   */
  async networkScript({ nic, host }: ScriptedNic, way: 'up' | 'down'): Promise<void> {
    const command = way === 'up' ? nic.scriptUp : nic.scriptDown;
    if (command === undefined || !driverOf(nic).scripts[way]) return;
    const { stage } = this.#plan;
    if (stage.hookVersion === 1)
      this.#network = {
        LXC_NET_TYPE: nic.type,
        ...(nic.type === 'empty' ? {} : { LXC_NET_PARENT: nic.link ?? '' }),
        ...(host === undefined ? {} : { LXC_NET_PEER: host }),
      };
    await this.aborter.run({
      ref: this.#plan,
      caller: this.caller,
      type: way,
      section: 'net',
      command,
      version: stage.hookVersion,
      args: [nic.type, nic.link, host].filter((word) => word !== undefined),
      cgroupFiles: hookFiles(this.cgroups),
      env: { ...this.#variables(), ...(way === 'down' ? this.#namespaces?.variables() : {}) },
      origin: nic.origins?.[way === 'up' ? 'script.up' : 'script.down'],
      onLine: (text) => this.#log(`network script ${way}: ${text}`),
    });
  }

  /**
   * The first part of a run's end: the nics' down scripts, the nics themselves, then stop hooks.
   */
  async runEnded(target: 'stop' | 'reboot', nics: readonly ScriptedNic[], end: EndOfHooks): Promise<void> {
    await end.giveBack();
    for (const nic of nics)
      await this.networkScript(nic, 'down').catch((error) => end.onFailure('network script', error));
    await end.releaseNics();
    await this.#stop(target, end);
  }

  /**
   * The first part of a failed start's end: no down scripts, and no cgroup namespace, as with LXC.
   */
  async startFailed(end: EndOfHooks): Promise<void> {
    this.#namespaces?.drop('cgroup');
    await end.releaseNics();
    await this.#stop('stop', end);
  }

  async #stop(target: 'stop' | 'reboot', { onFailure }: EndOfHooks): Promise<void> {
    this.#target = target;
    const namespaces = this.#namespaces;
    const args = this.#plan.stage.hookVersion === 0 ? namespaces?.arguments() : [];
    await this.run('stop', args, namespaces?.variables()).catch((error) => onFailure('stop hook', error));
    namespaces?.release();
  }

  /**
   * The last part of an end, after the container's resources are released. @throws TslxcError
   * HOOK_FAILED
   */
  async postStop(): Promise<void> {
    try {
      await this.run('post-stop', [], this.#namespaces?.variables());
    } finally {
      this.close();
    }
  }

  /** Gives up the namespaces. */
  close(): void {
    this.#namespaces?.close();
    this.#namespaces = undefined;
  }
}

const assignments = (variables: Readonly<Record<string, string>>) =>
  Object.entries(variables).map(([name, value]) => `${name}=${value}`);
