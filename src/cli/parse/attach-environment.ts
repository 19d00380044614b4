/** The environment of an attached program, by LXC's rules, up to what its config and -v add. */
import { completePath } from '../../util/search-path.ts';

export interface EnvironmentChoice {
  /** Start from nothing instead of the caller's. */
  readonly clear: boolean;
  /** Names to keep all the same. */
  readonly keep: readonly string[];
}

export function attachEnvironment(caller: Readonly<NodeJS.ProcessEnv>, choice: EnvironmentChoice): string[] {
  const variables = new Map<string, string>();
  for (const [name, value] of Object.entries(caller))
    if (value !== undefined && (!choice.clear || choice.keep.includes(name))) variables.set(name, value);
  variables.set(
    'PATH',
    choice.clear && variables.has('PATH') ? variables.get('PATH')! : completePath(variables.get('PATH')),
  );
  variables.set('container', 'lxc');
  return [...variables].map(([name, value]) => `${name}=${value}`);
}
