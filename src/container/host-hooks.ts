/** Hooks of a container that run on the host, and the scripts of its nics: one place knows their environment. */
import type { ContainerConfig } from '../config/container-config.ts';
import type { ResolvedNic } from '../network/host-side.ts';
import type { HookCommand } from '../stage/plan.ts';
import { hookEnvironment } from './environment.ts';
import { hookEnvironment as hookVariables } from './hook-environment.ts';
import type { ContainerRef } from './paths.ts';
import { runHook } from './run-hook.ts';

export class HostHooks {
  readonly #ref: ContainerRef;
  readonly #config: ContainerConfig;
  readonly #hooks: readonly HookCommand[];
  readonly #version: 0 | 1;
  readonly #log: (text: string) => void;
  readonly #rootfsMount: string;
  /** Known once init exists: LXC_PID. */
  initPid: number | undefined;
  /** `stop` or `reboot`, once it ends: LXC_TARGET. */
  target: 'stop' | 'reboot' | undefined;

  constructor(options: {
    ref: ContainerRef;
    config: ContainerConfig;
    hooks: readonly HookCommand[];
    version: 0 | 1;
    rootfsMount: string;
    log: (text: string) => void;
  }) {
    this.#ref = options.ref;
    this.#config = options.config;
    this.#hooks = options.hooks;
    this.#version = options.version;
    this.#log = options.log;
    this.#rootfsMount = options.rootfsMount;
  }

  #variables(): Record<string, string> {
    return {
      LXC_ROOTFS_MOUNT: this.#rootfsMount,
      ...hookVariables(this.#ref, this.#config),
      LXC_HOOK_VERSION: String(this.#version),
      LXC_LOG_LEVEL: this.#config.get('lxc.log.level') || 'ERROR',
      ...(this.initPid ? { LXC_PID: String(this.initPid) } : {}),
      ...(this.target ? { LXC_TARGET: this.target } : {}),
    };
  }

  /** For the hooks that run in the stage. */
  environmentList(): string[] {
    return [
      ...hookEnvironment(this.#config),
      ...Object.entries(this.#variables()).map(([name, value]) => `${name}=${value}`),
    ];
  }

  /** Runs the hooks of one type in the order of the config. @throws TslxcError HOOK_FAILED */
  async run(
    type: string,
    args: readonly string[] = [],
    env: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    for (const hook of this.#hooks)
      if (hook.type === type)
        await runHook({
          ref: this.#ref,
          type,
          command: hook.command,
          env: { ...this.#variables(), ...env },
          version: this.#version,
          args,
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
      ref: this.#ref,
      type: way,
      section: 'net',
      command,
      version: this.#version,
      args: [nic.type, ...link],
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
