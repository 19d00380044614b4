/**
 * Words of `tslxc` alone, as users of other tools type them. They have no `tslxc-WORD`: those names
 * are LXC's. An alias is a command with options in front.
 */

import type { Command } from '../run/command.ts';
import type { CommandName } from '../run/command-table.ts';

type Word =
  | { readonly summary: string; readonly load: () => Promise<{ readonly default: Command }> }
  | { readonly summary: string; readonly alias: readonly [command: CommandName, ...options: string[]] };

export const WORDS = {
  launch: {
    summary: 'create, start and wait for a container of a distribution, in one go',
    load: () => import('./launch.ts'),
  },
  exec: { summary: 'run a program inside, in a clean environment', load: () => import('./exec.ts') },
  shell: { summary: 'a login shell inside, in a clean environment', load: () => import('./shell.ts') },
  list: { summary: 'the containers with state and addresses: ls -f', alias: ['ls', '-f'] },
  completion: {
    summary: 'print the completions for bash, fish or zsh',
    load: () => import('./completion.ts'),
  },
  rm: { summary: 'remove a container: destroy', alias: ['destroy'] },
} as const satisfies Record<string, Word>;

export function wordOf(name: string): Word | undefined {
  return Object.hasOwn(WORDS, name) ? WORDS[name as keyof typeof WORDS] : undefined;
}
