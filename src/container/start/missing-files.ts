/**
 * Files of the host that a config names and that are not there: a start would find out half-way.
 */
import { existsSync } from 'node:fs';
import { type ErrorDetails, TslxcError } from '../../errors/tslxc-error.ts';
import type { NicPlan } from '../../network/nic-plan.ts';
import type { StartPlan } from '../plan/start-plan.ts';
import { type Finding, finding } from './finding.ts';

type Place = Pick<ErrorDetails, 'file' | 'line' | 'column'> | undefined;

/** `start` hooks are files of the container's, and the last two run when it has been up. */
const NO_MATTER = new Set(['start', 'stop', 'post-stop']);
/** Hooks that run before mounts are made. */
const MAKERS = new Set(['pre-start', 'pre-mount']);

/**
 * Programs of hooks and network scripts, and sources of bind mounts. A hook may make what a later
 * step needs: each finding names the first one that may.
 */
export function missingFiles({ stage, hostHooks, nics }: StartPlan): Finding[] {
  const hooks = [...hostHooks, ...stage.hooks].filter(({ type }) => !NO_MATTER.has(type));
  const [first] = hooks;
  const maker = hooks.find(({ type }) => MAKERS.has(type));
  const sources = stage.mounts
    .filter(({ kind, optional, source }) => kind === 'bind' && !optional && source.startsWith('/'))
    .map(({ what, source, origin }) => missing(source, what, origin));
  return [
    ...hooks.flatMap((hook) =>
      found(
        program(`hook ${hook.type}`, hook.command, hook.origin),
        hook === first || !MAKERS.has(first!.type) ? undefined : first,
      ),
    ),
    ...nics.flatMap((nic) => scripts(nic).flatMap((error) => found(error, maker))),
    ...sources.flatMap((error) => found(error, maker)),
  ];
}

const found = (error: TslxcError | undefined, maker: Finding['maker']) =>
  error ? [finding(error, maker)] : [];

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
