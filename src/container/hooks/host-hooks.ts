/** Hooks of a container that run on the host, and the scripts of its nics: one place knows their environment. */

import { type HookCgroup, hookFiles } from '../../cgroup/container-cgroup.ts';
import type { ResolvedNic } from '../../network/nic-plan.ts';
import type { CallerSurroundings } from '../../util/request-context.ts';
import type { StartPlan } from '../plan/start-plan.ts';
import { runHook } from './run-hook.ts';

export class HostHooks {
  readonly #plan: StartPlan;
  /** In which they run: those of the request that the run was started by. */
  readonly caller: CallerSurroundings;
  readonly #log: (text: string) => void;
  /** Known once init exists: LXC_PID. */
  initPid: number | undefined;
  /** `stop` or `reboot`, once it ends: LXC_TARGET. */
  target: 'stop' | 'reboot' | undefined;
  /** Where they run, once it is made; else where this process is. */
  cgroups: readonly HookCgroup[] = [];

  constructor(plan: StartPlan, caller: CallerSurroundings, log: (text: string) => void) {
    this.#plan = plan;
    this.caller = caller;
    this.#log = log;
  }

  #variables(): Record<string, string> {
    return {
      ...this.#plan.hookVariables,
      ...(this.initPid ? { LXC_PID: String(this.initPid) } : {}),
      ...(this.target ? { LXC_TARGET: this.target } : {}),
    };
  }

  /** For the hooks that run in the stage. */
  environmentList(): string[] {
    return [
      ...this.#plan.stage.hookEnv,
      ...Object.entries(this.#variables()).map(([name, value]) => `${name}=${value}`),
    ];
  }

  /** Runs the hooks of one type in the order of the config. @throws TslxcError HOOK_FAILED */
  async run(
    type: string,
    args: readonly string[] = [],
    env: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    for (const hook of this.#plan.hostHooks)
      if (hook.type === type)
        await runHook({
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

  /** `lxc.net.N.script.up` and `.down`: `NAME net up TYPE [LINK [HOSTVETH]]` (lxc.md 5.2). */
  async networkScript(
    nic: Pick<ResolvedNic, 'type' | 'link' | 'pair' | 'scriptUp' | 'scriptDown' | 'origins'>,
    way: 'up' | 'down',
  ): Promise<void> {
    const command = way === 'up' ? nic.scriptUp : nic.scriptDown;
    if (command === undefined) return;
    const link = nic.link ? [nic.link, ...(nic.pair ? [nic.pair] : [])] : [];
    await runHook({
      ref: this.#plan,
      caller: this.caller,
      type: way,
      section: 'net',
      command,
      version: this.#plan.stage.hookVersion,
      args: [nic.type, ...link],
      cgroupFiles: hookFiles(this.cgroups),
      env: {
        ...this.#variables(),
        LXC_NET_TYPE: nic.type,
        ...(nic.link ? { LXC_NET_PARENT: nic.link } : {}),
        ...(nic.pair ? { LXC_NET_PEER: nic.pair } : {}),
      },
      origin: nic.origins?.[way === 'up' ? 'script.up' : 'script.down'],
      onLine: (text) => this.#log(`network script ${way}: ${text}`),
    });
  }
}
