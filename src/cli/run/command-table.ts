/** All commands. Each is loaded only when it is called: start-up time is a feature. */
import type { Command } from './command.ts';

type Loader = () => Promise<{ readonly default: Command }>;

export const COMMANDS = {
  attach: () => import('../commands/attach.ts'),
  autostart: () => import('../commands/autostart.ts'),
  cgroup: () => import('../commands/cgroup.ts'),
  checkconfig: () => import('../commands/checkconfig.ts'),
  config: () => import('../commands/config.ts'),
  console: () => import('../commands/console.ts'),
  copy: () => import('../commands/copy.ts'),
  create: () => import('../commands/create.ts'),
  destroy: () => import('../commands/destroy.ts'),
  device: () => import('../commands/device.ts'),
  execute: () => import('../commands/execute.ts'),
  export: () => import('../commands/export.ts'),
  freeze: () => import('../commands/freeze.ts'),
  import: () => import('../commands/import.ts'),
  info: () => import('../commands/info.ts'),
  logs: () => import('../commands/logs.ts'),
  ls: () => import('../commands/ls.ts'),
  monitor: () => import('../commands/monitor.ts'),
  net: () => import('../commands/net.ts'),
  network: () => import('../commands/network.ts'),
  snapshot: () => import('../commands/snapshot.ts'),
  start: () => import('../commands/start.ts'),
  stop: () => import('../commands/stop.ts'),
  top: () => import('../commands/top.ts'),
  unfreeze: () => import('../commands/unfreeze.ts'),
  unshare: () => import('../commands/unshare.ts'),
  'update-config': () => import('../commands/update-config.ts'),
  usernsexec: () => import('../commands/usernsexec.ts'),
  wait: () => import('../commands/wait.ts'),
} as const satisfies Record<string, Loader>;

export type CommandName = keyof typeof COMMANDS;

export function isCommandName(word: string): word is CommandName {
  return Object.hasOwn(COMMANDS, word);
}

export async function loadCommand(name: CommandName): Promise<Command> {
  return (await COMMANDS[name]()).default;
}
