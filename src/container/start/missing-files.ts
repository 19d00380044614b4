/** Files of the host that a config names and that are not there: a start would find out half-way. */
import { existsSync } from 'node:fs';
import { type ErrorDetails, TslxcError } from '../../errors/tslxc-error.ts';
import type { NicPlan } from '../../network/nic-plan.ts';
import type { StartPlan } from '../plan/start-plan.ts';

type Place = Pick<ErrorDetails, 'file' | 'line' | 'column'> | undefined;

/** `start` is a file of the container's, and the last two run when it has been up. */
const NO_MATTER = new Set(['start', 'stop', 'post-stop']);
/** Hooks that may make what is missing before it is needed. */
const MAKERS = new Set(['pre-start', 'pre-mount', 'mount']);

/**
 * Programs of hooks and network scripts, and what mounts bind, as far as that can be told: hooks are shell commands, and
 * an earlier one may make the file.
 */
export function missingFiles({ stage, hostHooks, nics }: StartPlan): TslxcError[] {
  const hooks = [...hostHooks, ...stage.hooks].filter(({ type }) => !NO_MATTER.has(type));
  const first = hooks.find(({ type }) => MAKERS.has(type));
  const programs = [
    ...(first ? [first] : hooks).map(({ type, command, origin }) => program(`hook ${type}`, command, origin)),
    ...nics.flatMap((nic) => (first ? [] : scripts(nic))),
  ];
  const sources = first
    ? []
    : stage.mounts
        .filter(({ kind, optional, source }) => kind === 'bind' && !optional && source.startsWith('/'))
        .map(({ what, source, origin }) => missing(source, what, origin));
  return [...programs, ...sources].filter((error) => error !== undefined);
}

function scripts(nic: NicPlan): (TslxcError | undefined)[] {
  return (['up', 'down'] as const).map((when) => {
    const command = when === 'up' ? nic.scriptUp : nic.scriptDown;
    return command === undefined
      ? undefined
      : program(`network script ${when}`, command, nic.origins?.[`script.${when}`]);
  });
}

/** Only a plain absolute path is sure to be a file that is run. */
function program(what: string, command: string, place: Place): TslxcError | undefined {
  const [word = ''] = command.trim().split(/\s/, 1);
  return /^\/[\w./+-]+$/.test(word) ? missing(word, what, place) : undefined;
}

function missing(path: string, what: string, place: Place): TslxcError | undefined {
  if (existsSync(path)) return undefined;
  const message = `${what}: ${path} does not exist`;
  return new TslxcError({
    code: 'CONFIG_VALUE',
    message,
    ...place,
    hint: 'correct the path, or make the file',
  });
}
